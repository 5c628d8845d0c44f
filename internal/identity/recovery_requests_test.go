package identity_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// hashing counts the hashes of every kind.
type hashing struct {
	countingPasswords
}

func (h hashing) Hash(ctx context.Context, password string) (string, error) {
	h.hashes.Add(1)
	return h.Passwords.Hash(ctx, password)
}

// The answer and the work before it are the same for every address, and so are the
// statements, whoever has it.
func TestRequestPasswordReset_SameWorkForEveryAddress(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var statements []string
		f := portaltest.NewWith(t, url, database.Options{OnStatement: func(_ context.Context, query string) { statements = append(statements, query) }})
		x := f.MustTenant(t, "one")
		f.MustOrganization(t, "two")
		known, disabled := f.MustUser(t, x.Admin, x.Account, domain.Owner), f.MustUser(t, x.Admin, x.Account, domain.Member)
		_, err := f.Portal.Identity.DisableUser(x.Admin, disabled.GlobalID(), nil)
		require.NoError(t, err)
		for _, slug := range []string{"one", "two"} {
			mustStaff(t, f, slug, portaltest.Password)
		}
		hashes := new(atomic.Int64)
		p := f.With(func(o *portal.Options) { o.Passwords = hashing{countingPasswords{f.Passwords, hashes}} })
		ask := func(email string, organization *string) []string {
			statements = nil
			require.NoError(t, p.Identity.RequestPasswordReset(from(t, "192.0.2.1"), identity.RequestPasswordResetInput{Email: address.ParseEmail(email), Organization: organization}))
			return statements
		}
		ask("first@example.com", nil) // prepares what is kept
		want := ask("nobody@example.com", nil)
		require.NotEmpty(t, want)
		require.NotContains(t, strings.Join(want, "\n"), "users", "nobody is looked for before the answer")
		for _, email := range []string{known.Email, disabled.Email, orhan} {
			require.Equal(t, want, ask(email, nil))
			require.Equal(t, want, ask(email, new("one")))
			require.Equal(t, want, ask(email, new("nowhere")))
		}
		require.Zero(t, hashes.Load())
		require.Equal(t, 11, f.Rows(t, "password_reset_requests"), "each is stored")
	})
}

// Limits do not tell who exists.
func TestRequestPasswordReset_ErrResetRequests(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		ask := func(email, client string) error {
			return f.Portal.Identity.RequestPasswordReset(from(t, client), identity.RequestPasswordResetInput{Email: address.ParseEmail(email)})
		}
		limited := func(err error, after time.Duration) {
			t.Helper()
			require.Equal(t, fault.ReasonResetRequests, fault.From(err).Reason, "%v", err)
			require.Equal(t, after, fault.From(err).RetryAfter)
		}
		for i, email := range []string{f.MustUser(t, x.Admin, x.Account, domain.Owner).Email, "nobody@example.com"} {
			client := []string{"192.0.2.1", "192.0.2.2"}[i]
			for range auth.ResetPairRequests {
				require.NoError(t, ask(email, client))
			}
			limited(ask(strings.ToUpper(email), client), auth.AttemptWindow)
			for range auth.ResetAddressRequests - auth.ResetPairRequests {
				require.NoError(t, ask(email, "198.51.100."+string(rune('1'+i))))
				f.Clock.Advance(7 * time.Minute)
			}
			limited(ask(email, "203.0.113.7"), auth.AddressWindow-49*time.Minute)
			f.Clock.Advance(auth.AddressWindow)
		}
		for i := range auth.ResetClientRequests {
			require.NoError(t, ask("user"+strings.Repeat("x", i)+"@example.com", "192.0.2.1"))
		}
		limited(ask("another@example.com", "192.0.2.1"), auth.AttemptWindow)
		_, err := f.Portal.Identity.SignIn(from(t, "192.0.2.1"), identity.SignInInput{Email: address.ParseEmail("nobody@example.com"), Password: "x"})
		require.True(t, fault.Is(err, fault.CodeUnauthenticated), "signing in has limits of its own")
	})
}

func TestRequestPasswordReset_ErrNoMail(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		u := f.MustUser(t, x.Admin, x.Account, domain.Owner)
		p := f.With(func(o *portal.Options) { o.Mail = portal.MailOptions{} })
		err := p.Identity.RequestPasswordReset(from(t, "192.0.2.1"), identity.RequestPasswordResetInput{Email: u.EmailFolded})
		require.Equal(t, fault.ReasonNoMail, fault.From(err).Reason)
		_, err = p.Identity.SendPasswordReset(x.Admin, u.GlobalID(), nil)
		require.Equal(t, fault.ReasonNoMail, fault.From(err).Reason)
		require.Zero(t, f.Rows(t, "password_reset_requests")+f.Rows(t, "password_resets")+f.Rows(t, "sign_in_attempts"))
		require.False(t, p.Identity.CanMail())
		_, err = p.Identity.PrintPasswordReset(t.Context(), "one", u.EmailFolded)
		require.NoError(t, err, "an operator needs no mail")
	})
}

func TestRequestPasswordReset_ErrEmail(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		for email, want := range map[string]string{
			"": "REQUIRED email", "nobody": "INVALID email", strings.Repeat("x", 300) + "@example.com": "TOO_LONG email",
			"a@example.com\nBcc: b@example.com": "INVALID email", "a@example.com,b@example.com": "INVALID email",
		} {
			err := f.Portal.Identity.RequestPasswordReset(from(t, "192.0.2.1"), identity.RequestPasswordResetInput{Email: address.ParseEmail(email)})
			portaltest.RequireProblems(t, err, want)
		}
		require.Zero(t, f.Rows(t, "password_reset_requests"))
	})
}

// A request that a server has begun with is another's after a minute, and one that is
// found too late makes no link.
func TestAnswerResetRequests(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		u := f.MustUser(t, x.Admin, x.Account, domain.Owner)
		claim := func(until time.Time) {
			require.NoError(t, f.Portal.Identity.RequestPasswordReset(from(t, "192.0.2.1"), identity.RequestPasswordResetInput{Email: u.EmailFolded}))
			_, err := f.Database.ExecContext(t.Context(), `UPDATE password_reset_requests SET claimed_until = $1`, until)
			require.NoError(t, err)
		}
		claim(f.Clock.Now().Add(time.Minute))
		require.NoError(t, f.Portal.Identity.AnswerResetRequests(t.Context()))
		require.Empty(t, linkOf(t, f, u))
		f.Clock.Advance(time.Minute)
		require.NoError(t, f.Portal.Identity.AnswerResetRequests(t.Context()))
		require.NotEmpty(t, linkOf(t, f, u))
		e := f.Client.Event.Query().AllX(portaltest.System(t))
		last := e[len(e)-1]
		require.Equal(t, []any{"USER_PASSWORD_RESET_REQUESTED", "192.0.2.1", "", true}, []any{string(last.Type), last.Address, string(last.ActorRole), last.ActorID == nil})

		claim(f.Clock.Now().Add(time.Minute))
		f.Clock.Advance(time.Second)
		_, err := f.Portal.Identity.ChangePassword(f.Enter(t, u), portaltest.Password, newPassword)
		require.NoError(t, err)
		f.Clock.Advance(time.Minute)
		require.NoError(t, f.Portal.Identity.AnswerResetRequests(t.Context()))
		require.Empty(t, linkOf(t, f, u), "the password was changed since")

		claim(f.Clock.Now())
		f.Clock.Advance(30 * time.Minute)
		require.NoError(t, f.Portal.Identity.AnswerResetRequests(t.Context()))
		require.Empty(t, linkOf(t, f, u))
		require.Zero(t, f.Rows(t, "password_reset_requests"))
	})
}
