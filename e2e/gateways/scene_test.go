package gateways

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
	"portico/internal/testdb/freeport"
)

// Each gateway plays the same scenes, on both databases.
func TestGateways(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		t.Parallel()
		w := newWorld(t, url)
		for name, start := range map[string]start{"nginx": startNginx, "caddy": startCaddy, "haproxy": startHAProxy, "envoy": startEnvoy, "go": startGo} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := setup{gate: strings.TrimPrefix(w.server.Gate, "http://"), token: w.server.GatewayToken(t, organization, "edge-"+name), upstream: newAPI(t)}
				g := &gateway{w, "http://" + start(t, s)}
				t.Run("valid", g.valid)
				t.Run("forged names", g.forgedNames)
				t.Run("no key", g.noKey)
				t.Run("wrong product", g.wrongProduct)
				t.Run("over the limit", g.overTheLimit)
				t.Run("ending", g.ending)
				t.Run("revoked", g.revoked)
				t.Run("path tricks", g.pathTricks)
				t.Run("two hosts", g.twoHosts)
				t.Run("clear paths", g.clearPaths)
				t.Run("hop by hop", g.hopByHop)
				t.Run("websocket", g.websocket)
			})
		}
	})
}

// A gateway whose token is invalid, and one that cannot reach Portico, refuse all calls.
func TestGatewaysWithoutPorticoRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testdb.EmptySQLite(t))
	key := w.newApp(t, w.generous).key
	token := w.server.GatewayToken(t, organization, "edge")
	there := strings.TrimPrefix(w.server.Gate, "http://")
	for name, start := range map[string]start{"nginx": startNginx, "caddy": startCaddy, "haproxy": startHAProxy, "envoy": startEnvoy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for problem, s := range map[string]setup{
				"token":   {gate: there, token: "not-" + token, upstream: newAPI(t)},
				"nowhere": {gate: freeport.Address(t), token: token, upstream: newAPI(t)},
			} {
				g := &gateway{w, "http://" + start(t, s)}
				for _, headers := range [][]string{{"X-API-Key", key}, nil} {
					a := g.call(t, "/rates", headers...)
					require.Equal(t, http.StatusServiceUnavailable, a.status, "%s: %s", problem, a.body)
				}
			}
		})
	}
}

// gateway is a running gateway.
type gateway struct {
	world *world
	url   string
}

// answer is a response to a client of the gateway.
type answer struct {
	status int
	header http.Header
	body   string
}

// reached returns the headers with which the call reached the API.
func (a answer) reached(t *testing.T) http.Header {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.body)
	var h http.Header
	require.NoError(t, json.Unmarshal([]byte(a.body), &h), a.body)
	return h
}

// call calls the API through the gateway, with headers in pairs.
func (g *gateway) call(t *testing.T, path string, headers ...string) answer {
	t.Helper()
	return g.ask(t, http.MethodGet, path, headers...)
}

func (g *gateway) ask(t *testing.T, method, path string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequest(method, g.url+path, nil)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return answer{w.StatusCode, w.Header, string(body)}
}

// refused requires that the gateway refused the call with this status and code.
func (a answer) refused(t *testing.T, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.status, a.body)
	require.Equal(t, code, a.header.Get("X-Portico-Code"))
	require.Contains(t, a.header.Get("Content-Type"), "application/problem+json")
	var problem struct {
		Status int
		Code   string
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &problem), a.body)
	require.Equal(t, code, problem.Code)
	require.Equal(t, status, problem.Status)
}

// The API receives the caller's identity from Portico alone, and no API key.
func (g *gateway) valid(t *testing.T) {
	app := g.world.newApp(t, g.world.generous)
	for _, key := range [][]string{{"X-API-Key", app.key}, {"Authorization", "Bearer " + app.key}} {
		a := g.call(t, "/rates/eur?on=today", append(key, "X-Portico-Plan", "forged", "X-Portico-Code", "forged", "X-Portico-Account", "forged",
			"X-Portico-Subscription", "forged", "X-Portico-Gateway-Token", "forged", "X-Portico-Cost", "1000000", "X-Portico-Product", "geocoding",
			"X-Portico-Refuse-With", "403", "X-Forwarded-For", "192.0.2.1", "X-Forwarded-Method", "DELETE", "X-Forwarded-Uri", "/places", "X-Other", "stays")...)
		h := a.reached(t)
		require.Equal(t, app.id, h.Get("X-Portico-App"))
		require.Equal(t, app.credential, h.Get("X-Portico-Credential"))
		require.Equal(t, "currency-rates", h.Get("X-Portico-Product"))
		require.Equal(t, "Generous", h.Get("X-Portico-Plan"))
		require.Equal(t, "VALID", h.Get("X-Portico-Code"))
		require.Equal(t, "stays", h.Get("X-Other"))
		require.Empty(t, a.header["Ratelimit"], "there is no limit")
		require.Empty(t, h["X-Portico-Limits"])
		for name, values := range h {
			require.Len(t, values, 1, name)
			if strings.HasPrefix(name, "X-Portico-") {
				require.NotContains(t, values[0], "forged", name)
			}
			require.NotContains(t, values[0], app.key, name)
		}
		for _, name := range []string{"Authorization", "X-Api-Key", "X-Portico-Gateway-Token", "X-Portico-Cost", "X-Portico-Refuse-With"} {
			require.Empty(t, h.Get(name), name)
		}
	}
	a := g.call(t, "/rates", "X-API-Key", app.key, "X-Portico-App", app.id)
	require.Equal(t, app.id, a.reached(t).Get("X-Portico-App"))
	g.call(t, "/rates", "X-API-Key", app.key, "X-Portico-App", "app_0").refused(t, http.StatusForbidden, "NOT_SUBSCRIBED")
}

// CGI and its successors read X_Portico_Account as X-Portico-Account; PHP does that with
// ".", too, and lighttpd with every other character. No such name reaches the API.
func (g *gateway) forgedNames(t *testing.T) {
	app := g.world.newApp(t, g.world.generous)
	plain := regexp.MustCompile("[^a-z0-9]")
	for _, sign := range strings.Split("_.~!#$%&'*+^`|-", "") {
		headers := []string{"X-API-Key", app.key}
		for _, name := range []string{"X?Portico?Account", "X-Portico?Account", "X?Portico-Code", "X?Portico?App", "X?Portico?Limits", "X?PORTICO?Anything"} {
			// A caller may name the app; nginx has no more names than Portico.
			if sign != "-" || name != "X?Portico?App" && name != "X?PORTICO?Anything" {
				headers = append(headers, strings.ReplaceAll(name, "?", sign), "forged")
			}
		}
		h := g.call(t, "/rates", headers...).reached(t)
		var received int
		for name, values := range h {
			if strings.HasPrefix(plain.ReplaceAllString(strings.ToLower(name), "-"), "x-portico-") {
				require.NotContains(t, values, "forged", name)
				received++
			}
		}
		require.Equal(t, 8, received, "%q: %v", sign, h)
	}
	h := g.call(t, "/rates", "X-API-Key", app.key, "X_API_Key", "forged", "X-Api_Key", "forged").reached(t)
	require.NotContains(t, fmt.Sprint(h), "forged")
	h = g.call(t, "/rates", "X-API-Key", app.key, "Connection", "keep-alive, X-Portico-Plan, x-portico-account").reached(t)
	require.Equal(t, "Generous", h.Get("X-Portico-Plan"), "a proxy drops what Connection names")
	require.NotContains(t, strings.ToLower(h.Get("Connection")), "portico")
}

func (g *gateway) noKey(t *testing.T) {
	a := g.call(t, "/rates")
	a.refused(t, http.StatusUnauthorized, "MALFORMED")
	require.Contains(t, a.header.Get("WWW-Authenticate"), "Bearer")
	g.call(t, "/rates", "X-API-Key", "junk").refused(t, http.StatusUnauthorized, "MALFORMED")
}

func (g *gateway) wrongProduct(t *testing.T) {
	app := g.world.newApp(t, g.world.generous)
	g.call(t, "/places", "X-API-Key", app.key).refused(t, http.StatusForbidden, "NOT_SUBSCRIBED")
	g.call(t, "/places/1", "X-API-Key", app.key, "X-Portico-Product", "currency-rates").refused(t, http.StatusForbidden, "NOT_SUBSCRIBED")
}

func (g *gateway) overTheLimit(t *testing.T) {
	app := g.world.newApp(t, g.world.tight)
	for left := 1; left >= 0; left-- {
		a := g.call(t, "/rates", "X-API-Key", app.key)
		a.reached(t)
		require.Contains(t, a.header.Get("RateLimit"), fmt.Sprintf(`"rate";r=%d;`, left))
		require.Contains(t, a.header.Get("RateLimit-Policy"), `"rate";q=2`)
	}
	a := g.call(t, "/rates", "X-API-Key", app.key)
	a.refused(t, http.StatusTooManyRequests, "RATE_LIMITED")
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.Contains(t, a.header.Get("RateLimit"), `"rate";r=0;`)
}

// Callers hear of the end of a product, with calls that pass and with refusals.
func (g *gateway) ending(t *testing.T) {
	app := g.world.newAppOf(t, g.world.places, g.world.free)
	a := g.call(t, "/places", "X-API-Key", app.key)
	a.reached(t)
	require.Regexp(t, `^@\d{10}$`, a.header.Get("Deprecation"))
	require.Equal(t, []string{g.world.sunset.Format(http.TimeFormat)}, a.header["Sunset"])

	other := g.world.newApp(t, g.world.generous)
	a = g.call(t, "/places", "X-API-Key", other.key)
	a.refused(t, http.StatusForbidden, "NOT_SUBSCRIBED")
	require.Equal(t, []string{g.world.sunset.Format(http.TimeFormat)}, a.header["Sunset"])

	a = g.call(t, "/rates", "X-API-Key", other.key, "Deprecation", "@1", "Sunset", "forged")
	a.reached(t)
	require.Empty(t, a.header["Deprecation"], "not what the caller says")
	require.Empty(t, a.header["Sunset"])
	require.Empty(t, g.call(t, "/places").header["Sunset"], "who has no key is told nothing")
}

// Gateways that call Portico refuse the next call. Those that follow the feed refuse as
// soon as they receive the revocation.
func (g *gateway) revoked(t *testing.T) {
	app := g.world.newApp(t, g.world.generous)
	g.call(t, "/rates", "X-API-Key", app.key).reached(t)
	g.world.dev.Do(t, "revokeKey", vars{"credentialId": app.credential}, `credential { status }`)
	a := g.call(t, "/rates", "X-API-Key", app.key)
	if strings.Contains(t.Name(), "/go/") {
		for deadline := time.Now().Add(5 * time.Second); a.status == http.StatusOK && time.Now().Before(deadline); {
			a = g.call(t, "/rates", "X-API-Key", app.key)
		}
	}
	a.refused(t, http.StatusUnauthorized, "REVOKED")
}
