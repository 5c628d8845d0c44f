package gateways

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/pathmatch/tricks"
)

// raw sends a request whose target or headers no client of the standard library would
// send. The connection stays open.
func (g *gateway) raw(t *testing.T, method, target string, headers ...string) (*http.Response, net.Conn, *bufio.Reader) {
	t.Helper()
	address := strings.TrimPrefix(g.url, "http://")
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, target, address)
	for i := 0; i < len(headers); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", headers[i], headers[i+1])
	}
	_, err = conn.Write([]byte(b.String() + "\r\n"))
	require.NoError(t, err)
	read := bufio.NewReader(conn)
	w, err := http.ReadResponse(read, nil)
	require.NoError(t, err, target)
	return w, conn, read
}

// A path that the API would interpret as another product's does not reach it, and neither
// does one that servers interpret differently.
func (g *gateway) pathTricks(t *testing.T) {
	if strings.Contains(t.Name(), "/go/") {
		t.Skip("which paths reach which Gate is the program's to say; clients/go/gate plays the table with endpoints")
	}
	app := g.world.newApp(t, g.world.generous)
	for _, target := range append(tricks.Targets("/rates"), "/rates/..%2f..%2fplaces") {
		w, conn, _ := g.raw(t, http.MethodGet, strings.Replace(target, "http://h", g.url, 1), "X-API-Key", app.key, "Connection", "close")
		require.NoError(t, conn.Close())
		require.Empty(t, w.Header.Get("Got-Target"), "%q reached the API", target)
		require.True(t, w.StatusCode >= 400 && w.StatusCode < 500, "%q: %d", target, w.StatusCode)
	}
}

// A request with two hosts is interpreted differently by different servers.
func (g *gateway) twoHosts(t *testing.T) {
	app := g.world.newApp(t, g.world.generous)
	w, conn, _ := g.raw(t, http.MethodGet, "/rates", "Host", "other.example", "X-API-Key", app.key, "Connection", "close")
	require.NoError(t, conn.Close())
	require.Equal(t, http.StatusBadRequest, w.StatusCode)
}

// Unambiguous paths pass unchanged.
func (g *gateway) clearPaths(t *testing.T) {
	if strings.Contains(t.Name(), "/go/") {
		t.Skip("this gateway passes no escapes")
	}
	app := g.world.newApp(t, g.world.generous)
	for _, after := range tricks.Clear() {
		w, conn, _ := g.raw(t, http.MethodGet, "/rates"+after, "X-API-Key", app.key, "Connection", "close")
		require.NoError(t, conn.Close())
		require.Equal(t, http.StatusOK, w.StatusCode, after)
		require.Equal(t, "/rates"+after, w.Header.Get("Got-Target"))
	}
}

// The configurations contain exactly the patterns of package tricks.
func TestEveryConfigurationHasThePatterns(t *testing.T) {
	for _, name := range []string{"nginx/portico.conf.template", "caddy/Caddyfile", "haproxy/haproxy.cfg", "envoy/envoy.yaml"} {
		text, err := os.ReadFile("../../deploy/gateways/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, pattern := range []string{tricks.Allowed, tricks.Denied} {
			if !strings.Contains(string(text), pattern) {
				t.Errorf("%s does not have %s", name, pattern)
			}
		}
	}
}
