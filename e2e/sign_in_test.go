package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
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

// The failures of these tests would shut others out: they have a server of
// their own.
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
		t.Run("an address of two organizations needs one to be named", func(t *testing.T) { ambiguous(t, s) })
		t.Run("successes are not counted", func(t *testing.T) {
			for range 12 {
				require.NotEmpty(t, signIn(t, s, developer, servertest.Password, "").Text("signIn", "accessToken"))
			}
		})
		t.Run("failures are limited", func(t *testing.T) { limited(t, s) })
	})
}

func alike(t *testing.T, s *servertest.Server) {
	wrong := signIn(t, s, "developer@globex.example", "not the password", "")
	refused(t, wrong, "UNAUTHENTICATED")
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

func ambiguous(t *testing.T, s *servertest.Server) {
	const email = "both@both.example"
	for _, slug := range []string{"demo", "second"} {
		s.Run(t, servertest.Password+"\n", "user", "create", "--organization", slug, "--email", email, "--name", "Staff of both")
		require.Equal(t, slug, signIn(t, s, email, servertest.Password, slug).Text("signIn", "viewer", "organization", "slug"))
	}
	refused(t, signIn(t, s, email, servertest.Password, ""), "UNAUTHENTICATED")
	require.Equal(t, signIn(t, s, email, "not the password", "demo").Raw, signIn(t, s, email, servertest.Password, "").Raw)
}

func limited(t *testing.T, s *servertest.Server) {
	for _, email := range []string{"admin@second.example", "nobody@second.example"} {
		for range 10 {
			refused(t, signIn(t, s, email, "not the password", "second"), "UNAUTHENTICATED")
		}
		for _, try := range []struct{ password, organization string }{{"not the password", "second"}, {servertest.Password, "second"}, {servertest.Password, ""}} {
			a := signIn(t, s, email, try.password, try.organization)
			refused(t, a, "RATE_LIMITED")
			wait, _ := a.Errors[0].Extensions["retryAfter"].(float64)
			require.Positive(t, wait)
			require.LessOrEqual(t, wait, 900.0)
		}
	}
	require.NotEmpty(t, s.SignIn(t, "developer@second.example").Token, "others still come in")
}
