package portal

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/accessentry"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/organization"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/lifecycle"
	"portico/internal/listing"
)

// AccountsByID reads accounts.
func (p *Portal) AccountsByID(ctx context.Context, ids []uuid.UUID, columns []string) (listing.ByID[*db.Account], error) {
	return listing.ReadByID(ctx, p.lists, accountList(), p.client.Account.Query(), ids, columns)
}

// AppsByID reads apps.
func (p *Portal) AppsByID(ctx context.Context, ids []uuid.UUID, columns []string) (listing.ByID[*db.App], error) {
	return listing.ReadByID(ctx, p.lists, appList(), p.client.App.Query(), ids, columns)
}

// AppByReference reads an app by its reference id. It returns nil if there is
// none.
func (p *Portal) AppByReference(ctx context.Context, reference uuid.UUID, columns []string) (*db.App, error) {
	q := p.client.App.Query().Where(app.ReferenceID(reference))
	if names := appList().Columns(columns...); names != nil {
		q.Select(names...)
	}
	one, err := q.Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	return one, change.PublicError(err)
}

// CredentialsByID reads credentials.
func (p *Portal) CredentialsByID(ctx context.Context, ids []uuid.UUID, columns []string) (listing.ByID[*db.Credential], error) {
	return listing.ReadByID(ctx, p.lists, p.credentialList(), p.client.Credential.Query(), ids, columns)
}

// ProductsByID reads products.
func (p *Portal) ProductsByID(ctx context.Context, ids []uuid.UUID, columns []string) (listing.ByID[*db.Product], error) {
	return listing.ReadByID(ctx, p.lists, productList(), p.client.Product.Query(), ids, columns)
}

// PlansByID reads plans.
func (p *Portal) PlansByID(ctx context.Context, ids []uuid.UUID, columns []string) (listing.ByID[*db.Plan], error) {
	return listing.ReadByID(ctx, p.lists, planList(), p.client.Plan.Query(), ids, columns)
}

// EndpointsByID reads endpoints.
func (p *Portal) EndpointsByID(ctx context.Context, ids []uuid.UUID, columns []string) (listing.ByID[*db.Endpoint], error) {
	return listing.ReadByID(ctx, p.lists, endpointList(), p.client.Endpoint.Query(), ids, columns)
}

// SubscriptionsByID reads subscriptions.
func (p *Portal) SubscriptionsByID(ctx context.Context, ids []uuid.UUID, columns []string) (listing.ByID[*db.Subscription], error) {
	return listing.ReadByID(ctx, p.lists, subscriptionList(), p.client.Subscription.Query(), ids, columns)
}

// UsersByID reads users.
func (p *Portal) UsersByID(ctx context.Context, ids []uuid.UUID, columns []string) (listing.ByID[*db.User], error) {
	return listing.ReadByID(ctx, p.lists, userList(), p.client.User.Query(), ids, columns)
}

// MembershipsByID reads memberships.
func (p *Portal) MembershipsByID(ctx context.Context, ids []uuid.UUID, columns []string) (listing.ByID[*db.Membership], error) {
	return listing.ReadByID(ctx, p.lists, memberList(), p.client.Membership.Query(), ids, columns)
}

// OrganizationsByID reads organizations.
func (p *Portal) OrganizationsByID(ctx context.Context, ids []uuid.UUID, columns []string) (listing.ByID[*db.Organization], error) {
	return listing.ReadByID(ctx, p.lists, organizationList(), p.client.Organization.Query(), ids, columns)
}

func organizationList() listing.List[*db.Organization] {
	return listing.List[*db.Organization]{
		Name:  "organizations",
		ID:    func(x *db.Organization) uuid.UUID { return x.ID },
		Needs: []string{organization.FieldVersion},
	}
}

// EventsByID reads events.
func (p *Portal) EventsByID(ctx context.Context, ids []uuid.UUID, columns []string) (listing.ByID[*db.Event], error) {
	return listing.ReadByID(ctx, p.lists, eventList(), p.client.Event.Query(), ids, columns)
}

// AccessLists returns the ids of the products on the access control lists of
// credentials, oldest product first.
func (p *Portal) AccessLists(ctx context.Context, keys []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error) {
	rows, err := p.client.AccessEntry.Query().Where(database.AnyOf(accessentry.FieldCredentialID, keys)).
		Order(accessentry.ByProductID()).All(ctx)
	if err != nil {
		return nil, change.PublicError(err)
	}
	out := make(map[uuid.UUID][]uuid.UUID, len(keys))
	for _, r := range rows {
		out[r.CredentialID] = append(out[r.CredentialID], r.ProductID)
	}
	return out, nil
}

// KeyCounts says how many keys an app has, by status.
type KeyCounts struct {
	Total, Active, Disabled, Expired, Revoked int
}

// KeyCountsOfApps counts the keys of many apps with one statement.
func (p *Portal) KeyCountsOfApps(ctx context.Context, apps []uuid.UUID) (map[uuid.UUID]*KeyCounts, error) {
	var rows []struct {
		AppID   uuid.UUID                  `json:"app_id"`
		Status  lifecycle.CredentialStatus `json:"status"`
		Expired int                        `json:"expired"`
		N       int                        `json:"n"`
	}
	now := p.clock.Now()
	err := p.client.Credential.Query().Where(database.AnyOf(credential.FieldAppID, apps)).Modify(func(s *sql.Selector) {
		s.Select(s.C(credential.FieldAppID), s.C(credential.FieldStatus))
		s.AppendSelectExprAs(sql.ExprFunc(func(b *sql.Builder) {
			b.WriteString("CASE WHEN " + s.C(credential.FieldExpiresAt) + " <= ").Arg(now).WriteString(" THEN 1 ELSE 0 END")
		}), "expired")
		s.AppendSelectExprAs(sql.Expr(sql.Count("*")), "n")
		s.GroupBy(s.C(credential.FieldAppID), s.C(credential.FieldStatus), "expired")
	}).Scan(ctx, &rows)
	if err != nil {
		return nil, change.PublicError(err)
	}
	out := make(map[uuid.UUID]*KeyCounts, len(apps))
	for _, id := range apps {
		out[id] = &KeyCounts{}
	}
	for _, r := range rows {
		var end *time.Time
		if r.Expired == 1 {
			end = &now
		}
		out[r.AppID].add(r.Status.At(now, end), r.N)
	}
	return out, nil
}

func (k *KeyCounts) add(s lifecycle.CredentialStatus, n int) {
	k.Total += n
	switch s {
	case lifecycle.CredentialActive:
		k.Active += n
	case lifecycle.CredentialDisabled:
		k.Disabled += n
	case lifecycle.CredentialExpired:
		k.Expired += n
	case lifecycle.CredentialRevoked:
		k.Revoked += n
	}
}
