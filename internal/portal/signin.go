package portal

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/membership"
	"portico/ent/db/organization"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/policy"
	"portico/internal/term"
	"portico/internal/viewer"
)

// SignInInput says who signs in.
type SignInInput struct {
	Email        address.Email
	Password     string
	Organization *string
}

// Session is a way in: an access token and whose it is.
type Session struct {
	AccessToken  string
	ExpiresAt    time.Time
	User         *db.User
	Organization *db.Organization
	Account      *db.Account
}

// wrongSignIn is the one answer to every sign-in that fails.
func wrongSignIn() error {
	return fault.New(fault.Unauthenticated, fault.ReasonWrongCredentials, "The e-mail address or the password is wrong.")
}

// SignIn checks a password and issues an access token. An unknown or ambiguous
// address, a wrong password, a disabled user, a demo user outside of development
// and a developer of an organization that wants no passwords answer alike, after the same work. Administrators
// always may: theirs is the way back.
func (p *Portal) SignIn(ctx context.Context, in SignInInput) (Session, error) {
	system := viewer.NewContext(ctx, viewer.ForSystem(uuid.Nil))
	attempt, err := p.limiter.Reserve(ctx, in.Email, viewer.Current(ctx).Address)
	if err != nil {
		return Session{}, outward(err)
	}
	defer attempt.Done()
	u, o, err := p.person(system, in)
	if err != nil {
		return Session{}, p.unlooked(ctx, attempt, err)
	}
	right := false
	if u == nil {
		err = p.passwords.VerifyNothing(ctx, in.Password)
	} else {
		right, err = p.passwords.Verify(ctx, in.Password, u.PasswordHash)
	}
	if err != nil {
		return Session{}, p.unlooked(ctx, attempt, err)
	}
	if !right || u.MadeInDevelopment && !p.development || u.Status != term.UserActive || !o.PasswordSignIn && u.Role != term.RoleAdmin {
		return Session{}, wrongSignIn()
	}
	s, err := p.session(system, ctx, u, o)
	if err != nil {
		return Session{}, p.unlooked(ctx, attempt, err)
	}
	return s, outward(attempt.Succeeded(ctx))
}

// unlooked takes an attempt off the count whose password nobody looked at.
func (p *Portal) unlooked(ctx context.Context, a Attempt, err error) error {
	_ = a.Withdraw(ctx)
	return outward(err)
}

// person finds the one user of the address; nil for none, or for several where
// no organization is named.
func (p *Portal) person(ctx context.Context, in SignInInput) (*db.User, *db.Organization, error) {
	q := p.client.User.Query().Where(user.EmailFolded(in.Email))
	if in.Organization != nil && *in.Organization != "" {
		q.Where(user.HasOrganizationWith(organization.Slug(askable(*in.Organization))))
	}
	found, err := q.Limit(2).All(ctx)
	if err != nil {
		return nil, nil, err
	}
	// Asked for in any case: an unknown address must cost what a known one does.
	var known *db.User
	id := uuid.Nil
	if len(found) == 1 {
		known, id = found[0], found[0].OrganizationID
	}
	o, err := p.client.Organization.Query().Where(organization.ID(id)).Only(ctx)
	if known == nil && db.IsNotFound(err) {
		return nil, nil, nil
	}
	return known, o, err
}

// session records the sign-in and issues the token.
func (p *Portal) session(system, ctx context.Context, u *db.User, o *db.Organization) (Session, error) {
	self := viewer.Current(ctx)
	self.Role, self.OrganizationID, self.UserID, self.Name = viewer.Role(u.Role), u.OrganizationID, u.ID, u.Name
	out := Session{User: u, Organization: o}
	err := p.change(viewer.NewContext(ctx, self), func(ctx context.Context, c *change) error {
		c.record(userEvent(eventlog.UserSignedIn, u, nil))
		return c.User.Update().Where(user.ID(u.ID)).SetLastSignInAt(c.now).Exec(ctx)
	})
	if err != nil {
		return out, err
	}
	now := p.clock.Now()
	u.LastSignInAt = &now
	first, err := p.client.Membership.Query().Where(membership.UserID(u.ID), membership.HasAccountWith(account.DeletedAtIsNil())).
		Order(membership.ByCreatedAt(), membership.ByID()).WithAccount().First(system)
	if err != nil && !db.IsNotFound(err) {
		return out, err
	}
	if first != nil {
		out.Account = first.Edges.Account
	}
	out.AccessToken, out.ExpiresAt, err = p.tokens.Issue(u.ID, u.OrganizationID, u.TokenVersion)
	return out, err
}

// ChangePassword changes the viewer's own password. All tokens issued so far
// are not believed any more; a fresh one is given.
func (p *Portal) ChangePassword(ctx context.Context, current, next string) (out Session, err error) {
	v := viewer.Current(ctx)
	if err := refusal(policy.Decide(v, policy.PasswordChange, policy.Object{OrganizationID: v.OrganizationID})); err != nil {
		return out, err
	}
	u, err := p.client.User.Get(ctx, v.UserID)
	if err != nil {
		return out, outward(err)
	}
	if err := p.passwords.Check("newPassword", next, u.EmailFolded); err != nil {
		return out, err
	}
	if err := p.checkCurrent(ctx, u, current); err != nil {
		return out, err
	}
	hash, err := p.passwords.Hash(ctx, next)
	if err != nil {
		return out, err
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		n, err := c.User.Update().Where(user.ID(u.ID), user.Version(u.Version), user.TokenVersion(u.TokenVersion)).
			SetPasswordHash(hash).SetPasswordChangedAt(c.now).AddTokenVersion(1).AddVersion(1).SetUpdatedAt(c.now).Save(ctx)
		if err := swapped(n, err); err != nil {
			return err
		}
		c.record(userEvent(eventlog.UserPasswordChanged, u, nil))
		out.User, err = c.User.Get(ctx, u.ID)
		return err
	})
	if err != nil {
		return Session{}, err
	}
	out.AccessToken, out.ExpiresAt, err = p.tokens.Issue(u.ID, u.OrganizationID, out.User.TokenVersion)
	return out, err
}

// checkCurrent checks the present password. Guesses count as failed sign-ins:
// a stolen session must not be a way to try passwords.
func (p *Portal) checkCurrent(ctx context.Context, u *db.User, password string) error {
	attempt, err := p.limiter.Reserve(ctx, u.EmailFolded, viewer.Current(ctx).Address)
	if err != nil {
		return outward(err)
	}
	defer attempt.Done()
	right, err := p.passwords.Verify(ctx, password, u.PasswordHash)
	if err != nil {
		return p.unlooked(ctx, attempt, err)
	}
	if !right {
		return fault.Input(fault.WrongPassword, "currentPassword", "This is not your present password.")
	}
	return database.Fault(attempt.Succeeded(ctx))
}
