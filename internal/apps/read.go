package apps

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/accessentry"
	"portico/ent/db/app"
	"portico/internal/change"
	"portico/internal/database"
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
