package auth

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/fault"
)

// No cache keeps a refusal, whatever its status; only a refused token asks for
// another one.
func TestRefusalsByTheirStatus(t *testing.T) {
	for code, want := range map[fault.Code]int{
		fault.CodeForbidden: http.StatusForbidden, fault.CodeUnavailable: http.StatusServiceUnavailable, fault.CodeUnauthenticated: http.StatusUnauthorized,
	} {
		w := httptest.NewRecorder()
		writeRefusal(t.Context(), w, httptest.NewRequest(http.MethodPost, "/graphql", nil), fault.New(code, fault.ReasonSignInFailures, "No."))
		require.Equal(t, want, w.Code, code)
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"), code)
		require.Equal(t, want == http.StatusUnauthorized, w.Header().Get("WWW-Authenticate") != "", code)
		require.Equal(t, want == http.StatusServiceUnavailable, w.Header().Get("Retry-After") != "", code)
	}
}

// An outage is an error in the log, and what a client did wrong is not.
func TestRefusalsAreLogged(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	w := newHarness()
	w.send(func(r *http.Request) { r.Header.Set("Authorization", "Bearer nonsense") })
	require.Contains(t, log.String(), `"level":"DEBUG"`)
	require.Contains(t, log.String(), "req-1")
	require.NotContains(t, log.String(), `"level":"ERROR"`)
	require.NotContains(t, log.String(), "nonsense", "tokens stay out of the log")
	log.Reset()
	w.directory.err = errors.New("the database is away")
	token, _, _ := w.Machines.New()
	w.send(func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) })
	require.Contains(t, log.String(), `"level":"ERROR"`)
	require.Contains(t, log.String(), "the database is away")
}
