package apps

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/ent/rowscan"
	"portico/internal/listing"
)

// LastUsesOfApps returns when a call last passed with a key of each of many apps, with one
// statement. Apps without a used key are not in it.
func (svc *Service) LastUsesOfApps(ctx context.Context, apps []uuid.UUID) (map[uuid.UUID]*time.Time, error) {
	out := make(map[uuid.UUID]*time.Time, len(apps))
	var app uuid.UUID
	var last time.Time
	uses := listing.Computed[*db.Credential]{
		Name:   "lastUse",
		Query:  func() listing.Query[*db.Credential] { return svc.client.Credential.Query() },
		Column: credential.FieldAppID,
		Values: []string{"last_use"},
		Select: func(s *sql.Selector, _ any) {
			s.AppendSelectExprAs(sql.Expr(sql.Max(s.C(credential.FieldLastUsedAt))), "last_use")
		},
	}
	err := uses.Read(ctx, svc.entities.Lists, apps, []any{rowscan.Into(&app, rowscan.ID), rowscan.Into(&last, greatestTime)}, func() {
		if !last.IsZero() {
			at := last
			out[app] = &at
		}
	})
	return out, err
}

// greatestTime assigns the greatest of some times, the zero time for none. SQLite returns
// what is computed of times as text.
func greatestTime(to *time.Time, v any) (err error) {
	text, ok := v.(string)
	if !ok {
		return rowscan.Time(to, v)
	}
	*to, err = time.Parse("2006-01-02 15:04:05.999999999-07:00", text)
	*to = to.UTC()
	return err
}
