package server

import (
	"bytes"
	"context"
	"log/slog"
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
