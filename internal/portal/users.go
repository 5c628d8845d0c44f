package portal

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
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
func (p *Portal) CreateUser(ctx context.Context, in CreateUserInput) (out *db.User, err error) {
	role := valueOr(in.Role, domain.RolePortal)
	hash, err := p.checkNewUser(ctx, in.Name, in.Email, in.Password)
	if err != nil {
		return nil, err
	}
	if role == domain.RolePortal && in.AccountID == nil {
		return nil, fault.Input(fault.Required, "accountId", "A developer needs an account.")
	}
	if role == domain.RoleAdmin && in.AccountID != nil {
		return nil, fault.Input(fault.InvalidValue, "accountId", "Staff have no account.")
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		if err := c.authorize(policy.UserCreate, policy.Object{OrganizationID: c.organization}); err != nil {
			return err
		}
		out, err = c.addUser(ctx, in.Name, in.Email, hash, role)
		if err != nil || in.AccountID == nil {
			return err
		}
		id, _ := nodeid.Decode(nodeid.Account, *in.AccountID)
		acc, err := c.lockAccountForShare(ctx, id)
		if err != nil {
			return err
		}
		return c.addMember(ctx, acc, out, valueOr(in.MembershipRole, domain.Member))
	})
	if err != nil {
		return nil, err // rolled back
	}
	return out, nil
}

// checkNewUser checks the attributes of a new user, and hashes the password.
func (p *Portal) checkNewUser(ctx context.Context, name string, email address.Email, password string) (hash string, err error) {
	if err := fault.Collect(checkName("name", name), email.Check("email"), p.passwords.Check("password", password, email)); err != nil {
		return "", err
	}
	return p.passwords.Hash(ctx, password)
}

func (c *change) addUser(ctx context.Context, name string, email address.Email, hash string, role domain.UserRole) (*db.User, error) {
	out, err := c.User.Create().SetOrganizationID(c.organization).SetName(name).SetNameFolded(domain.Fold(name)).
		SetEmail(email.Typed()).SetEmailFolded(email).SetRole(role).SetPasswordHash(hash).SetPasswordChangedAt(c.now).
		SetCreatedAt(c.now).SetUpdatedAt(c.now).Save(ctx)
	if err != nil {
		return nil, takenError(err, "email", "Somebody in the organization has this address already.")
	}
	c.record(userEvent(eventlog.UserCreated, out, created("name", name, "email", email.Typed(), "role", role)))
	return out, nil
}

func (c *change) addMember(ctx context.Context, acc *db.Account, u *db.User, role domain.MembershipRole) error {
	m, err := c.Membership.Create().SetOrganizationID(acc.OrganizationID).SetAccountID(acc.ID).SetUserID(u.ID).
		SetRole(role).SetCreatedAt(c.now).Save(ctx)
	if err != nil {
		return err
	}
	c.record(eventlog.Entry{Type: eventlog.MemberAdded, Subject: nodeid.Membership, SubjectID: m.ID, SubjectName: u.Name,
		AccountID: &acc.ID, Changes: created("role", role)})
	return nil
}

// CreateStaff creates an administrator of an organization, found by its slug.
// It is only called by commands, as Portico itself, and creates an
// organization's first administrator.
func (p *Portal) CreateStaff(ctx context.Context, slug, name string, email address.Email, password string) (out *db.User, err error) {
	ctx = viewer.NewContext(ctx, viewer.ForSystem(uuid.Nil))
	hash, err := p.checkNewUser(ctx, name, email, password)
	if err != nil {
		return nil, err
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		if err := c.enterOrganization(ctx, slug); err != nil {
			return err
		}
		var err error
		out, err = c.addUser(ctx, name, email, hash, domain.RoleAdmin)
		return err
	})
	return out, err
}

// DisableUser disables a user, whose open sessions end with their next request.
// A disabled user is returned unchanged.
func (p *Portal) DisableUser(ctx context.Context, id string, reason *string) (*db.User, error) {
	return p.setUserStatus(ctx, id, reason, policy.UserDisable, domain.UserDisabled, eventlog.UserDisabled)
}

// EnableUser lets a disabled user sign in again. An active one is returned
// unchanged.
func (p *Portal) EnableUser(ctx context.Context, id string, reason *string) (*db.User, error) {
	return p.setUserStatus(ctx, id, reason, policy.UserEnable, domain.UserActive, eventlog.UserEnabled)
}

func (p *Portal) setUserStatus(ctx context.Context, id string, reason *string, a policy.Action, to domain.UserStatus, t eventlog.Type) (out *db.User, err error) {
	if err := checkReason("reason", reason); err != nil {
		return nil, err
	}
	userID, err := decode(nodeid.User, id)
	if err != nil {
		return nil, err
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		u, err := lockForUpdate(c, c.User.Query().Where(user.ID(userID))).Only(ctx)
		if err != nil {
			return err
		}
		d := policy.Decide(c.viewer, a, policy.Object{OrganizationID: u.OrganizationID, User: u.ID})
		if d.Is(policy.Policy) {
			return fault.Input(fault.NotAllowed, "userId", *d.Message)
		}
		if err := decisionError(d); err != nil || u.Status == to {
			out = u
			return err
		}
		e := userEvent(t, u, []domain.Change{{Field: "status", Before: text(u.Status), After: text(to)}})
		e.Reason = deref(reason)
		c.record(e)
		out, err = c.User.UpdateOne(u).SetStatus(to).AddTokenVersion(1).SetUpdatedAt(c.now).AddVersion(1).Save(ctx)
		return err
	})
	return out, err
}

func userEvent(t eventlog.Type, u *db.User, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.User, SubjectID: u.ID, SubjectName: u.Name, Changes: changes}
}
