package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/membership"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/viewer"
)

// SignInInput is the input of SignIn.
type SignInInput struct {
	Email        address.Email
	Password     string
	Organization *string
	// DeviceToken is the token of an earlier sign-in; Devices are those of the
	// request's cookie.
	DeviceToken *string
	Devices     []string
}

// devices returns the tokens that show that the device has signed in before.
func (in SignInInput) devices() []string {
	if in.DeviceToken == nil {
		return in.Devices
	}
	return append([]string{*in.DeviceToken}, in.Devices...)
}

// anywhere reports whether no organization is named.
func (in SignInInput) anywhere() bool { return in.Organization == nil || *in.Organization == "" }

// Session is the result of a sign-in: an access token and its user.
type Session struct {
	AccessToken  string
	ExpiresAt    time.Time
	User         *db.User
	Organization *db.Organization
	Account      *db.Account
	// DeviceToken proves at the next sign-in that the device has signed in
	// before.
	DeviceToken string
}

// errWrongCredentials returns the one error for every sign-in that fails.
func errWrongCredentials() error {
	return fault.New(fault.CodeUnauthenticated, fault.ReasonWrongCredentials, "The e-mail address or the password is wrong.")
}

// SignIn verifies a password and issues an access token. An unknown address, a
// wrong password, a disabled user, a demo user outside of development and a
// developer of an organization without password sign-in get the same error,
// after the same work. Administrators can always sign in with a password, so
// that they can change that setting back.
//
// Without an organization, the password is verified for the users with the
// address in several organizations, and must be right for exactly one of them.
// For the others it counts as a wrong guess.
func (svc *Service) SignIn(ctx context.Context, in SignInInput) (Session, error) {
	system := viewer.AsSystem(ctx, uuid.Nil)
	known, err := svc.candidates(system, in)
	if err != nil {
		return Session{}, change.PublicError(err)
	}
	attempt, err := svc.limiter.Reserve(ctx, Guess{
		Address: in.Email, Client: viewer.Current(ctx).Address, Devices: in.devices(),
		Users: known.ids(), NoOrganization: in.anywhere(), Since: known.since(),
	})
	if err != nil {
		if fault.Is(err, fault.CodeRateLimited) {
			svc.failures.add(ctx, SignInLimited, in, known)
		}
		return Session{}, change.PublicError(err)
	}
	defer attempt.Done()
	right, err := svc.verifyCandidates(ctx, attempt, in.Password, known)
	if err != nil {
		return Session{}, svc.withdrawAttempt(ctx, attempt, err)
	}
	switch len(right) {
	case 0:
		svc.failures.add(ctx, known.reason(in), in, known)
		return Session{}, errWrongCredentials()
	case 1:
	default:
		if err := attempt.Succeeded(ctx, right...); err != nil {
			return Session{}, change.PublicError(err)
		}
		return Session{}, fault.Input(fault.Required, "organization",
			"This address and password are known to several organizations: name the one to sign in to.")
	}
	one := known.eligible[right[0]]
	s, err := svc.issueSession(system, ctx, one.user, one.organization)
	if err != nil {
		_ = attempt.Succeeded(ctx, right...) // the password was right
		return Session{}, change.PublicError(err)
	}
	s.DeviceToken = svc.devices.Issue(in.Email, s.User.ID, in.devices())
	return s, change.PublicError(attempt.Succeeded(ctx, right...))
}

// verifyCandidates verifies the password for each candidate and returns the
// indexes of those for whom it is right. If there are fewer candidates than the
// limit, it does the same work for none, so that its duration does not reveal
// how many there are.
func (svc *Service) verifyCandidates(ctx context.Context, attempt Attempt, password string, c candidates) ([]int, error) {
	var right []int
	for i := range c.limit {
		if i >= len(c.eligible) || !attempt.Allowed(i) {
			if err := svc.passwords.VerifyDummy(ctx, password); err != nil {
				return nil, err
			}
			continue
		}
		ok, err := svc.passwords.Verify(ctx, password, c.eligible[i].user.PasswordHash)
		if err != nil {
			return nil, err
		}
		if ok {
			right = append(right, i)
		}
	}
	return right, nil
}

// withdrawAttempt withdraws an attempt whose password was not verified, so that
// it does not count.
func (svc *Service) withdrawAttempt(ctx context.Context, a Attempt, err error) error {
	_ = a.Withdraw(ctx)
	return change.PublicError(err)
}

// issueSession records the sign-in and issues the token.
func (svc *Service) issueSession(system, ctx context.Context, u *db.User, o *db.Organization) (Session, error) {
	self := viewer.Current(ctx)
	self.Role, self.OrganizationID, self.UserID, self.Name = viewer.Role(u.Role), u.OrganizationID, u.ID, u.Name
	out := Session{User: u, Organization: o}
	err := change.Exec(viewer.NewContext(ctx, self), svc.changes, func(ctx context.Context, tx *change.Tx) error {
		tx.Record(userEvent(eventlog.UserSignedIn, u, nil))
		return tx.User.Update().Where(user.ID(u.ID)).SetLastSignInAt(tx.Now).Exec(ctx)
	})
	if err != nil {
		return out, err
	}
	now := svc.clock.Now()
	u.LastSignInAt = &now
	first, err := svc.client.Membership.Query().Where(membership.UserID(u.ID), membership.HasAccountWith(account.DeletedAtIsNil())).
		Order(membership.ByCreatedAt(), membership.ByID()).WithAccount().First(system)
	if err != nil && !db.IsNotFound(err) {
		return out, err
	}
	if first != nil {
		out.Account = first.Edges.Account
	}
	out.AccessToken, out.ExpiresAt, err = svc.tokens.Issue(u.ID, u.OrganizationID, u.TokenVersion)
	return out, err
}
