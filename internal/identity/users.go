package identity

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/predicate"
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
	if err := checkPlace(role, in.AccountID); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.User, error) {
		if err := tx.Authorize(policy.CreateUser(tx.OrganizationID())); err != nil {
			return nil, err
		}
		if role != domain.RolePortal {
			if err := tx.Authorize(policy.CreateStaff(tx.OrganizationID())); err != nil {
				return nil, err
			}
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
		_, err = addMember(ctx, tx, acc, out, in.MembershipRole, "membershipRole")
		return out, err
	})
}

// joinsAs is the role of people who join an account by an invitation, or arrive by an
// identity provider.
const joinsAs = domain.RolePortal

// claimedRole returns the staff's role that claims give, if any; joinsAs for neither.
func claimedRole(admin, approver bool) domain.UserRole {
	switch {
	case admin:
		return domain.RoleAdmin
	case approver:
		return domain.RoleApprover
	}
	return joinsAs
}

// claimsAllow reports whether somebody to whom claims give a role may act in another: an
// administrator in all.
func claimsAllow(claimed, r domain.UserRole) bool {
	return belongsToAccounts(r) || claimed == r || claimed == domain.RoleAdmin
}

// belongsToAccounts reports whether people in a role belong to accounts.
func belongsToAccounts(r domain.UserRole) bool { return slices.Contains(accountRoles(), r) }

// accountRoles returns the roles of people who belong to accounts.
func accountRoles() []domain.UserRole { return []domain.UserRole{domain.RolePortal} }

// staffRoles returns the roles of people who act for the organization, which can ask them
// for a second factor.
func staffRoles() []domain.UserRole {
	return []domain.UserRole{domain.RoleAdmin, domain.RoleApprover}
}

// isStaff reports whether a user acts for the organization.
func isStaff(u *db.User) bool { return slices.Contains(staffRoles(), u.Role) }

// administrators returns the condition for administrators.
func administrators() predicate.User { return user.RoleEQ(domain.RoleAdmin) }

// isApprover reports whether a user may be named for products.
func isApprover(u *db.User) bool { return u.Role == domain.RoleApprover }

// isAdministrator reports whether a user is one of those of whom the organization must
// keep one who can sign in.
func isAdministrator(u *db.User) bool { return u.Role == domain.RoleAdmin }

// authorizeStaff asks the policy whether a user may be changed who acts for the
// organization: a service token neither lets staff in again, nor shuts them out.
func authorizeStaff(tx *change.Tx, u *db.User) error {
	if !isStaff(u) || u.ID == tx.Viewer.UserID { // what of themselves people change, other rules say
		return nil
	}
	return tx.Authorize(policy.ChangeStaff(u.OrganizationID))
}

// checkNewUser checks the attributes of a new user, and hashes the password. also are
// further problems of the input, which are returned with those found here.
func (svc *Service) checkNewUser(ctx context.Context, name string, email address.Email, password string, also ...error) (hash string, err error) {
	errs := []error{input.CheckName("name", name), email.Check("email"), svc.passwords.Check("password", password, email)}
	if err := fault.Collect(append(errs, also...)...); err != nil {
		return "", err
	}
	return svc.passwords.Hash(ctx, password)
}

func addUser(ctx context.Context, tx *change.Tx, name string, email address.Email, hash string, role domain.UserRole) (*db.User, error) {
	return addUserAs(ctx, tx, uuid.Must(uuid.NewV7()), name, email, hash, role)
}

// addUserAs creates a user, and ends a sign-up of the address that waits. It is locked
// before the user is there, as where an address is verified.
func addUserAs(ctx context.Context, tx *change.Tx, id uuid.UUID, name string, email address.Email, hash string, role domain.UserRole) (*db.User, error) {
	// As Portico itself: not everybody who creates users may change sign-ups.
	if err := endWaiting(viewer.AsSystem(ctx, tx.OrganizationID()), tx, email); err != nil {
		return nil, err
	}
	return insertUser(ctx, tx, id, name, email, hash, role)
}

func insertUser(ctx context.Context, tx *change.Tx, id uuid.UUID, name string, email address.Email, hash string, role domain.UserRole) (*db.User, error) {
	out, err := tx.User.Create().SetID(id).SetOrganizationID(tx.OrganizationID()).SetName(name).SetNameFolded(domain.Fold(name)).
		SetEmail(email.Typed()).SetEmailFolded(email).SetRole(role).SetPasswordHash(hash).SetPasswordChangedAt(tx.Now).
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return nil, change.Taken(err, "email", "Somebody in the organization has this address already.")
	}
	tx.Record(userEvent(eventlog.UserCreated, out, change.Attributes("name", name, "role", role)))
	return out, nil
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
		if err := userRefusal(d); err != nil || u.Status == to {
			return u, err
		}
		e := userEvent(t, u, []domain.Change{{Field: "status", Before: domain.Text(u.Status), After: domain.Text(to)}})
		e.Reason = input.OrZero(reason)
		tx.Record(e)
		if err := endReset(ctx, tx, u); err != nil {
			return nil, err
		}
		if _, err := endSessions(ctx, tx, u, uuid.Nil); err != nil {
			return nil, err
		}
		return tx.User.UpdateOne(u).SetStatus(to).SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
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
		locked, err := change.LockForUpdate(tx, tx.User.Query().Where(user.IDIn(userID, tx.Viewer.UserID))).All(ctx)
		if err != nil {
			return nil, err
		}
		var target *db.User
		here := tx.Viewer.UserID == uuid.Nil // no person makes the change
		for _, u := range locked {
			here = here || stillIs(u, tx.Viewer)
			if u.ID == userID {
				target = u
			}
		}
		if !here {
			return nil, errSessionEnded()
		}
		if target == nil {
			return nil, fault.NotFound()
		}
		if err := authorizeStaff(tx, target); err != nil {
			return nil, err
		}
		return f(ctx, tx, target)
	})
}

// userRefusal is change.Refusal; that a rule forbids it for this user is a problem of the
// input.
func userRefusal(d policy.Decision) error {
	if d.Is(policy.ForbiddenByRule) {
		return fault.Input(fault.NotAllowed, "userId", *d.Message)
	}
	return change.Refusal(d)
}

// stillIs reports whether a user who makes a change is one who may: not disabled or
// deleted meanwhile, nor in another role.
func stillIs(u *db.User, v viewer.Viewer) bool {
	return u.ID == v.UserID && u.Status == domain.UserActive && string(u.Role) == string(v.Role)
}

// errSessionEnded is the error for a viewer who was disabled after the request had
// begun.
func errSessionEnded() error {
	return fault.New(fault.CodeUnauthenticated, fault.ReasonSessionExpired, "You are not signed in, or your sign-in has ended.")
}

func userEvent(t eventlog.Type, u *db.User, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.User, SubjectID: u.ID, SubjectName: u.Name, Changes: changes}
}
