package auth

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ask sends a request with cookies through both middlewares, and returns the answer's
// cookies by name.
func (c SessionCookie) ask(t *testing.T, handle http.HandlerFunc, sent ...*http.Cookie) map[string]*http.Cookie {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/session/graphql", nil)
	for _, one := range sent {
		r.AddCookie(one)
	}
	DeviceCookie(c).Middleware(c.Middleware(handle)).ServeHTTP(w, r)
	out := map[string]*http.Cookie{}
	for _, one := range w.Result().Cookies() {
		require.Nil(t, out[one.Name], "one line for each cookie")
		out[one.Name] = one
	}
	return out
}

func TestSessionCookie(t *testing.T) {
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	for secure, name := range map[bool]string{true: "__Secure-portico-session", false: "portico-session"} {
		c := SessionCookie{Secure: secure}
		got := c.ask(t, func(_ http.ResponseWriter, r *http.Request) {
			token, ok := c.Presented(r.Context())
			require.True(t, ok)
			require.Empty(t, token)
			require.True(t, c.Keep(r.Context(), "first", until))
			DeviceCookie{Secure: secure}.Remember(r.Context(), "a.device.1.x")
			require.True(t, c.Keep(r.Context(), "second", until))
			token, _ = c.Presented(r.Context())
			require.Equal(t, "second", token, "what the next field finds")
		})
		require.Len(t, got, 2, "neither replaces the other")
		set := got[name]
		require.Equal(t, "second", set.Value)
		require.Equal(t, []any{"/session", true, secure, http.SameSiteStrictMode}, []any{set.Path, set.HttpOnly, set.Secure, set.SameSite})
		require.True(t, set.Expires.Equal(until))

		got = c.ask(t, func(_ http.ResponseWriter, r *http.Request) {
			token, _ := c.Presented(r.Context())
			require.Equal(t, "kept", token)
			c.Clear(r.Context())
		}, &http.Cookie{Name: name, Value: "kept"})
		require.Equal(t, []any{"", -1, "/session"}, []any{got[name].Value, got[name].MaxAge, got[name].Path})

		c.ask(t, func(_ http.ResponseWriter, r *http.Request) {
			token, _ := c.Presented(r.Context())
			require.Empty(t, token, "of two, one was planted")
		}, &http.Cookie{Name: name, Value: "mine"}, &http.Cookie{Name: name, Value: "planted"})
	}
}

// Where the API is served without the cookie, nothing is kept in one.
func TestSessionCookie_Elsewhere(t *testing.T) {
	c := SessionCookie{Secure: true}
	_, ok := c.Presented(t.Context())
	require.False(t, ok)
	require.False(t, c.Keep(t.Context(), "token", time.Now()))
	c.Clear(t.Context())
}
