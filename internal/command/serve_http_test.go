package command

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
	"portico/internal/testdb/freeport"
)

func TestPages(t *testing.T) {
	s := start(t, demo(t, testdb.EmptySQLite(t))...)
	for path, want := range map[string]int{"/": 302, "/healthz": 200, "/readyz": 200, "/playground": 200, "/nothing": 404} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, s.url+path, nil)
		require.NoError(t, err)
		w, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		require.NoError(t, w.Body.Close())
		require.Equal(t, want, w.StatusCode, path)
		require.NotEmpty(t, w.Header.Get("Content-Security-Policy"), path)
		require.Equal(t, "nosniff", w.Header.Get("X-Content-Type-Options"), path)
	}
	_, page := s.get(t, "/playground")
	require.Contains(t, page, "developer@demo.example")
}

func TestOtherOrigins(t *testing.T) {
	url, ring := testdb.EmptySQLite(t), newRing(t)
	allowed := func(s *running, origin string) string {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, s.url+"/graphql", nil)
		require.NoError(t, err)
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", http.MethodPost)
		r.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
		w, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		require.NoError(t, w.Body.Close())
		require.Empty(t, w.Header.Get("Access-Control-Allow-Credentials"))
		return w.Header.Get("Access-Control-Allow-Origin")
	}
	flags := []string{"--database-url=" + url, "--keyring=" + ring}
	closed := start(t, flags...)
	require.Empty(t, allowed(closed, "http://localhost:3000"))
	open := start(t, append(flags, "--allowed-origins=https://portal.example.com")...)
	require.Equal(t, "https://portal.example.com", allowed(open, "https://portal.example.com"))
	require.Empty(t, allowed(open, "https://portal.example.com.evil.example"))
	dev := start(t, demo(t, testdb.EmptySQLite(t))...)
	require.Equal(t, "http://localhost:3000", allowed(dev, "http://localhost:3000"))
	require.Empty(t, allowed(dev, "https://evil.example"))
}

// A starting server waits for a database that is down.
func TestServerWaitsForTheDatabase(t *testing.T) {
	url, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("there is no Postgres")
	}
	address := freeport.Address(t)
	at := strings.Index(url, "@") + 1
	end := at + strings.Index(url[at:], "/")
	s := launch(t, demo(t, url[:at]+address+url[end:])...)
	require.Eventually(t, func() bool { return strings.Contains(s.log.String(), "the database does not answer") }, waitLong, waitStep)
	forward(t, address, url[at:end])
	select {
	case where := <-s.log.serving:
		s.url = "http://" + where
	case err := <-s.done:
		require.FailNow(t, "the program ended", "%v\n%s", err, s.log)
	}
	s.signIn(t, "admin@demo.example", "portico-demo")
}

// forward forwards connections from one address to another until the test ends.
func forward(t *testing.T, from, to string) {
	t.Helper()
	l, err := net.Listen("tcp", from)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			carry := func(w, r net.Conn) { _, _ = io.Copy(w, r); _ = w.Close() }
			go carry(near, far)
			go carry(far, near)
		}
	}()
}

// Every listener has the same limits.
func TestListenersHaveTheSameLimits(t *testing.T) {
	s := start(t, demo(t, testdb.EmptySQLite(t))...)
	for _, path := range []string{"/healthz", "/graphql", "/usage.csv", "/nothing"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		require.NoError(t, err)
		_, err = io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		require.NoError(t, err)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(30*time.Second)))
		text, err := io.ReadAll(conn)
		require.NoError(t, err, path)
		require.Equal(t, 1, strings.Count(string(text), "HTTP/1.1 "), "%s: %s", path, text)
		require.Contains(t, string(text), "Connection: close", path)
		require.NoError(t, conn.Close())
	}
}
