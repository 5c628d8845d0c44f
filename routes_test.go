package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/database"
	"portico/internal/keyring"
	"portico/internal/testdb"
)

func TestRequestsHaveIDs(t *testing.T) {
	for given, kept := range map[string]bool{
		"mine-1.2_3": true, strings.Repeat("x", 64): true,
		"": false, strings.Repeat("x", 65): false, "a b": false, "ü": false, "a\tb": false, `"`: false,
	} {
		var inside string
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(requestIDHeader, given)
		withRequestID(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { inside = requestID(r.Context()) })).ServeHTTP(w, r)
		require.Equal(t, inside, w.Header().Get(requestIDHeader))
		require.Equal(t, kept, inside == given, given)
		require.NotEmpty(t, inside)
	}
}

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	broken := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret cause") })
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/graphql?token=geheim", strings.NewReader("geheim"))
	r.Header.Set("Authorization", "Bearer geheim")
	withRequestID(logRequests(logger)(recoverPanics(logger)(broken))).ServeHTTP(w, r)
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Contains(t, w.Body.String(), `"code":"INTERNAL"`)
	require.Contains(t, w.Body.String(), w.Header().Get(requestIDHeader))
	require.NotContains(t, w.Body.String(), "secret cause")
	require.Contains(t, log.String(), "secret cause")
	require.Contains(t, log.String(), `"path":"/graphql","status":500`)
	require.Regexp(t, `"durationMs":\d+(\.\d{1,3})?,`, log.String())
	require.NotContains(t, log.String(), "geheim")
}

// The log has durations in milliseconds, whatever its format.
func TestDurationsHaveOneUnit(t *testing.T) {
	require.InDelta(t, 1500.25, toMilliseconds(1500*time.Millisecond+250*time.Microsecond), 0)
	var log bytes.Buffer
	logRequests(slog.New(slog.NewTextHandler(&log, nil)))(http.HandlerFunc(liveness)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	require.Regexp(t, `durationMs=\d+(\.\d{1,3})? `, log.String())
}

func TestAbortedAnswersStayAborted(t *testing.T) {
	abort := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	require.PanicsWithValue(t, http.ErrAbortHandler, func() {
		recoverPanics(slog.New(slog.DiscardHandler))(abort).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	})
}

// newReadiness returns the readiness of a server whose secrets match the
// database.
func newReadiness(d *database.DB, loaded <-chan struct{}) *readiness {
	return &readiness{database: d, loaded: loaded,
		secrets: &secretsCheck{database: d, ring: keyring.ForTest(), log: slog.New(slog.DiscardHandler)}}
}

func TestReadiness(t *testing.T) {
	ask := func(s *readiness) (int, string) {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		return w.Code, w.Body.String()
	}
	testdb.Each(t, func(t *testing.T, url string) {
		s := newReadiness(testdb.Open(t, url), done())
		status, _ := ask(s)
		require.Equal(t, http.StatusOK, status)
		s.detail = func(context.Context) string { return "the cache is silent" }
		status, body := ask(s)
		require.Equal(t, http.StatusOK, status, "what is only to be looked at keeps no requests away")
		require.JSONEq(t, `{"status": "ok", "reason": "the cache is silent"}`, body)
		s.draining.Store(true)
		status, body = ask(s)
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Contains(t, body, "stopping")
	})
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		status, body := ask(newReadiness(testdb.Open(t, url), done()))
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Contains(t, body, "lacks a migration")
	})
	t.Run("closed", func(t *testing.T) {
		d, err := database.Open(t.Context(), testdb.SQLite(t), database.Options{})
		require.NoError(t, err)
		require.NoError(t, d.Close())
		status, body := ask(newReadiness(d, done()))
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Contains(t, body, "does not answer")
	})
}

func TestAStoppingServerClosesConnections(t *testing.T) {
	var s readiness
	h := s.closeConnections(http.HandlerFunc(liveness))
	for _, want := range []string{"", "close"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
		require.Equal(t, want, w.Header().Get("Connection"))
		s.draining.Store(true)
	}
}

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
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := reserved.Addr().String()
	require.NoError(t, reserved.Close())
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

// done returns a closed channel.
func done() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// However many concurrent requests ask for readiness, the database is queried
// by one.
func TestConcurrentReadinessChecksShareOneQuery(t *testing.T) {
	asking, answer := make(chan struct{}, 100), make(chan struct{})
	d, err := database.Open(t.Context(), testdb.SQLite(t), database.Options{OnStatement: func(context.Context, string) {
		asking <- struct{}{}
		<-answer
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	s := newReadiness(d, done())
	first := make(chan string)
	go func() { first <- s.notReadyReason(t.Context()) }()
	<-asking
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 {
		require.Equal(t, "the database does not answer", s.notReadyReason(gone))
	}
	for range 10_000 {
		runtime.Gosched() // let a request that would query by itself do so
	}
	require.Empty(t, asking, "nobody else has asked it")
	close(answer)
	require.Empty(t, <-first)
	require.Empty(t, s.notReadyReason(t.Context()))
}

func TestAServerIsReadyWhenItsKeysAreLoaded(t *testing.T) {
	s := newReadiness(testdb.Open(t, testdb.SQLite(t)), make(chan struct{}))
	require.Equal(t, "the keys are being loaded", s.notReadyReason(t.Context()))
	s.loaded = done()
	require.Empty(t, s.notReadyReason(t.Context()))
}
