package identity

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/predicate"
	"portico/ent/db/user"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/entity"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/viewer"
)

// UserFilter narrows a list of users.
type UserFilter struct {
	Contains *string
	Role     []domain.UserRole
	Status   []domain.UserStatus
}

// Users returns a page of the organization's users.
func (svc *Service) Users(ctx context.Context, f UserFilter, r listing.Request) (*paging.Page[*db.User], error) {
	return listing.ReadPage(ctx, svc.entities.Lists, entity.UserList(), listing.Filtered(f, svc.userQuery), listing.Order{}, r)
}

func (svc *Service) userQuery(f UserFilter) listing.Query[*db.User] {
	q := svc.client.User.Query()
	if f.Contains != nil {
		folded := input.SearchText(*f.Contains)
		q.Where(user.Or(user.NameFoldedContains(folded), predicate.User(sql.FieldContains(user.FieldEmailFolded, folded))))
	}
	if f.Role != nil {
		q.Where(user.RoleIn(f.Role...))
	}
	if f.Status != nil {
		q.Where(user.StatusIn(f.Status...))
	}
	return q
}

// UsersOf lists an organization's users in the order of their creation, for
// commands.
func (svc *Service) UsersOf(ctx context.Context, slug string) ([]*db.User, error) {
	ctx = viewer.AsSystem(ctx, uuid.Nil)
	id, err := svc.organizationID(ctx, slug)
	if err != nil {
		return nil, err
	}
	all, err := svc.client.User.Query().Where(user.OrganizationID(id)).Order(user.ByCreatedAt(), user.ByID()).All(ctx)
	return all, change.PublicError(err)
}
