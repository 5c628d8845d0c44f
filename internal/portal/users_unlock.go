package portal

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// UnlockUser forgives a user's failed sign-ins, so that the right password is
// accepted at once. Users with the same address in other organizations keep
// their count.
func (p *Portal) UnlockUser(ctx context.Context, id string, reason *string) (out *db.User, err error) {
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
		if err := c.authorize(policy.UserUnlock, policy.Object{OrganizationID: u.OrganizationID, User: u.ID}); err != nil {
			return err
		}
		out, err = c.unlock(ctx, u, deref(reason))
		return err
	})
	return out, err
}

func (c *change) unlock(ctx context.Context, u *db.User, reason string) (*db.User, error) {
	e := userEvent(eventlog.UserUnlocked, u, nil)
	e.Reason = reason
	c.record(e)
	return c.User.UpdateOne(u).SetSignInUnlockedAt(c.now).SetUpdatedAt(c.now).AddVersion(1).Save(ctx)
}

// UnlockByAddress is UnlockUser for commands, as Portico itself.
func (p *Portal) UnlockByAddress(ctx context.Context, slug string, email address.Email) (*db.User, error) {
	if err := email.Check("email"); err != nil {
		return nil, err
	}
	return p.changeUserByAddress(ctx, slug, email, func(ctx context.Context, c *change, u *db.User) (*db.User, error) {
		return c.unlock(ctx, u, "")
	})
}

// changeUserByAddress calls f, as Portico itself, for the user with an address
// in the organization with a slug.
func (p *Portal) changeUserByAddress(ctx context.Context, slug string, email address.Email, f func(context.Context, *change, *db.User) (*db.User, error)) (out *db.User, err error) {
	ctx = viewer.NewContext(ctx, viewer.ForSystem(uuid.Nil))
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		if err := c.enterOrganization(ctx, slug); err != nil {
			return err
		}
		u, err := lockForUpdate(c, c.User.Query().Where(user.OrganizationID(c.organization), user.EmailFolded(email))).Only(ctx)
		if db.IsNotFound(err) {
			return fault.Input(fault.UnknownReference, "email", "Nobody in the organization has this address.")
		}
		if err != nil {
			return err
		}
		out, err = f(ctx, c, u)
		return err
	})
	return out, err
}

// Organizations lists all organizations by slug, for commands.
func (p *Portal) Organizations(ctx context.Context) ([]*db.Organization, error) {
	ctx = viewer.NewContext(ctx, viewer.ForSystem(uuid.Nil))
	all, err := p.client.Organization.Query().Order(organization.BySlug()).All(ctx)
	return all, publicError(err)
}

// UsersOf lists an organization's users in the order of their creation, for
// commands.
func (p *Portal) UsersOf(ctx context.Context, slug string) ([]*db.User, error) {
	ctx = viewer.NewContext(ctx, viewer.ForSystem(uuid.Nil))
	o, err := p.client.Organization.Query().Where(organization.Slug(sanitizeText(slug))).Only(ctx)
	if db.IsNotFound(err) {
		return nil, errUnknownOrganization()
	}
	if err != nil {
		return nil, publicError(err)
	}
	all, err := p.client.User.Query().Where(user.OrganizationID(o.ID)).Order(user.ByCreatedAt(), user.ByID()).All(ctx)
	return all, publicError(err)
}
