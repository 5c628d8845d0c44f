package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db/membership"
	"portico/ent/db/user"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// Acting is a service token's access for a developer, in one of the developer's accounts.
type Acting struct {
	Organization, User, Account, Token uuid.UUID
	// Scopes is what it may do, of domain.ActingScopes.
	Scopes domain.Scopes
	// Provider is the identity provider that vouches for the developer, as it was in
	// ProviderVersion; all zero if the organization allows the service token to act for
	// every developer.
	Provider        uuid.UUID
	ProviderVersion int
}

// ActingToken is an access token with which a service token acts for a developer.
type ActingToken struct {
	AccessToken string
	ExpiresAt   time.Time
}

// ActAs returns an access token with which the viewer, a service token, acts for a
// developer of the organization in one of the developer's accounts. What it may do is in
// policy.forAnother. Whoever is no developer who may sign in, and an account that is not
// the developer's, is fault.NotFound.
func (svc *Service) ActAs(ctx context.Context, userID, accountID string) (out ActingToken, err error) {
	by, err := input.DecodeID(nodeid.User, userID)
	if err != nil {
		return out, err
	}
	in, err := input.DecodeID(nodeid.Account, accountID)
	if err != nil {
		return out, err
	}
	return svc.actFor(ctx, policy.ActAs, Acting{User: by, Account: in, Scopes: domain.ActingScopes()}, "", time.Time{})
}

// Vouched is a developer for whom an identity provider vouches until a time.
type Vouched struct {
	Provider      Provider
	User, Account uuid.UUID
	Until         time.Time
}

// Exchange is ActAs for a developer for whom an identity provider of the organization
// vouches: the access token ends with the provider, and no later than what it said. scopes
// is what it may do, of what ActAs permits.
func (svc *Service) Exchange(ctx context.Context, who Vouched, scopes domain.Scopes) (ActingToken, error) {
	a := Acting{User: who.User, Account: who.Account, Scopes: scopes, Provider: who.Provider.ID, ProviderVersion: who.Provider.Version}
	return svc.actFor(ctx, policy.Exchange, a, who.Provider.Name, who.Until)
}

// CheckExchange returns an error if the viewer may exchange no token.
func (svc *Service) CheckExchange(ctx context.Context) error {
	v := viewer.Current(ctx)
	return change.Refusal(policy.Decide(v, policy.Exchange(v.OrganizationID)))
}

// actFor records that the viewer acts for a developer, and returns the access token; until
// is when it ends at the latest, if it is given.
func (svc *Service) actFor(ctx context.Context, may func(uuid.UUID) policy.Request, a Acting, provider string, until time.Time) (out ActingToken, err error) {
	a.Token = viewer.Current(ctx).TokenID
	a.Organization, err = change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (uuid.UUID, error) {
		o := tx.OrganizationID()
		if err := tx.Authorize(may(o)); err != nil {
			return o, err
		}
		// By itself the service token may see nobody.
		m, err := tx.Membership.Query().Where(ofUser(a.User), membership.AccountID(a.Account), membership.HasUserWith(
			user.OrganizationID(o), user.RoleIn(accountRoles()...), user.StatusEQ(domain.UserActive), user.Or(user.MadeInDevelopment(false), user.MadeInDevelopment(svc.development)),
		)).WithUser().Only(viewer.AsSystem(ctx, o))
		if err != nil {
			return o, err
		}
		changes := change.Attributes("account", nodeid.Encode(nodeid.Account, a.Account))
		if provider != "" {
			changes = append(changes, change.Attributes("provider", provider)...)
		}
		tx.Record(userEvent(eventlog.UserActedFor, m.Edges.User, changes))
		return o, nil
	})
	if err != nil {
		return out, err
	}
	out.AccessToken, out.ExpiresAt, err = svc.tokens.IssueActing(a, until)
	return out, err
}
