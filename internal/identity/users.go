package identity

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// CreateUserInput is the input of CreateUser.
type CreateUserInput struct {
	Name           string
	Email          address.Email
	Role           *domain.UserRole
	Password       string
	AccountID      *string
	MembershipRole *domain.MembershipRole
}

// CreateUser creates a user; a developer becomes a member of an account. An
// address that another user of the organization has is TAKEN.
func (svc *Service) CreateUser(ctx context.Context, in CreateUserInput) (*db.User, error) {
	role := input.Or(in.Role, domain.RolePortal)
	hash, err := svc.checkNewUser(ctx, in.Name, in.Email, in.Password)
	if err != nil {
		return nil, err
	}
	if role == domain.RolePortal && in.AccountID == nil {
		return nil, fault.Input(fault.Required, "accountId", "A developer needs an account.")
	}
	if role == domain.RoleAdmin && in.AccountID != nil {
		return nil, fault.Input(fault.InvalidValue, "accountId", "Staff have no account.")
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.User, error) {
		if err := tx.Authorize(policy.CreateUser(tx.OrganizationID())); err != nil {
			return nil, err
		}
		out, err := addUser(ctx, tx, in.Name, in.Email, hash, role)
		if err != nil || in.AccountID == nil {
			return out, err
		}
		id, _ := nodeid.Decode(nodeid.Account, *in.AccountID)
		acc, err := lockAccountForShare(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		return out, addMember(ctx, tx, acc, out, input.Or(in.MembershipRole, domain.Member))
	})
}

// checkNewUser checks the attributes of a new user, and hashes the password.
func (svc *Service) checkNewUser(ctx context.Context, name string, email address.Email, password string) (hash string, err error) {
	if err := fault.Collect(input.CheckName("name", name), email.Check("email"), svc.passwords.Check("password", password, email)); err != nil {
		return "", err
	}
	return svc.passwords.Hash(ctx, password)
}

func addUser(ctx context.Context, tx *change.Tx, name string, email address.Email, hash string, role domain.UserRole) (*db.User, error) {
	out, err := tx.User.Create().SetOrganizationID(tx.OrganizationID()).SetName(name).SetNameFolded(domain.Fold(name)).
		SetEmail(email.Typed()).SetEmailFolded(email).SetRole(role).SetPasswordHash(hash).SetPasswordChangedAt(tx.Now).
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return nil, change.Taken(err, "email", "Somebody in the organization has this address already.")
	}
	tx.Record(userEvent(eventlog.UserCreated, out, change.Attributes("name", name, "email", email.Typed(), "role", role)))
	return out, nil
}

func addMember(ctx context.Context, tx *change.Tx, acc *db.Account, u *db.User, role domain.MembershipRole) error {
	m, err := tx.Membership.Create().SetOrganizationID(acc.OrganizationID).SetAccountID(acc.ID).SetUserID(u.ID).
		SetRole(role).SetCreatedAt(tx.Now).Save(ctx)
	if err != nil {
		return err
	}
	tx.Record(eventlog.Entry{Type: eventlog.MemberAdded, Subject: nodeid.Membership, SubjectID: m.ID, SubjectName: u.Name,
		AccountID: &acc.ID, Changes: change.Attributes("role", role)})
	return nil
}

// CreateStaff creates an administrator of an organization, found by its slug.
// It is only called by commands, as Portico itself, and creates an
// organization's first administrator.
func (svc *Service) CreateStaff(ctx context.Context, slug, name string, email address.Email, password string) (*db.User, error) {
	ctx = viewer.AsSystem(ctx, uuid.Nil)
	hash, err := svc.checkNewUser(ctx, name, email, password)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.User, error) {
		if err := enterOrganization(ctx, tx, slug); err != nil {
			return nil, err
		}
		return addUser(ctx, tx, name, email, hash, domain.RoleAdmin)
	})
}

// DisableUser disables a user, whose open sessions end with their next request.
// A disabled user is returned unchanged.
func (svc *Service) DisableUser(ctx context.Context, id string, reason *string) (*db.User, error) {
	return svc.setUserStatus(ctx, id, reason, policy.DisableUser, domain.UserDisabled, eventlog.UserDisabled)
}

// EnableUser lets a disabled user sign in again. An active one is returned
// unchanged.
func (svc *Service) EnableUser(ctx context.Context, id string, reason *string) (*db.User, error) {
	return svc.setUserStatus(ctx, id, reason, policy.EnableUser, domain.UserActive, eventlog.UserEnabled)
}

func (svc *Service) setUserStatus(ctx context.Context, id string, reason *string, request func(organizationID, userID uuid.UUID) policy.Request, to domain.UserStatus, t eventlog.Type) (*db.User, error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return nil, err
	}
	return svc.changeUser(ctx, id, func(ctx context.Context, tx *change.Tx, u *db.User) (*db.User, error) {
		d := policy.Decide(tx.Viewer, request(u.OrganizationID, u.ID))
		if d.Is(policy.ForbiddenByRule) {
			return nil, fault.Input(fault.NotAllowed, "userId", *d.Message)
		}
		if err := change.Refusal(d); err != nil || u.Status == to {
			return u, err
		}
		e := userEvent(t, u, []domain.Change{{Field: "status", Before: domain.Text(u.Status), After: domain.Text(to)}})
		e.Reason = input.OrZero(reason)
		tx.Record(e)
		return tx.User.UpdateOne(u).SetStatus(to).AddTokenVersion(1).SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
	})
}

// changeUser locks a user and calls f, which asks the policy. Who makes the change
// is locked too, and must still be active: else two administrators could disable
// each other at the same moment.
func (svc *Service) changeUser(ctx context.Context, id string, f func(context.Context, *change.Tx, *db.User) (*db.User, error)) (*db.User, error) {
	userID, err := input.DecodeID(nodeid.User, id)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.User, error) {
		// In the order of their ids, so that two changes do not wait for one another.
		locked, err := change.LockForUpdate(tx, tx.User.Query().Where(user.IDIn(userID, tx.Viewer.UserID)).Order(user.ByID())).All(ctx)
		if err != nil {
			return nil, err
		}
		var target *db.User
		for _, u := range locked {
			if u.ID == tx.Viewer.UserID && u.Status != domain.UserActive {
				return nil, errSessionEnded()
			}
			if u.ID == userID {
				target = u
			}
		}
		if target == nil {
			return nil, fault.NotFound()
		}
		return f(ctx, tx, target)
	})
}

// errSessionEnded is the error for a viewer who was disabled after the request had
// begun.
func errSessionEnded() error {
	return fault.New(fault.CodeUnauthenticated, fault.ReasonSessionExpired, "You are not signed in, or your sign-in has ended.")
}

func userEvent(t eventlog.Type, u *db.User, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.User, SubjectID: u.ID, SubjectName: u.Name, Changes: changes}
}
