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
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/entity"
)

// AppByReference reads an app by its reference id. It returns nil if there is
// none.
func (svc *Service) AppByReference(ctx context.Context, reference uuid.UUID, columns []string) (*db.App, error) {
	q := svc.client.App.Query().Where(app.ReferenceID(reference))
	if names := entity.AppList().Columns(columns...); names != nil {
		q.Select(names...)
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
	var rows []struct {
		AppID   uuid.UUID               `json:"app_id"`
		Status  access.CredentialStatus `json:"status"`
		Expired int                     `json:"expired"`
		N       int                     `json:"n"`
	}
	now := svc.clock.Now()
	err := svc.client.Credential.Query().Where(database.AnyOf(credential.FieldAppID, apps)).Modify(func(s *sql.Selector) {
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
