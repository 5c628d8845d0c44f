package server

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"portico/internal/database"
	"portico/internal/gqlhttp"
	"portico/internal/testdb"
)

// serveOps serves the operators' listener with the test's own timeouts.
func serveOps(t *testing.T, timeouts gqlhttp.Timeouts, known ...string) (address string) {
	t.Helper()
	d, err := database.Open(t.Context(), testdb.SQLite(t), database.Options{})
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := gqlhttp.Server("", ops(prometheus.NewRegistry(), newReadiness(d, done()), known), timeouts)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-ended, http.ErrServerClosed)
		require.NoError(t, d.Close())
	})
	return l.Addr().String()
}

func opsStatus(t *testing.T, address, host, path string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	require.NoError(t, err)
	r.Host = host
	return send(t, r)
}

func send(t *testing.T, r *http.Request) (status int, body string) {
	t.Helper()
	w, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return w.StatusCode, string(text)
}

// A page of another origin that resolves its own name to this address can read
// nothing.
func TestOpsRefusesForeignHosts(t *testing.T) {
	address := serveOps(t, gqlhttp.DefaultTimeouts(), "ops.internal", "192.0.2.1")
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	for _, host := range []string{
		address, "localhost", "localhost:" + port, "LOCALHOST.:1", "127.0.0.1", "127.8.9.1:80", "[::1]:" + port, "[::ffff:127.0.0.1]", "ops.internal", "Ops.Internal:8082", "192.0.2.1:8082",
	} {
		for _, path := range []string{"/metrics", "/healthz", "/readyz", "/debug/pprof/", "/debug/pprof/heap"} {
			status, _ := opsStatus(t, address, host, path)
			require.Equal(t, http.StatusOK, status, "%s %s", host, path)
		}
	}
	for _, host := range []string{
		"evil.example", "evil.example:" + port, "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost", "10.0.0.1", "192.0.2.2:8082", "[2001:db8::1]:80", "0.0.0.0", "ops.internal.evil.example",
	} {
		for _, path := range []string{"/metrics", "/healthz", "/readyz", "/debug/pprof/", "/debug/pprof/heap", "/nothing"} {
			status, body := opsStatus(t, address, host, path)
			require.Equal(t, http.StatusMisdirectedRequest, status, "%s %s", host, path)
			require.Contains(t, body, "PORTICO_OPS_HOSTS")
		}
	}
}

// The command line is not served under any of its names.
func TestOpsHidesTheCommandLine(t *testing.T) {
	address := serveOps(t, gqlhttp.DefaultTimeouts())
	for _, path := range []string{"/debug/pprof/cmdline", "/debug/pprof/cmdline/", "/debug/pprof//cmdline", "/debug//pprof/cmdline", "/debug/pprof/./cmdline", "/debug/pprof/%63mdline", "/debug/pprof/cmdline?debug=1"} {
		status, body := opsStatus(t, address, "localhost", path)
		require.Equal(t, http.StatusNotFound, status, path)
		require.NotContains(t, body, filepath.Base(os.Args[0]), path)
	}
}

// A slow client is disconnected, whichever part of its request is slow.
func TestOpsDisconnectsSlowClients(t *testing.T) {
	short := gqlhttp.Timeouts{Header: 50 * time.Millisecond, Read: 100 * time.Millisecond, Write: time.Second, Idle: 100 * time.Millisecond}
	address := serveOps(t, short)
	for name, begin := range map[string]string{
		"nothing":                  "",
		"a head":                   "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
		"a body":                   "GET /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
		"chunks":                   "POST /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
		"a profile's body":         "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
		"a trace's body":           "POST /debug/pprof/trace?seconds=0.01 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
		"an unknown client's body": "GET /metrics HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 100\r\n\r\n{",
		"an idle one":              "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", address)
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, begin)
			require.NoError(t, err)
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(30*time.Second)))
			_, err = io.ReadAll(conn)
			require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the server did not cut the connection")
		})
	}
}

// A profile may take longer than a request may take to arrive.
func TestProfilesMayOutlastTheReadTimeout(t *testing.T) {
	short := gqlhttp.Timeouts{Header: 10 * time.Second, Read: 10 * time.Second, Write: 500 * time.Millisecond, Idle: time.Second}
	address := serveOps(t, short)
	status, body := opsStatus(t, address, "localhost", "/debug/pprof/allocs?seconds=1")
	require.Equal(t, http.StatusOK, status, body)
}

// A profile of hours would slow the program down for as long.
func TestProfilesAreBounded(t *testing.T) {
	address := serveOps(t, gqlhttp.DefaultTimeouts())
	for _, name := range []string{"profile", "trace", "heap", "allocs", "goroutine", ""} {
		for _, seconds := range []string{"61", "60.5", "3600", "1e9", "-1", "0", "NaN", "Inf", "x", "1&seconds=3600", "&seconds=1", "99999999999999999999"} {
			status, body := opsStatus(t, address, "localhost", "/debug/pprof/"+name+"?seconds="+seconds)
			require.Equal(t, http.StatusBadRequest, status, "%s of %s: %s", name, seconds, body)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/debug/pprof/"+name, strings.NewReader("seconds=3600"))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		status, _ := send(t, r)
		require.Equal(t, http.StatusMethodNotAllowed, status, name)
	}
}

func TestOneProfileAtATime(t *testing.T) {
	begun, end, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	const profilePath = "/debug/pprof/profile"
	h := limitProfiles()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == profilePath {
			begun <- struct{}{}
			<-end
		}
	}))
	ask := func(path string) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code
	}
	go func() { ask(profilePath); close(ended) }()
	<-begun
	require.Equal(t, http.StatusServiceUnavailable, ask(profilePath))
	require.Equal(t, http.StatusServiceUnavailable, ask("/debug/pprof/heap?seconds=5"))
	require.Equal(t, http.StatusServiceUnavailable, ask("/debug/pprof/goroutine?debug=2"), "that is there at once, and large")
	close(end)
	<-ended
	require.Equal(t, http.StatusOK, ask("/debug/pprof/heap?seconds=5"))
}
