package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/mail/mailtest"
	"portico/internal/testdb"
)

// code returns the code that an authenticator app shows after a time.
func code(t *testing.T, secret string, after time.Duration) string {
	t.Helper()
	out, err := totp.GenerateCode(secret, time.Now().Add(after))
	require.NoError(t, err)
	return out
}

// next is when an app shows its next code.
const next = 30 * time.Second

// setUpApp sets up an authenticator app, and returns its secret and the recovery codes.
func setUpApp(t *testing.T, c *servertest.Client, password string) (secret string, codes []any) {
	t.Helper()
	begun := c.Do(t, "enableTotp", vars{"password": password}, `setup { secret uri }`)
	secret = begun.Text("enableTotp", "setup", "secret")
	require.Contains(t, begun.Text("enableTotp", "setup", "uri"), "secret="+secret)
	done := c.Do(t, "confirmTotp", vars{"code": code(t, secret, 0)}, `recoveryCodes user { id }`)
	return secret, done.List("confirmTotp", "recoveryCodes")
}

const answer = `accessToken refreshToken recoveryCodes viewer { user { id } totpEnabledAt }`

// A developer signs in with an app and, without the phone, by a recovery code; an
// administrator helps who has lost both.
func TestStory_SecondFactor(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		letters := mailtest.Start(t, mailtest.Options{})
		s := servertest.Start(t, url, mailSettings(letters.Address)...)
		c, anyone := newActors(t, s, "second-factor"), s.Anonymous()
		welcomed := len(letters.Await(t, 1))
		secret, codes := setUpApp(t, c.dev, servertest.UserPassword)
		require.Len(t, codes, 10)
		l := letters.Await(t, welcomed+1)[welcomed]
		require.Equal(t, c.email, l.To)
		text, _ := l.Parts(t)
		require.Contains(t, text, "authenticator app")

		begin := func() string {
			a := anyone.Do(t, "signIn", vars{"email": c.email, "password": servertest.UserPassword}, `accessToken refreshToken deviceToken viewer { role } challenge { token expiresAt setup { secret } }`)
			require.Nil(t, a.At("signIn", "accessToken"))
			require.Nil(t, a.At("signIn", "refreshToken"))
			require.Nil(t, a.At("signIn", "deviceToken"))
			require.Nil(t, a.At("signIn", "viewer"))
			require.Nil(t, a.At("signIn", "challenge", "setup"))
			return a.Text("signIn", "challenge", "token")
		}
		complete := func(challenge, code string) *servertest.Answer {
			return anyone.Ask(t, "completeSignIn", vars{"challenge": challenge, "code": code}, answer)
		}
		challenge := begin()
		notYet := s.Anonymous()
		notYet.Token = challenge
		requireError(t, notYet.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
		requireProblem(t, complete(challenge, "12345"), "completeSignIn", "WRONG_CODE", "code")
		app := code(t, secret, next)
		in := complete(challenge, app)
		require.Equal(t, c.developer, in.Text("completeSignIn", "viewer", "user", "id"), in.Raw)
		require.NotEmpty(t, in.Text("completeSignIn", "viewer", "totpEnabledAt"))
		requireProblem(t, complete(challenge, app), "completeSignIn", "WRONG_CODE", "code")
		lost := complete(begin(), codes[0].(string))
		require.NotEmpty(t, lost.Text("completeSignIn", "refreshToken"), lost.Raw)
		requireProblem(t, complete(begin(), codes[0].(string)), "completeSignIn", "WRONG_CODE", "code")
		for _, junk := range []string{"", "pch_", challenge[:len(challenge)-1] + "x", strings.Repeat("x", 200_000)} {
			requireError(t, complete(junk, app), "UNAUTHENTICATED")
		}

		c.admin.Do(t, "resetTotp", vars{"userId": c.developer, "reason": "The phone was lost."}, `user { id totpEnabledAt }`)
		own := s.Anonymous()
		own.Token = lost.Text("completeSignIn", "accessToken")
		requireError(t, own.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
		requireError(t, complete(challenge, codes[1].(string)), "UNAUTHENTICATED")
		s.SignInWith(t, c.email, servertest.UserPassword)
		for _, secret := range []string{secret, codes[0].(string), challenge} {
			require.NotContains(t, s.Log(), secret)
			for _, l := range letters.Letters() {
				require.NotContains(t, string(l.Raw), secret)
			}
		}
	})
}

// An organization asks its administrators for a second factor.
func TestStory_StaffTotp(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		s := servertest.Start(t, url)
		c := newOrganization(t, s, "strict")
		ask := func() *servertest.Answer {
			return c.admin.Ask(t, "updateOrganization", vars{"staffTotp": true}, `organization { staffTotp }`)
		}
		requireProblem(t, ask(), "updateOrganization", "NOT_ALLOWED", "staffTotp")
		secret, _ := setUpApp(t, c.admin, servertest.UserPassword)
		s.Run(t, servertest.UserPassword+"\n", "user", "create", "--organization", "strict", "--email", "second@strict.example", "--name", "Second Administrator")
		second := s.SignInWith(t, "second@strict.example", servertest.UserPassword)
		require.Equal(t, true, ask().At("updateOrganization", "organization", "staffTotp"))
		requireError(t, second.Send(t, `{ users { totalCount } }`, nil), "UNAUTHENTICATED")
		requireError(t, c.admin.Ask(t, "disableTotp", vars{"code": code(t, secret, next)}, `user { id }`), "FORBIDDEN")

		asked := s.Anonymous().Do(t, "signIn", vars{"email": "second@strict.example", "password": servertest.UserPassword}, `accessToken challenge { token setup { secret } }`)
		require.Nil(t, asked.At("signIn", "accessToken"))
		set := s.Anonymous().Do(t, "completeSignIn", vars{"challenge": asked.Text("signIn", "challenge", "token"),
			"code": code(t, asked.Text("signIn", "challenge", "setup", "secret"), 0)}, answer)
		require.Len(t, set.List("completeSignIn", "recoveryCodes"), 10)
		second.Token = set.Text("completeSignIn", "accessToken")
		second.Must(t, `{ users { totalCount } }`, nil)

		s.Run(t, "", "user", "reset-totp", "--organization", "strict", "--email", "second@strict.example")
		requireError(t, second.Send(t, `{ users { totalCount } }`, nil), "UNAUTHENTICATED")
	})
}
