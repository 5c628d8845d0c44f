package graph

import (
	"context"

	"github.com/google/uuid"

	"portico/graph/model"
	"portico/internal/entity"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// administrator is what developers see in the place of every member of staff.
func administrator() *model.Actor {
	role := viewer.Admin
	return &model.Actor{Role: &role, Name: "Administrator"}
}

// eventActor returns who caused an event, as far as the viewer may know.
func eventActor(ctx context.Context, r entity.Reader, e *eventRow) (*model.Actor, error) {
	role := viewer.Role(e.ActorRole)
	a := &model.Actor{Name: e.ActorName}
	if role != viewer.System && role != viewer.Anonymous {
		a.Role = &role
	}
	v := viewer.Current(ctx)
	if !v.Role.Staff() && role.Staff() {
		return administrator(), nil
	}
	var err error
	if e.ActorTokenID != nil && v.Role == viewer.Admin {
		if a.ServiceToken, err = one(ctx, nodeid.ServiceToken, *e.ActorTokenID, r.ServiceTokensByID); err != nil {
			return nil, err
		}
	}
	if e.ActorID == nil {
		return a, nil
	}
	a.User, err = person(ctx, r, *e.ActorID)
	return a, err
}

// personActor returns the person who requested or decided something. To developers,
// everyone outside of their account is staff, or a developer who was a member of it:
// of that one the name is told, which the account's events tell too.
func personActor(ctx context.Context, r entity.Reader, id *uuid.UUID) (*model.Actor, error) {
	if id == nil {
		return nil, nil
	}
	u, err := person(ctx, r, *id)
	if err != nil {
		return nil, err
	}
	if u == nil {
		name, err := value(ctx, "developerName", nodeid.User, *id, loadersOf(ctx).portal.Identity.DeveloperNames)
		if err != nil {
			return nil, err
		}
		if role := viewer.Portal; name != "" {
			return &model.Actor{Role: &role, Name: name}, nil
		}
		return administrator(), nil
	}
	role := viewer.Role(u.Role)
	return &model.Actor{Role: &role, Name: u.Name, User: u}, nil
}

// person reads a user with the columns that an Actor needs besides those of the
// user; nil if the viewer may not see the user.
func person(ctx context.Context, r entity.Reader, id uuid.UUID) (*userRow, error) {
	return oneWith(ctx, nodeid.User, id, loadersOf(ctx).columns(ctx, nodeid.User, "name", "role"), r.UsersByID)
}
