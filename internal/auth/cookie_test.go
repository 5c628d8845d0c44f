package auth

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// requestWithCookie sends a cookie, remembers tokens, and returns what was presented and set.
func requestWithCookie(c DeviceCookie, sent string, tokens ...string) (presented []string, set *http.Cookie) {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/graphql", nil)
	if sent != "" {
		r.Header.Set("Cookie", c.name()+"="+sent)
	}
	c.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		presented = c.Presented(r.Context())
		for _, token := range tokens {
			c.Remember(r.Context(), token)
		}
	})).ServeHTTP(w, r)
	if all := w.Result().Cookies(); len(all) == 1 {
		set = all[0]
	}
	return presented, set
}

func TestTheDeviceCookie(t *testing.T) {
	_, set := requestWithCookie(DeviceCookie{Secure: true}, "", "p1.a.1.x")
	require.Equal(t, "__Host-portico-device", set.Name)
	require.True(t, set.HttpOnly && set.Secure)
	require.Equal(t, http.SameSiteStrictMode, set.SameSite)
	require.Equal(t, "/", set.Path)
	require.Equal(t, int(DeviceLife.Seconds()), set.MaxAge)
	require.Empty(t, set.Domain)

	_, set = requestWithCookie(DeviceCookie{}, "", "p1.a.1.x")
	require.Equal(t, "portico-device", set.Name)
	require.False(t, set.Secure, "in development there is no HTTPS")
}

func TestTheDeviceCookieKeepsTokensOfSeveralUsers(t *testing.T) {
	presented, set := requestWithCookie(DeviceCookie{}, "p1.a.1.x~p1.b.1.y", "p1.b.2.z")
	require.Equal(t, []string{"p1.a.1.x", "p1.b.1.y"}, presented)
	require.Equal(t, "p1.b.2.z~p1.a.1.x", set.Value, "the newer token takes the older one's place")
	presented, set = requestWithCookie(DeviceCookie{}, strings.Repeat("p1.k.1.x~", 8)+"junk", "p1.a.1.x", "p1.b.1.x", "p1.c.1.x", "p1.d.1.x", "p1.e.1.x", "p1.f.1.x")
	require.Len(t, presented, maxDevices)
	require.Equal(t, "p1.f.1.x~p1.e.1.x~p1.d.1.x~p1.c.1.x~p1.b.1.x", set.Value)
	_, set = requestWithCookie(DeviceCookie{}, "junk~trash", "p1.a.1.x")
	require.Equal(t, "p1.a.1.x~junk~trash", set.Value, "what is no token is no token of this device")
	_, set = requestWithCookie(DeviceCookie{}, "junk~trash", "junk")
	require.Equal(t, "junk~trash", set.Value)
	_, set = requestWithCookie(DeviceCookie{}, "x", "")
	require.Nil(t, set, "a device without a sign-in is not remembered")
	require.Nil(t, DeviceCookie{}.Presented(t.Context()), "outside a request")
	DeviceCookie{}.Remember(t.Context(), "p1.a.1.x")
}
