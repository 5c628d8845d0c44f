package mail

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/membership"
	"portico/ent/db/user"
	"portico/internal/domain"
	"portico/internal/viewer"
)

// reader reads what letters are about, in one organization, as Portico itself. It
// remembers who the administrators are, and is used for a few letters only.
type reader struct {
	client      *db.Client
	resets      Resets
	invitations Invitations
	signUps     SignUps
	// to is the user who gets the letter that is being written; nil for somebody who is
	// none, and while recipients are found.
	to     *db.User
	admins []uuid.UUID
	asked  bool
	now    time.Time
}

func (svc *Service) newReader() *reader {
	return &reader{client: svc.client, resets: svc.resets, invitations: svc.invitations, signUps: svc.signUps, now: svc.clock.Now()}
}

// within returns a context in which Portico itself acts inside the organization.
func within(ctx context.Context, organization uuid.UUID) context.Context {
	return viewer.AsSystem(ctx, organization)
}

// administrators returns the active administrators.
func (r *reader) administrators(ctx context.Context) ([]uuid.UUID, error) {
	if r.asked {
		return r.admins, nil
	}
	ids, err := r.client.User.Query().Where(user.RoleEQ(domain.RoleAdmin), user.StatusEQ(domain.UserActive)).Order(user.ByID()).IDs(ctx)
	if err != nil {
		return nil, err
	}
	r.admins, r.asked = ids, true
	return ids, nil
}

// responsible returns the active owners of an account that is not deleted, or all its
// active members if it has no owner.
func (r *reader) responsible(ctx context.Context, account uuid.UUID) ([]uuid.UUID, error) {
	all, err := r.members(ctx, account)
	if err != nil {
		return nil, err
	}
	var owners, members []uuid.UUID
	for _, m := range all {
		members = append(members, m.UserID)
		if m.Role == domain.Owner {
			owners = append(owners, m.UserID)
		}
	}
	if owners != nil {
		return owners, nil
	}
	return members, nil
}

// members returns the memberships of the active users of an account that is not
// deleted.
func (r *reader) members(ctx context.Context, account uuid.UUID) ([]*db.Membership, error) {
	a, err := r.client.Account.Get(ctx, account)
	if db.IsNotFound(err) || err == nil && a.DeletedAt != nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := r.client.Membership.Query().Where(membership.AccountID(account)).Order(membership.ByCreatedAt(), membership.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(all))
	for i, m := range all {
		ids[i] = m.UserID
	}
	active, err := r.client.User.Query().Where(user.IDIn(ids...), user.StatusEQ(domain.UserActive)).IDs(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(m *db.Membership) bool { return !slices.Contains(active, m.UserID) }), nil
}

// without returns ids without one of them; nil is none.
func without(ids []uuid.UUID, one *uuid.UUID) []uuid.UUID {
	if one == nil {
		return ids
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id uuid.UUID) bool { return id == *one })
}

// byNobody reports whether nobody of the organization, and not Portico itself, caused an
// event: somebody who held a key, or found it.
func byNobody(e *db.Event) bool { return viewer.Role(e.ActorRole) == viewer.Anonymous }

// byStaff reports whether staff caused an event, and byPortico whether Portico itself did.
func byStaff(e *db.Event) bool { return viewer.Role(e.ActorRole).Staff() }

func byPortico(e *db.Event) bool { return viewer.Role(e.ActorRole) == viewer.System }

// actorFor returns who did something, as developers may know: "" is an
// administrator.
func actorFor(e *db.Event) string {
	switch viewer.Role(e.ActorRole) {
	case viewer.Portal, viewer.System:
		return oneLine(e.ActorName)
	}
	return ""
}
