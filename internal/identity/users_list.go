package identity

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/predicate"
	"portico/ent/db/user"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/entity"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/viewer"
)

// UserFilter narrows a list of users.
type UserFilter struct {
	// Search is found in the name or in the e-mail address.
	Search   *string
	Contains *string
	Role     []domain.UserRole
	Status   []domain.UserStatus
}

// Users returns a page of the organization's users. What cannot be searched for is
// fault.CodeBadUserInput.
func (svc *Service) Users(ctx context.Context, f UserFilter, r listing.Request) (*paging.Page[*db.User], error) {
	if err := input.CheckSearch(f.Search); err != nil {
		return nil, err
	}
	return listing.ReadPage(ctx, svc.entities.Lists, entity.UserList(), listing.Filtered(f, svc.userQuery), listing.Order{}, r)
}

func (svc *Service) userQuery(f UserFilter) listing.Query[*db.User] {
	q := svc.client.User.Query()
	if f.Search != nil {
		q.Where(entity.SearchedUsers().Contains(input.SearchText(*f.Search)))
	}
	if f.Contains != nil {
		folded := input.SearchText(*f.Contains)
		q.Where(user.Or(user.NameFoldedContains(folded), predicate.User(sql.FieldContains(user.FieldEmailFolded, folded))))
		if input.HasTrigram(folded) { // so that the index finds them
			q.Where(entity.SearchedUsers().Contains(folded))
		}
	}
	if f.Role != nil {
		q.Where(user.RoleIn(f.Role...))
	}
	if f.Status != nil {
		q.Where(user.StatusIn(f.Status...))
	}
	return q
}

// DeletedName is shown in the place of a deleted person's name where no event has recorded
// it.
const DeletedName = "Deleted user"

// DeveloperNames returns the names of those of some users who are developers. It reads
// them as Portico itself, for users of whom the viewer sees an object that they
// requested in the viewer's account, as members who left it since. The name of a
// deleted one is DeletedName.
func (svc *Service) DeveloperNames(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	all, err := svc.client.User.Query().Where(predicate.User(database.AnyOf(user.FieldID, ids)), user.RoleIn(accountRoles()...)).
		Select(user.FieldName, user.FieldDeletedAt).All(viewer.AsSystem(ctx, viewer.Current(ctx).OrganizationID))
	if err != nil {
		return nil, change.PublicError(err)
	}
	out := make(map[uuid.UUID]string, len(all))
	for _, u := range all {
		if out[u.ID] = u.Name; u.DeletedAt != nil {
			out[u.ID] = DeletedName
		}
	}
	return out, nil
}

// UsersOf lists an organization's users in the order of their creation, for
// commands.
func (svc *Service) UsersOf(ctx context.Context, slug string) ([]*db.User, error) {
	ctx = viewer.AsSystem(ctx, uuid.Nil)
	id, err := svc.organizationID(ctx, slug)
	if err != nil {
		return nil, err
	}
	all, err := svc.client.User.Query().Where(user.OrganizationID(id), user.DeletedAtIsNil()).Order(user.ByCreatedAt(), user.ByID()).All(ctx)
	return all, change.PublicError(err)
}
