package portal

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/accessentry"
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/organization"
	"portico/ent/db/product"
	"portico/internal/database"
	"portico/internal/lifecycle"
)

// ByID maps ids to rows. Rows that the viewer may not see are absent.
type ByID[T any] map[uuid.UUID]T

// batch reads rows by their ids in one statement.
func batch[T row, S any](ctx context.Context, q listable[T, S], ids []uuid.UUID, id func(T) uuid.UUID, needs, columns []string) (ByID[T], error) {
	if len(columns) > 0 {
		q.Select(distinct(append(append([]string{"id"}, needs...), columns...))...)
	}
	q.Modify(anyOf("id", ids))
	rows, err := q.All(ctx)
	if err != nil {
		return nil, publicError(err)
	}
	out := make(ByID[T], len(rows))
	for _, r := range rows {
		out[id(r)] = r
	}
	return out, nil
}

// anyOf is database.AnyOf, but compares a single id directly, for which
// Postgres caches a generic plan.
func anyOf(column string, ids []uuid.UUID) func(*sql.Selector) {
	if len(ids) == 1 {
		return func(s *sql.Selector) { s.Where(sql.EQ(s.C(column), ids[0])) }
	}
	return database.AnyOf(column, ids)
}

// AccountsByID reads accounts.
func (p *Portal) AccountsByID(ctx context.Context, ids []uuid.UUID, columns []string) (ByID[*db.Account], error) {
	return batch(ctx, p.client.Account.Query(), ids, func(r *db.Account) uuid.UUID { return r.ID }, []string{account.FieldOrganizationID, account.FieldStatus}, columns)
}

// AppsByID reads apps.
func (p *Portal) AppsByID(ctx context.Context, ids []uuid.UUID, columns []string) (ByID[*db.App], error) {
	return batch(ctx, p.client.App.Query(), ids, func(r *db.App) uuid.UUID { return r.ID }, []string{app.FieldOrganizationID, app.FieldAccountID}, columns)
}

// AppByReference reads an app by its reference id. It returns nil if there is
// none.
func (p *Portal) AppByReference(ctx context.Context, reference uuid.UUID, columns []string) (*db.App, error) {
	q := p.client.App.Query().Where(app.ReferenceID(reference))
	if len(columns) > 0 {
		q.Select(distinct(append(append([]string{"id"}, appList().needs...), columns...))...)
	}
	one, err := q.Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	return one, publicError(err)
}

// CredentialsByID reads credentials.
func (p *Portal) CredentialsByID(ctx context.Context, ids []uuid.UUID, columns []string) (ByID[*db.Credential], error) {
	out, err := batch(ctx, p.client.Credential.Query(), ids, func(r *db.Credential) uuid.UUID { return r.ID }, credentialList().needs, columns)
	for _, c := range out {
		p.resolveStatus(c)
	}
	return out, err
}

// ProductsByID reads products.
func (p *Portal) ProductsByID(ctx context.Context, ids []uuid.UUID, columns []string) (ByID[*db.Product], error) {
	return batch(ctx, p.client.Product.Query(), ids, func(r *db.Product) uuid.UUID { return r.ID }, []string{product.FieldOrganizationID}, columns)
}

// PlansByID reads plans.
func (p *Portal) PlansByID(ctx context.Context, ids []uuid.UUID, columns []string) (ByID[*db.Plan], error) {
	return batch(ctx, p.client.Plan.Query(), ids, func(r *db.Plan) uuid.UUID { return r.ID }, nil, columns)
}

// EndpointsByID reads endpoints.
func (p *Portal) EndpointsByID(ctx context.Context, ids []uuid.UUID, columns []string) (ByID[*db.Endpoint], error) {
	return batch(ctx, p.client.Endpoint.Query(), ids, func(r *db.Endpoint) uuid.UUID { return r.ID }, endpointList().needs, columns)
}

// SubscriptionsByID reads subscriptions.
func (p *Portal) SubscriptionsByID(ctx context.Context, ids []uuid.UUID, columns []string) (ByID[*db.Subscription], error) {
	return batch(ctx, p.client.Subscription.Query(), ids, func(r *db.Subscription) uuid.UUID { return r.ID }, subscriptionList().needs, columns)
}

// UsersByID reads users.
func (p *Portal) UsersByID(ctx context.Context, ids []uuid.UUID, columns []string) (ByID[*db.User], error) {
	return batch(ctx, p.client.User.Query(), ids, func(r *db.User) uuid.UUID { return r.ID }, nil, columns)
}

// MembershipsByID reads memberships.
func (p *Portal) MembershipsByID(ctx context.Context, ids []uuid.UUID, columns []string) (ByID[*db.Membership], error) {
	return batch(ctx, p.client.Membership.Query(), ids, func(r *db.Membership) uuid.UUID { return r.ID }, nil, columns)
}

// OrganizationsByID reads organizations.
func (p *Portal) OrganizationsByID(ctx context.Context, ids []uuid.UUID, columns []string) (ByID[*db.Organization], error) {
	return batch(ctx, p.client.Organization.Query(), ids, func(r *db.Organization) uuid.UUID { return r.ID }, []string{organization.FieldVersion}, columns)
}

// EventsByID reads events.
func (p *Portal) EventsByID(ctx context.Context, ids []uuid.UUID, columns []string) (ByID[*db.Event], error) {
	return batch(ctx, p.client.Event.Query(), ids, func(r *db.Event) uuid.UUID { return r.ID }, nil, columns)
}

// AccessLists returns the ids of the products on the access control lists of
// credentials, oldest product first.
func (p *Portal) AccessLists(ctx context.Context, keys []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error) {
	rows, err := p.client.AccessEntry.Query().Where(database.AnyOf(accessentry.FieldCredentialID, keys)).
		Order(accessentry.ByProductID()).All(ctx)
	if err != nil {
		return nil, publicError(err)
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
		return nil, publicError(err)
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
