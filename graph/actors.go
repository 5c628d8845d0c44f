package graph

import (
	"context"

	"github.com/google/uuid"

	"portico/graph/model"
	"portico/internal/nodeid"
	"portico/internal/portal"
	"portico/internal/viewer"
)

// staffName is what developers see of every member of staff.
const staffName = "Administrator"

// eventActor tells who did something, as far as the viewer may know.
func eventActor(ctx context.Context, p *portal.Portal, e *eventRow) (*model.Actor, error) {
	role := viewer.Role(e.ActorRole)
	a := &model.Actor{Name: e.ActorName}
	if role != viewer.System && role != viewer.Anonymous {
		a.Role = &role
	}
	v := viewer.Current(ctx)
	if !v.Staff() && role == viewer.Admin {
		return &model.Actor{Role: a.Role, Name: staffName}, nil
	}
	if e.ActorID == nil {
		return a, nil
	}
	var err error
	a.User, err = person(ctx, p, *e.ActorID)
	return a, err
}

// personActor tells who asked for or decided on something. Towards developers
// whoever is not of their account is staff.
func personActor(ctx context.Context, p *portal.Portal, id *uuid.UUID) (*model.Actor, error) {
	if id == nil {
		return nil, nil
	}
	u, err := person(ctx, p, *id)
	if err != nil {
		return nil, err
	}
	if u == nil {
		role := viewer.Admin
		return &model.Actor{Role: &role, Name: staffName}, nil
	}
	role := viewer.Role(u.Role)
	return &model.Actor{Role: &role, Name: u.Name, User: u}, nil
}

// person reads a user with what an Actor shows of them besides the user; nil
// when the viewer may not see them.
func person(ctx context.Context, p *portal.Portal, id uuid.UUID) (*userRow, error) {
	columns := loadersOf(ctx).columns(ctx, nodeid.User)
	if columns != nil {
		columns = append([]string{"name", "role"}, columns...)
	}
	return oneWith(ctx, nodeid.User, id, columns, p.UsersByID)
}
