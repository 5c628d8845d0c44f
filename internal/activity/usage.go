package activity

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/zone"
	"portico/ent/db"
	"portico/ent/db/apptransfer"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/usage"
	"portico/internal/viewer"
)

// maxUsageIDs is the maximum number of ids of a kind in a UsageFilter.
const maxUsageIDs = 100

// UsageFilter says which calls to count. A nil list does not narrow it.
type UsageFilter struct {
	AppIDs, ProductIDs, CredentialIDs []string
	// From and To bound the time, To not included.
	From, To time.Time
	// TimeZone is the IANA name of the points' time zone.
	TimeZone string
}

// UsageQuery returns the query for a filter, restricted to what the viewer may
// see: administrators see the organization, developers their account. All
// queries of counts pass through it. It returns fault.NotFound for an id that
// the viewer cannot see, unless it is that of an app which its account had before;
// fault.CodeBadUserInput for an unknown time zone, and fault.CodeUnauthenticated or
// fault.CodeForbidden for a viewer that may not see counts.
func (svc *Service) UsageQuery(ctx context.Context, f UsageFilter, by usage.Interval) (q usage.Query, err error) {
	v := viewer.Current(ctx)
	if err := authorizeUsage(v); err != nil {
		return q, err
	}
	q = usage.Query{Organization: v.OrganizationID, From: f.From, To: f.To, Interval: by}
	if q.OrganizationLocation, err = svc.Zone(ctx); err != nil {
		return q, err
	}
	if !v.ActsForOrganization() {
		q.Account = &v.AccountID
	}
	if q.Location, err = location(f.TimeZone); err != nil {
		return q, err
	}
	if q.Apps, err = usageIDs(ctx, nodeid.App, f.AppIDs, svc.countedApps); err != nil {
		return q, err
	}
	if q.Products, err = usageIDs(ctx, nodeid.Product, f.ProductIDs, svc.entities.ProductsByID); err != nil {
		return q, err
	}
	q.Credentials, err = usageIDs(ctx, nodeid.Credential, f.CredentialIDs, svc.entities.CredentialsByID)
	return q, err
}

// AuthorizeUsage refuses viewers that may not see counts at all. It is called
// before the filter is checked, whose errors such a viewer must not learn.
func (svc *Service) AuthorizeUsage(ctx context.Context) error {
	return authorizeUsage(viewer.Current(ctx))
}

// authorizeUsage refuses viewers that may not see counts, with the messages of
// the schema's directives.
func authorizeUsage(v viewer.Viewer) error {
	switch {
	case !v.Reads() && v.Role != viewer.Gateway:
		return fault.New(fault.CodeForbidden, fault.ReasonScope, "The scopes of the service token do not allow this.")
	case v.Role == viewer.Admin:
		return nil
	case v.Role == viewer.Portal && v.AccountSuspended:
		return fault.New(fault.CodeForbidden, fault.ReasonAccountSuspended, "The account is suspended.")
	case v.Role == viewer.Portal && v.AccountID != uuid.Nil:
		return nil
	case v.Role == viewer.Anonymous:
		return fault.New(fault.CodeUnauthenticated, fault.ReasonNotSignedIn, "Sign in first.")
	}
	return fault.New(fault.CodeForbidden, fault.ReasonRole, "Your role does not allow this.")
}

// usageIDs decodes a list of ids, all of which the viewer must be able to see.
func usageIDs[T any](ctx context.Context, k nodeid.Kind, ids []string, load listing.ByIDReader[T]) ([]uuid.UUID, error) {
	if ids == nil {
		return nil, nil
	}
	if len(ids) == 0 || len(ids) > maxUsageIDs {
		return nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, fmt.Sprintf("Name 1 to %d ids, or leave the list out.", maxUsageIDs))
	}
	decoded := input.DecodeIDs(k, ids)
	asked := distinctIDs(decoded)
	seen, err := load(ctx, asked, []string{listing.IDColumn})
	if err != nil {
		return nil, err
	}
	if len(decoded) < len(ids) || len(seen) < len(asked) {
		return nil, fault.NotFound()
	}
	return asked, nil
}

// countedApps returns the apps of which the viewer may ask for counts: those that it sees
// and, as nil, those that have gone from its account to another one. Of these, too, it is
// given no counts but those of its account: what was called since is the other one's.
func (svc *Service) countedApps(ctx context.Context, ids []uuid.UUID, columns []string, edges ...listing.Edge) (listing.ByID[*db.App], error) {
	seen, err := svc.entities.AppsByID(ctx, ids, columns, edges...)
	v := viewer.Current(ctx)
	if err != nil || v.ActsForOrganization() || len(seen) == len(ids) {
		return seen, err
	}
	gone, err := svc.client.AppTransfer.Query().Where(apptransfer.AppIDIn(ids...), apptransfer.FromAccountID(v.AccountID), apptransfer.StatusEQ(domain.TransferAccepted)).
		Select(apptransfer.FieldAppID).All(ctx)
	if err != nil {
		return nil, change.PublicError(err)
	}
	all := maps.Clone(seen)
	for _, t := range gone {
		if _, sees := all[t.AppID]; !sees {
			all[t.AppID] = nil
		}
	}
	return all, nil
}

func distinctIDs(ids []uuid.UUID) []uuid.UUID {
	out := ids[:0:0]
	seen := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

func location(name string) (*time.Location, error) {
	l, err := zone.Load(name)
	if err != nil {
		return nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "This is not the IANA name of a time zone, such as Europe/Istanbul.")
	}
	return l, nil
}

// Zone returns the time zone of the viewer's organization. A viewer without an
// organization has none.
func (svc *Service) Zone(ctx context.Context) (*time.Location, error) {
	return zone.Load(viewer.Current(ctx).TimeZone)
}
