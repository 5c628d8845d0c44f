package auth

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/fault"
	"portico/internal/viewer"
)

// RFC 6750: the scheme in any case, one or more spaces, and then the token alone.
func TestBearerTokens(t *testing.T) {
	for header, want := range map[string]string{
		"Bearer abc": "abc", "bearer abc": "abc", "BEARER   abc": "abc", "Bearer a b": "a b",
		"": "", "Bearer": "", "Bearer ": "", "Bearer    ": "", "abc": "", "Basic abc": "", "Bearerabc": "", " Bearer abc": "", "Bearer\tabc": "",
	} {
		token, ok := bearer(header)
		require.Equal(t, want != "", ok, "%q", header)
		if ok {
			require.Equal(t, want, token, "%q", header)
		}
	}
}

// AllowInvalid is about tokens that are not valid: when a token could not be checked,
// the request is refused.
func TestTokenThatCouldNotBeCheckedIsRefused(t *testing.T) {
	w := newHarness()
	token := mustIssue(t, w.Tokens)
	w.AllowInvalid = true
	_, seen := w.send(withBearer("no token"))
	require.NotNil(t, seen, "what is not valid may be public")
	w.directory.err = fault.Wrap(fault.CodeUnavailable, fault.ReasonDatabase, errors.New("no database"), "Later.")
	answer, seen := w.send(withBearer(token))
	require.Nil(t, seen)
	requireRefused(t, answer, http.StatusServiceUnavailable, "UNAVAILABLE")
}

func TestRefusalsAreWrittenByTheirOwner(t *testing.T) {
	w := newHarness()
	var why error
	w.Refuse = func(a http.ResponseWriter, r *http.Request, err error) {
		why = err
		require.NotNil(t, r.Context())
		a.WriteHeader(http.StatusTeapot)
	}
	answer, seen := w.send(withBearer("no token"))
	require.Nil(t, seen)
	require.Equal(t, http.StatusTeapot, answer.Code)
	require.True(t, fault.Is(why, fault.CodeUnauthenticated))
	require.NoError(t, ErrorFromContext(context.Background()))
}

// What the header of a token says is refused before any signature is checked.
func TestHeadersOfTokensThatAreNoneOfOurs(t *testing.T) {
	rest := "." + part([]byte("{}")) + "." + part([]byte("x"))
	for _, header := range []string{
		`{"alg":"none","kid":"j1"}`, `{"alg":"HS512","kid":"j1"}`, `{"alg":"hs256","kid":"j1"}`, `{"kid":"j1"}`, `{"alg":"HS256","kid":"j1","crit":["x"]}`, `[]`, `{`,
	} {
		id, err := keyID(part([]byte(header)) + rest)
		require.Error(t, err, header)
		require.Empty(t, id, header)
	}
	id, err := keyID(part([]byte(`{"alg":"HS256","kid":"j1"}`)) + rest)
	require.NoError(t, err)
	require.Equal(t, "j1", id)
	for _, token := range []string{"", ".", "..", "a.b", rest, part([]byte("{}")) + rest + ".x", part([]byte("{}")) + "=" + rest, part([]byte("{}")) + "\n" + rest, "e31.e31.!"} {
		_, err := keyID(token)
		require.Error(t, err, "%q", token)
	}
}

// A request with an invalid token is passed on, as anonymous, if that is allowed; the
// next handler can find out why it is.
func TestMiddleware_AllowInvalid(t *testing.T) {
	w := newHarness()
	w.AllowInvalid = true
	for name, c := range map[string]struct {
		token   string
		invalid bool
	}{"OK": {mustIssue(t, w.Tokens), false}, "ErrInvalid": {"x", true}} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
			withBearer(c.token)(r)
			called := false
			w.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				called = true
				err := ErrorFromContext(r.Context())
				require.Equal(t, c.invalid, err != nil)
				require.Equal(t, c.invalid, fault.Is(err, fault.CodeUnauthenticated))
				require.Equal(t, c.invalid, viewer.Current(r.Context()).OrganizationID == uuid.Nil)
			})).ServeHTTP(httptest.NewRecorder(), r)
			require.True(t, called)
		})
	}
}
