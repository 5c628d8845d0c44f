package clienttest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate"
)

// CGI and its successors read X_Portico_Account as X-Portico-Account, and some read
// X.Portico.Account so too.
func TestMiddlewareRemovesForgedHeaders(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	for _, name := range []string{
		"X-Portico-Account", "x-portico-account", "X_Portico_Account", "X-Portico_Account", "X_PORTICO-ACCOUNT", "x.portico.account", "X_Portico_Anything",
		"X-Portico-Limits", "X_API_Key", "X-Api_Key", "x_api-key", "X.API.Key",
	} {
		r := g.call("X-API-Key", raw, name, "forged", "X_Other", "stays", "X-Portico", "stays", "X_Api_Keys", "stays")
		require.Equal(t, http.StatusOK, r.Code, r.Body)
		var stayed int
		for got, values := range r.Header() {
			require.NotContains(t, values, "forged", "%s, sent as %s", got, name)
			if values[0] == "stays" {
				stayed++
			}
		}
		require.Equal(t, 3, stayed, "%v", r.Header())
		require.True(t, strings.HasPrefix(r.Header().Get("Got-X-Portico-Account"), "acct_"))
	}
}

// A proxy drops the headers that Connection names.
func TestConnectionCannotRemovePorticosHeaders(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	w := g.call("X-API-Key", raw, "Connection", "close", "Connection", "keep-alive, x-portico-Plan")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Empty(t, w.Header()["Got-Connection"])
}

// Hop-by-hop headers are not forwarded, and of all upgrades only a websocket is.
func TestMiddlewareRemovesHopByHopHeaders(t *testing.T) {
	p := newPortico(t)
	raw, g := p.newKey(t), guard(t, p)
	hops := []string{
		"X-API-Key", raw, "Upgrade", "h2c", "HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA", "Keep-Alive", "timeout=5", "TE", "trailers", "Trailer", "X-Sum",
		"Proxy-Authorization", "Basic eA==", "Proxy-Connection", "keep-alive", "X-Named", "secret", "Connection", "Upgrade, HTTP2-Settings", "Connection", "x-named", "X-Other", "stays",
	}
	w := g.call(hops...)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, []string{"stays"}, w.Header()["Got-X-Other"])
	for _, name := range []string{"Upgrade", "Http2-Settings", "Keep-Alive", "Te", "Trailer", "Proxy-Authorization", "Proxy-Connection", "X-Named", "Connection"} {
		require.Empty(t, w.Header()["Got-"+name], name)
	}
	w = g.call("X-API-Key", raw, "Connection", "keep-alive, upgrade", "Upgrade", "WebSocket")
	require.Equal(t, []string{"Upgrade"}, w.Header()["Got-Connection"])
	require.Equal(t, []string{"websocket"}, w.Header()["Got-Upgrade"])
	for _, no := range [][]string{{"Upgrade", "websocket, h2c"}, {"Upgrade", "websocket", "Upgrade", "h2c"}, {"Upgrade", "h2c"}} {
		w = g.call(append(no, "X-API-Key", raw, "Connection", "upgrade")...)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.Empty(t, w.Header()["Got-Upgrade"], no)
		require.Empty(t, w.Header()["Got-Connection"], no)
	}
}

// With PassKey the verified key is forwarded, and no other.
func TestPassKeyForwardsTheVerifiedKey(t *testing.T) {
	p := newPortico(t)
	raw := p.newKey(t)
	created, err := gate.New(t.Context(), gate.Options{URL: p.URL, Token: token, Product: "rates", PassKey: true, Log: quiet(), Now: p.clock.Now, Elapsed: func() time.Duration { return 0 }})
	require.NoError(t, err)
	t.Cleanup(func() { _ = created.Close(context.Background()) })
	var passed http.Header
	api := created.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { passed = r.Header }))
	r := httptest.NewRequest(http.MethodGet, "/rates", nil)
	r.Header.Set("X-API-Key", raw)
	r.Header.Set("X_API_Key", "forged")
	api.ServeHTTP(httptest.NewRecorder(), r)
	require.Equal(t, []string{raw}, passed["X-Api-Key"])
	require.NotContains(t, passed, "X_api_key")
}
