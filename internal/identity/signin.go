package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/viewer"
)

// SignInInput is the input of SignIn.
type SignInInput struct {
	Email        address.Email
	Password     string
	Organization *string
	// AccountID is the account to act for; nil for that of the last sign-in.
	AccountID *string
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

// SignedIn is the result of a sign-in or of a refresh: the tokens of a session, and
// its user.
type SignedIn struct {
	AccessToken string
	ExpiresAt   time.Time
	// RefreshToken renews the access token once, until the session expires.
	RefreshToken     string
	SessionExpiresAt time.Time
	User             *db.User
	Organization     *db.Organization
	Account          *db.Account
	// DeviceToken proves at the next sign-in that the device has signed in
	// before.
	DeviceToken string
	// Challenge is set, and nothing else is, if the second factor is still to come.
	Challenge *SignInChallenge
	// RecoveryCodes are new ones, if the sign-in has put the second factor to use.
	RecoveryCodes []string
}

// errWrongCredentials returns the one error for every sign-in that fails.
func errWrongCredentials() error {
	return fault.New(fault.CodeUnauthenticated, fault.ReasonWrongCredentials, "The e-mail address or the password is wrong.")
}

// SignIn verifies a password and begins a session. An unknown address, a
// wrong password, a disabled user, a demo user outside of development and a
// developer of an organization without password sign-in get the same error,
// after the same work. Administrators can always sign in with a password, so
// that they can change that setting back.
//
// Without an organization, the password is verified for the users with the
// address in several organizations, and must be right for exactly one of them.
// For the others it counts as a wrong guess.
func (svc *Service) SignIn(ctx context.Context, in SignInInput) (SignedIn, error) {
	system := viewer.AsSystem(ctx, uuid.Nil)
	known, err := svc.candidates(system, in)
	if err != nil {
		return SignedIn{}, change.PublicError(err)
	}
	attempt, err := svc.limiter.Reserve(ctx, Guess{
		Address: in.Email, Client: viewer.Current(ctx).Address, Devices: in.devices(),
		Users: known.ids(), NoOrganization: in.anywhere(), Since: known.since(),
	})
	if err != nil {
		if fault.Is(err, fault.CodeRateLimited) {
			svc.failures.add(ctx, SignInLimited, in, known)
		}
		return SignedIn{}, change.PublicError(err)
	}
	defer attempt.Done()
	right, err := svc.verifyInTurn(ctx, attempt, in.Password, known)
	if err != nil {
		return SignedIn{}, svc.withdrawAttempt(ctx, attempt, err)
	}
	switch len(right) {
	case 0:
		svc.failures.add(ctx, known.reason(in), in, known)
		return SignedIn{}, errWrongCredentials()
	case 1:
	default:
		if err := attempt.Succeeded(ctx, right...); err != nil {
			return SignedIn{}, change.PublicError(err)
		}
		return SignedIn{}, fault.Input(fault.Required, "organization",
			"This address and password are known to several organizations: name the one to sign in to.")
	}
	one := known.eligible[right[0]]
	s, err := svc.enter(system, ctx, one, in.AccountID)
	if err != nil {
		_ = attempt.Succeeded(ctx, right...) // the password was right
		return SignedIn{}, change.PublicError(err)
	}
	if s.Challenge != nil {
		return s, change.PublicError(attempt.Succeeded(ctx, right...))
	}
	s.DeviceToken = svc.devices.Issue(in.Email, s.User.ID, in.devices())
	return s, change.PublicError(attempt.Succeeded(ctx, right...))
}

// verifyInTurn calls verifyCandidates when it is the caller's turn, which strangers do not
// put off if the guess is known.
func (svc *Service) verifyInTurn(ctx context.Context, attempt Attempt, password string, c candidates) (right []int, err error) {
	if attempt.Known() {
		ctx = AsKnown(ctx)
	}
	err = svc.passwords.InTurn(ctx, func(ctx context.Context) (err error) {
		right, err = svc.verifyCandidates(ctx, attempt, password, c)
		return err
	})
	return right, err
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

// enter begins a session of a user whose password was right, or asks for the second
// factor.
func (svc *Service) enter(system, ctx context.Context, c candidate, account *string) (SignedIn, error) {
	if c.needsFactor() {
		asked, err := svc.challenge(ctx, c, account)
		return SignedIn{Challenge: asked}, err
	}
	return svc.beginSession(system, ctx, c, account, func(ctx context.Context, tx *change.Tx) error {
		return checkNoFactor(ctx, tx, c)
	})
}

// beginSession records the sign-in and begins a session, unless the user was disabled
// or got another password since the password was verified. also is what else must
// succeed in the same change, with the user locked.
func (svc *Service) beginSession(system, ctx context.Context, c candidate, account *string, also func(context.Context, *change.Tx) error) (SignedIn, error) {
	ctx = viewer.NewContext(ctx, asUser(viewer.Current(ctx), c.user, uuid.Nil))
	opened, err := change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (openSession, error) {
		// Locks the user: who ends the user's sessions ends this one too, or prevents it.
		n, err := tx.User.Update().Where(user.ID(c.user.ID), user.StatusEQ(domain.UserActive), user.PasswordHash(c.user.PasswordHash)).SetLastSignInAt(tx.Now).Save(ctx)
		if err != nil {
			return openSession{}, err
		}
		if n == 0 {
			return openSession{}, errWrongCredentials()
		}
		if err := also(ctx, tx); err != nil {
			return openSession{}, err
		}
		tx.Record(userEvent(eventlog.UserSignedIn, c.user, c.how()))
		return svc.createSession(ctx, tx, c.user, account)
	})
	if err != nil {
		return SignedIn{}, err
	}
	now := svc.clock.Now()
	c.user.LastSignInAt = &now
	return svc.signedIn(system, c.user, c.organization, opened)
}

// how returns what the event of a sign-in says of it.
func (c candidate) how() []domain.Change {
	if c.provider == nil {
		return nil
	}
	return change.Attributes("provider", c.provider.Name)
}

// signedIn describes a user who has just got a refresh token, and issues an access
// token.
func (svc *Service) signedIn(system context.Context, u *db.User, o *db.Organization, s openSession) (SignedIn, error) {
	out := SignedIn{User: u, Organization: o, RefreshToken: s.token, SessionExpiresAt: s.expiresAt}
	var err error
	if out.Account, err = svc.activeAccount(system, u.ID, s.accountID); err != nil {
		return out, err
	}
	out.AccessToken, out.ExpiresAt, err = svc.tokens.Issue(u.ID, u.OrganizationID, s.id)
	return out, err
}
