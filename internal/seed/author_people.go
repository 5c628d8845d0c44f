package seed

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/google/uuid"

	entapp "portico/ent/db/app"
	"portico/ent/db/signup"
	"portico/internal/address"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/viewer"
)

// How long ago the recent apps were begun, people were invited, and the first of the recent
// sign-ins was. Of what is older than three days no letters tell.
const (
	sinceRecent     = 2 * sinceSignIn
	sinceInvitation = sinceSignIn + time.Hour
	sinceSignIn     = 3 * 24 * time.Hour
)

// invitations invites people to the accounts, and offers apps to them; nobody has answered
// yet.
func (a *author) invitations(ctx, admin context.Context, accounts []account) error {
	a.clock.Advance(a.Clock.Now().Add(-sinceInvitation).Sub(a.clock.Now()))
	for _, x := range accounts {
		for _, email := range x.Invited {
			in := identity.InviteMemberInput{AccountID: a.accounts[x.Name].GlobalID(), Email: address.ParseEmail(email)}
			if _, err := a.Identity.InviteMember(admin, in); err != nil {
				return err
			}
		}
	}
	return a.offered(ctx, admin, accounts)
}

// offered lets accounts offer apps to others, which have not answered yet.
func (a *author) offered(ctx, admin context.Context, accounts []account) error {
	for _, x := range accounts {
		for _, o := range x.Offered {
			a.clock.Advance(time.Minute)
			of, err := a.tx.App.Query().Where(entapp.AccountID(a.accounts[x.Name].ID), entapp.Name(o.App)).Only(viewer.AsSystem(ctx, a.org.ID))
			if err != nil {
				return err
			}
			in := apps.TransferAppInput{AppID: of.GlobalID(), ToAccountID: a.accounts[o.To].GlobalID(), Reason: &o.Reason}
			if _, err := a.Apps.TransferApp(admin, in); err != nil {
				return err
			}
		}
	}
	return nil
}

// signUps lets people sign up and confirm their addresses, who wait for a decision.
func (a *author) signUps(ctx context.Context, all []signUp) error {
	for _, s := range all {
		a.clock.Advance(time.Minute)
		from := viewer.NewContext(ctx, viewer.Viewer{Role: viewer.Anonymous})
		in := identity.SignUpInput{Organization: a.org.Slug, Email: address.ParseEmail(s.Email), Name: s.Name, AccountName: &s.AccountName, Answers: s.Answers}
		if err := a.Identity.SignUp(from, in); err != nil {
			return err
		}
		made, err := a.tx.SignUp.Query().Where(signup.EmailFolded(in.Email)).Only(viewer.AsSystem(ctx, a.org.ID))
		if err != nil {
			return err
		}
		a.clock.Advance(time.Minute)
		if _, err := a.Identity.VerifyEmail(from, identity.VerifyEmailInput{Token: a.Identity.SignUpToken(made.ID), Password: unknown}); err != nil {
			return err
		}
	}
	return nil
}

// approvers creates those who decide about some products.
func (a *author) approvers(admin context.Context, all []approver) error {
	for _, x := range all {
		u, err := a.Identity.CreateUser(admin, identity.CreateUserInput{Name: x.Name, Email: address.ParseEmail(x.Email), Role: new(domain.RoleApprover)})
		if err != nil {
			return err
		}
		for _, name := range x.Products {
			in := identity.AddApproverInput{ProductID: a.offers[name].GlobalID(), UserID: u.GlobalID()}
			if _, err := a.Identity.AddApprover(admin, in); err != nil {
				return err
			}
		}
	}
	return nil
}

// signIns lets people sign in, whose sessions are listed then. Nobody has the tokens
// of these: they can only be ended.
func (a *author) signIns(ctx context.Context, all []signIn) error {
	a.clock.Advance(a.Clock.Now().Add(-sinceSignIn).Sub(a.clock.Now()))
	for _, s := range all {
		from := viewer.NewContext(ctx, viewer.Viewer{Role: viewer.Anonymous, Address: s.Address, UserAgent: s.UserAgent})
		if _, err := a.Identity.SignIn(from, identity.SignInInput{Email: address.ParseEmail(s.Email), Organization: &a.org.Slug}); err != nil {
			return err
		}
		a.step()
	}
	return nil
}

// passwords are the hashes that were made before the transaction began: one of the same
// password for each person, and one for each who waits, of passwords that nobody knows.
type passwords struct{ hashes, unknown []string }

// unknown stands for a password that nobody knows.
const unknown = "unknown"

// Hash returns the next hash of the password.
func (p *passwords) Hash(_ context.Context, password string) (string, error) {
	from := &p.hashes
	if password == unknown {
		from = &p.unknown
	}
	next := (*from)[0]
	*from = (*from)[1:]
	return next, nil
}

// Check accepts every password: who runs the seed answers for it.
func (p *passwords) Check(string, string, address.Email) error { return nil }

// Verify accepts whoever signs in: nobody else does it meanwhile.
func (p *passwords) Verify(context.Context, string, string) (bool, error) { return true, nil }

// InTurn calls f: nobody else waits.
func (p *passwords) InTurn(ctx context.Context, f func(context.Context) error) error { return f(ctx) }

// VerifyDummy does nothing: nobody measures the time.
func (p *passwords) VerifyDummy(context.Context, string) error { return nil }

// noLimit counts no sign-in: none fails.
type noLimit struct{}

func (noLimit) Reserve(context.Context, identity.Guess) (identity.Attempt, error) {
	return allowed{}, nil
}

// CountReset counts nothing.
func (noLimit) CountReset(context.Context, address.Email, string) error { return nil }

// CountLeakReport counts nothing.
func (noLimit) CountLeakReport(context.Context, string) error { return nil }

// CountSignUp counts nothing.
func (noLimit) CountSignUp(context.Context, address.Email, string) error { return nil }

type allowed struct{}

func (allowed) Allowed(int) bool                        { return true }
func (allowed) Known() bool                             { return true }
func (allowed) Succeeded(context.Context, ...int) error { return nil }
func (allowed) Withdraw(context.Context) error          { return nil }
func (allowed) Done()                                   {}

// plainLinks are links without a proof: nobody follows them but the author.
type plainLinks struct{}

func (plainLinks) Issue(_ identity.LinkPurpose, id uuid.UUID) string { return id.String() }

func (plainLinks) Parse(_ identity.LinkPurpose, token string) (uuid.UUID, bool) {
	id, err := uuid.Parse(token)
	return id, err == nil
}

// noDevices remembers no device.
type noDevices struct{}

func (noDevices) Issue(address.Email, uuid.UUID, []string) string { return "" }

// lostTokens issues access tokens that do not exist, and refresh tokens that nobody
// has: their hashes are random.
type lostTokens struct{ identity.Tokens }

func (lostTokens) Issue(uuid.UUID, uuid.UUID, uuid.UUID) (string, time.Time, error) {
	return "", time.Time{}, nil
}

func (lostTokens) IssueRefresh(uuid.UUID) (string, []byte) {
	hash := make([]byte, 32)
	_, _ = rand.Read(hash) // never fails
	return "", hash
}
