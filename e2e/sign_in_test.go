package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// signIn tries to sign in; organization "" is none.
func signIn(t *testing.T, s *servertest.Server, email, password, organization string) *servertest.Answer {
	t.Helper()
	input := vars{"email": email, "password": password}
	if organization != "" {
		input["organization"] = organization
	}
	return s.Anonymous().As("X-Request-Id", "sign-in").Ask(t, "signIn", input, `accessToken expiresAt viewer { role user { email } account { name } organization { slug } }`)
}

// The failures of these tests would lock other tests out, so they have a server of their
// own.
func TestSignIn(t *testing.T) {
	each(t, func(t *testing.T, s *servertest.Server) {
		const developer = "developer@demo.example"
		t.Run("OK", func(t *testing.T) {
			a := signIn(t, s, " Developer@DEMO.example ", servertest.Password, "")
			require.Equal(t, map[string]any{"role": "PORTAL", "user": map[string]any{"email": developer},
				"account": map[string]any{"name": "Acme"}, "organization": map[string]any{"slug": "demo"}}, a.At("signIn", "viewer"), a.Raw)
			a = signIn(t, s, "admin@second.example", servertest.Password, "second")
			require.Equal(t, "ADMIN", a.Text("signIn", "viewer", "role"))
			require.Nil(t, a.At("signIn", "viewer", "account"))
		})
		t.Run("every failure answers alike", func(t *testing.T) { alike(t, s) })
		t.Run("an address of two organizations", func(t *testing.T) { namesakes(t, s) })
		t.Run("successes are not counted", func(t *testing.T) {
			for range 12 {
				require.NotEmpty(t, signIn(t, s, developer, servertest.Password, "").Text("signIn", "accessToken"))
			}
		})
		t.Run("failures are limited", func(t *testing.T) { limited(t, s) })
		t.Run("and lifted", func(t *testing.T) { lifted(t, s) })
	})
}

func alike(t *testing.T, s *servertest.Server) {
	wrong := signIn(t, s, "developer@globex.example", "not the password", "")
	requireError(t, wrong, "UNAUTHENTICATED")
	for name, a := range map[string]*servertest.Answer{
		"unknown address":      signIn(t, s, "nobody@demo.example", servertest.Password, ""),
		"no address at all":    signIn(t, s, "nobody", servertest.Password, ""),
		"empty":                signIn(t, s, "", "", ""),
		"unknown organization": signIn(t, s, "developer@globex.example", servertest.Password, "nowhere"),
		"other organization":   signIn(t, s, "developer@globex.example", servertest.Password, "second"),
		"NUL":                  signIn(t, s, "developer@globex.example\x00", servertest.Password, ""),
		"NUL in the slug":      signIn(t, s, "developer@globex.example", servertest.Password, "demo\x00"),
		"long":                 signIn(t, s, "developer@globex.example", longText(100_000), ""),
	} {
		require.Equal(t, wrong.Raw, a.Raw, name)
		require.Equal(t, wrong.Status, a.Status, name)
	}
}

func namesakes(t *testing.T, s *servertest.Server) {
	const email = "both@both.example"
	passwords := map[string]string{"demo": servertest.UserPassword, "second": "the password of second"}
	for _, slug := range []string{"demo", "second"} {
		s.Run(t, passwords[slug]+"\n", "user", "create", "--organization", slug, "--email", email, "--name", "Staff of both")
	}
	for slug, password := range passwords {
		for _, named := range []string{"", slug} {
			require.Equal(t, slug, signIn(t, s, email, password, named).Text("signIn", "viewer", "organization", "slug"))
		}
	}
	requireError(t, signIn(t, s, email, passwords["demo"], "second"), "UNAUTHENTICATED")
	s.Run(t, passwords["demo"]+"\n", "user", "reset-password", "--organization", "second", "--email", " BOTH@both.example")
	requireProblem(t, signIn(t, s, email, passwords["demo"], ""), "signIn", "REQUIRED", "organization")
	require.Equal(t, "second", signIn(t, s, email, passwords["demo"], "second").Text("signIn", "viewer", "organization", "slug"))
}

func limited(t *testing.T, s *servertest.Server) {
	for _, email := range []string{"admin@second.example", "nobody@second.example"} {
		for range 10 {
			requireError(t, signIn(t, s, email, "not the password", "second"), "UNAUTHENTICATED")
		}
		for _, try := range []struct{ password, organization string }{{"not the password", "second"}, {servertest.Password, "second"}, {servertest.Password, ""}} {
			a := signIn(t, s, email, try.password, try.organization)
			requireError(t, a, "RATE_LIMITED")
			wait, _ := a.Errors[0].Extensions["retryAfter"].(float64)
			require.Positive(t, wait)
			require.LessOrEqual(t, wait, 900.0)
		}
	}
	require.NotEmpty(t, s.SignIn(t, "developer@second.example").Token, "others still come in")
}

// lifted unlocks the address that limited has locked out: first by the command, then by an
// administrator; the log contains both.
func lifted(t *testing.T, s *servertest.Server) {
	const email = "admin@second.example"
	listed := func() string { return s.Run(t, "", "user", "list", "--organization", "second") }
	require.Regexp(t, `(?m)^admin@second\.example .* some clients until \d{4}-\d\d-\d\dT\d\d:\d\dZ$`, listed())
	require.Regexp(t, `(?m)^developer@second\.example .* –$`, listed())
	s.Run(t, "", "user", "unlock", "--organization", "second", "--email", email)
	require.Regexp(t, `(?m)^admin@second\.example .* –$`, listed())
	a := s.Anonymous().Ask(t, "signIn", vars{"email": email, "password": servertest.Password}, `accessToken deviceToken`)
	cookie := a.Header.Get("Set-Cookie")
	require.Regexp(t, `^portico-device=.*; Path=/; Max-Age=15552000; HttpOnly; SameSite=Strict$`, cookie)
	admin := &servertest.Client{URL: s.URL, Token: a.Text("signIn", "accessToken")}

	developer := admin.Must(t, `{ users(where: {contains: "developer@second"}) { nodes { id } } }`, nil).Text("users", "nodes", 0, "id")
	for range 10 {
		requireError(t, signIn(t, s, "developer@second.example", "not the password", ""), "UNAUTHENTICATED")
	}
	requireError(t, signIn(t, s, "developer@second.example", servertest.Password, ""), "RATE_LIMITED")
	admin.Do(t, "unlockUser", vars{"userId": developer, "reason": "She called."}, `user { id }`)
	require.NotEmpty(t, signIn(t, s, "developer@second.example", servertest.Password, "").Text("signIn", "accessToken"))

	for range 10 {
		requireError(t, signIn(t, s, email, "not the password", ""), "UNAUTHENTICATED")
	}
	requireError(t, signIn(t, s, email, servertest.Password, ""), "RATE_LIMITED")
	known := s.Anonymous().As("Cookie", strings.Split(cookie, ";")[0])
	require.NotEmpty(t, known.Ask(t, "signIn", vars{"email": email, "password": servertest.Password}, `accessToken`).Text("signIn", "accessToken"))
	again := vars{"email": email, "password": servertest.Password, "deviceToken": a.Text("signIn", "deviceToken")}
	require.NotEmpty(t, s.Anonymous().Ask(t, "signIn", again, `accessToken`).Text("signIn", "accessToken"))

	require.Eventually(t, func() bool {
		events := admin.Must(t, `{ events(where: {type: [USER_SIGN_IN_FAILED]}) { nodes { subject { id } changes { field after } address } } }`, nil)
		return strings.Contains(events.Raw, developer) && strings.Contains(events.Raw, "WRONG_PASSWORD") && strings.Contains(events.Raw, "127.0.0.1")
	}, 10*time.Second, 20*time.Millisecond)
	require.NotContains(t, s.Log(), "not the password")
	unlocked := admin.Must(t, `{ events(where: {type: [USER_UNLOCKED]}) { nodes { reason actor { name } } } }`, nil)
	require.Equal(t, []string{"She called.", ""}, texts(unlocked, "reason", "events", "nodes"))
}

// An administrator of another organization creates a user with the same address and sets
// one password after the other: after ten, signing in reveals nothing about the victim's
// password.
func TestNamesakeRevealsNoPassword(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, database string) {
		const victim, first, demo = "developer@demo.example", "the first password", "one that may be chosen"
		s := servertest.Start(t, database, "PORTICO_DEMO_PASSWORD="+demo)
		admin := s.SignInWith(t, "admin@second.example", demo)
		account := admin.Must(t, `{ accounts(first: 1) { nodes { id } } }`, nil).Text("accounts", "nodes", 0, "id")
		admin.Do(t, "createUser", vars{"name": "Namesake", "email": victim, "password": first, "accountId": account}, `user { id }`)
		namesake, password := s.Anonymous(), first
		namesake.Token = signIn(t, s, victim, first, "second").Text("signIn", "accessToken")
		guess := func(next string) string {
			namesake.Do(t, "changePassword", vars{"currentPassword": password, "newPassword": next}, `user { id }`)
			password = next
			return signIn(t, s, victim, next, "").Text("signIn", "viewer", "organization", "slug")
		}
		for i := range 10 {
			require.Equal(t, "second", guess(fmt.Sprintf("guess number %d", i)))
		}
		require.Equal(t, "second", guess(demo), "which is the victim's too")
		require.Equal(t, "demo", signIn(t, s, victim, demo, "demo").Text("signIn", "viewer", "organization", "slug"))
	})
}
