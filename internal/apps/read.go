package apps

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/accessentry"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/rowscan"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/listing"
)

// AppByReference reads an app by its reference id. It returns nil if there is
// none.
func (svc *Service) AppByReference(ctx context.Context, reference uuid.UUID, columns []string) (*db.App, error) {
	q := svc.client.App.Query().Where(app.ReferenceID(reference))
	if len(columns) > 0 {
		q.Select(columns...)
	}
	one, err := q.Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	return one, change.PublicError(err)
}

// AccessLists returns the ids of the products on the access control lists of
// credentials, oldest product first.
func (svc *Service) AccessLists(ctx context.Context, keys []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error) {
	rows, err := svc.client.AccessEntry.Query().Where(database.AnyOf(accessentry.FieldCredentialID, keys)).
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
func (svc *Service) KeyCountsOfApps(ctx context.Context, apps []uuid.UUID) (map[uuid.UUID]*KeyCounts, error) {
	out := make(map[uuid.UUID]*KeyCounts, len(apps))
	for _, id := range apps {
		out[id] = &KeyCounts{}
	}
	var (
		app        uuid.UUID
		status     access.CredentialStatus
		expired, n int
	)
	cells := []any{rowscan.Into(&app, rowscan.ID), rowscan.Into(&status, rowscan.Text), rowscan.Into(&expired, rowscan.Int), rowscan.Into(&n, rowscan.Int)}
	now := svc.clock.Now()
	err := svc.keyCounts().Read(ctx, svc.entities.Lists, apps, cells, func() {
		var end *time.Time
		if expired == 1 {
			end = &now
		}
		out[app].add(status.At(now, end), n)
	})
	return out, err
}

// keyCounts are the numbers of an app's keys by status, and whether they have
// expired, which is not stored.
func (svc *Service) keyCounts() listing.Computed[*db.Credential] {
	return listing.Computed[*db.Credential]{
		Name:   "key counts",
		Query:  func() listing.Query[*db.Credential] { return svc.client.Credential.Query() },
		Column: credential.FieldAppID,
		Select: func(s *sql.Selector, now any) {
			s.Select(s.C(credential.FieldAppID), s.C(credential.FieldStatus))
			s.AppendSelectExprAs(sql.ExprFunc(func(b *sql.Builder) {
				b.WriteString("CASE WHEN " + s.C(credential.FieldExpiresAt) + " <= ").Arg(now).WriteString(" THEN 1 ELSE 0 END")
			}), "expired")
			s.AppendSelectExprAs(sql.Expr(sql.Count("*")), "n")
			s.GroupBy(s.C(credential.FieldAppID), s.C(credential.FieldStatus), "expired")
		},
	}
}

func (k *KeyCounts) add(s access.CredentialStatus, n int) {
	k.Total += n
	switch s {
	case access.CredentialActive:
		k.Active += n
	case access.CredentialDisabled:
		k.Disabled += n
	case access.CredentialExpired:
		k.Expired += n
	case access.CredentialRevoked:
		k.Revoked += n
	}
}
