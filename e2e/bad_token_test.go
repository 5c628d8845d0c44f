package e2e

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/lestrrat-go/jwx/v2/jwt"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/keyring"
	"portico/internal/nodeid"
)

// tokenForger creates tokens like a real one, signed with the program's own secrets.
type tokenForger struct {
	t    *testing.T
	key  keyring.Key
	real string
}

// sign returns the real token with other claims and a new signature.
func (f tokenForger) sign(change func(jwt.Token)) string {
	return f.signWith(jwa.HS256, f.key.Secret, f.key.ID, change)
}

func (f tokenForger) signWith(algorithm jwa.SignatureAlgorithm, secret []byte, id string, change func(jwt.Token)) string {
	f.t.Helper()
	token, err := jwt.ParseInsecure([]byte(f.real))
	require.NoError(f.t, err)
	if change != nil {
		change(token)
	}
	header := jws.NewHeaders()
	require.NoError(f.t, header.Set(jws.KeyIDKey, id))
	signed, err := jwt.Sign(token, jwt.WithKey(algorithm, secret, jws.WithProtectedHeaders(header)))
	require.NoError(f.t, err)
	return string(signed)
}

// unsigned returns the real token with the algorithm none.
func (f tokenForger) unsigned() string {
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT","kid":"` + f.key.ID + `"}`))
	return header + "." + strings.Split(f.real, ".")[1] + "."
}

// with returns the token with claims set; nil removes a claim.
func (f tokenForger) with(claims map[string]any) string {
	return f.sign(func(token jwt.Token) {
		for name, value := range claims {
			if value == nil {
				require.NoError(f.t, token.Remove(name))
			} else {
				require.NoError(f.t, token.Set(name, value))
			}
		}
	})
}

func badTokens(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "bad-tokens")
	f := tokenForger{t, s.KeyRing(t).Current(keyring.JWT), c.dev.Token}
	ask := func(token string) *servertest.Answer {
		who := &servertest.Client{URL: s.URL, Token: token}
		return who.As("X-Request-Id", "same").Send(t, `{ viewer { user { id } } serverInfo { version } apps(first: 1) { totalCount } }`, nil)
	}
	require.Equal(t, c.developer, ask(f.sign(nil)).Text("viewer", "user", "id"), "a token signed as the program signs is accepted")

	now, parts := time.Now(), strings.Split(c.dev.Token, ".")
	second := s.SignIn(t, "admin@second.example").Must(t, `{ viewer { organization { id } } }`, nil)
	organization, ok := nodeid.Decode(nodeid.Organization, second.Text("viewer", "organization", "id"))
	require.True(t, ok)
	first := ask("nonsense")
	require.Equal(t, 401, first.Status)
	requireError(t, first, "UNAUTHENTICATED")
	for name, token := range map[string]string{
		"expired":                 f.with(map[string]any{"exp": now.Add(-time.Second), "iat": now.Add(-10 * time.Minute)}),
		"without an end":          f.with(map[string]any{"exp": nil}),
		"without a beginning":     f.with(map[string]any{"iat": nil}),
		"living too long":         f.with(map[string]any{"exp": now.Add(24 * time.Hour)}),
		"of the future":           f.with(map[string]any{"iat": now.Add(5 * time.Minute), "exp": now.Add(10 * time.Minute)}),
		"for another audience":    f.with(map[string]any{"aud": "somebody-else"}),
		"for no audience":         f.with(map[string]any{"aud": nil}),
		"of another issuer":       f.with(map[string]any{"iss": "somebody-else"}),
		"of no issuer":            f.with(map[string]any{"iss": nil}),
		"of another session":      f.with(map[string]any{"sid": "44444444-4444-4444-8444-444444444444"}),
		"without a session":       f.with(map[string]any{"sid": nil}),
		"of an unknown user":      f.with(map[string]any{"sub": uuid.NewString()}),
		"of no user":              f.with(map[string]any{"sub": "admin"}),
		"of another organization": f.with(map[string]any{"org": organization.String()}),
		"of an unknown one":       f.with(map[string]any{"org": uuid.NewString()}),
		"of no organization":      f.with(map[string]any{"org": nil}),
		"forged":                  f.signWith(jwa.HS256, []byte(longText(32)), f.key.ID, nil),
		"of an unknown key":       f.signWith(jwa.HS256, f.key.Secret, "j99", nil),
		"of a key of another use": f.signWith(jwa.HS256, s.KeyRing(t).Current(keyring.Cursor).Secret, "c1", nil),
		"of another algorithm":    f.signWith(jwa.HS512, f.key.Secret, f.key.ID, nil),
		"unsigned":                f.unsigned(),
		"without its signature":   parts[0] + "." + parts[1] + ".",
		"with another content":    parts[0] + "." + parts[1][:len(parts[1])-4] + "AAAA." + parts[2],
		"with a changed end":      c.dev.Token[:len(c.dev.Token)-6] + "AAAAAA",
		"with a tail":             c.dev.Token + ".e30",
		"padded":                  c.dev.Token + "=",
		"padded in the middle":    parts[0] + "." + parts[1] + "=." + parts[2],
		"long":                    longText(8000),
	} {
		a := ask(token)
		require.Equal(t, first.Raw, a.Raw, name)
		require.Equal(t, first.Status, a.Status, name)
	}
	t.Run("signing in again", func(t *testing.T) {
		expired := &servertest.Client{URL: s.URL, Token: f.with(map[string]any{"exp": now.Add(-time.Second), "iat": now.Add(-10 * time.Minute)})}
		a := expired.Ask(t, "signIn", vars{"email": "developer@demo.example", "password": servertest.Password}, "accessToken")
		require.NotEmpty(t, a.Text("signIn", "accessToken"), a.Raw)
	})
	t.Run("of a gateway", func(t *testing.T) {
		a := ask("pgw_" + longText(40))
		requireError(t, a, "UNAUTHENTICATED")
		require.Equal(t, first.Status, a.Status)
		require.Equal(t, "INVALID_TOKEN", a.Errors[0].Extensions["reason"], "the kind of token is no secret from its sender")
		require.Equal(t, strings.Replace(first.Raw, "SESSION_EXPIRED", "INVALID_TOKEN", 1), a.Raw)
	})
	t.Run("elsewhere than in the header", func(t *testing.T) { strayTokens(t, s, c.dev.Token) })
}

// strayTokens sends a valid token in places where none is read.
func strayTokens(t *testing.T, s *servertest.Server, token string) {
	document := `{ viewer { user { id } } }`
	send := func(url string, header http.Header) *servertest.Answer {
		a := (&servertest.Client{URL: url, Header: header}).Send(t, document, nil)
		require.Empty(t, a.Leaks())
		return a
	}
	for name, header := range map[string]http.Header{
		"cookie": {"Cookie": {"jwt=" + token}}, "other cookie": {"Cookie": {"token=" + token + "; access_token=" + token}},
		"own header": {"X-Authorization": {"Bearer " + token}, "X-Api-Key": {token}},
	} {
		a := send(s.URL, header)
		require.Empty(t, a.Errors, name)
		require.Nil(t, a.At("viewer"), "%s: no user is signed in", name)
	}
	document = `{ apps(first: 1) { totalCount } }`
	for name, header := range map[string]http.Header{
		"Basic": {"Authorization": {"Basic " + token}}, "bare": {"Authorization": {token}}, "two": {"Authorization": {"Bearer " + token, "Bearer " + token}},
		"empty": {"Authorization": {""}}, "header and cookie": {"Authorization": {"Bearer x"}, "Cookie": {"jwt=" + token}},
	} {
		a := send(s.URL, header)
		require.Equal(t, 401, a.Status, name)
		requireError(t, a, "UNAUTHENTICATED")
	}
	r, err := http.Get(s.URL + "/graphql?jwt=" + token + "&access_token=" + token + "&query=%7Bviewer%7Buser%7Bid%7D%7D%7D")
	require.NoError(t, err)
	defer r.Body.Close()
	a := servertest.Read(t, r)
	require.Nil(t, a.At("viewer"), "a token in the address is not looked at")
	require.Empty(t, a.Errors, a.Raw)
}
