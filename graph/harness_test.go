package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/graph"
	"portico/internal/auth"
	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// server is the schema over a fresh database, behind authentication: what the
// program serves at /graphql, without the rest of the program.
type server struct {
	*portaltest.Fixture
	calls    *calls
	observed *observations
	handler  http.Handler
}

func newServer(t testing.TB, url string, o database.Options) *server {
	t.Helper()
	f := portaltest.NewWith(t, url, o)
	s := &server{Fixture: f, calls: newCalls(f)}
	return s.serving(t, graph.NewHandler)
}

// serving returns the same server with another handler.
func (s *server) serving(t testing.TB, build func(graph.Options) (http.Handler, error)) *server {
	t.Helper()
	o := newObservations(t)
	return &server{Fixture: s.Fixture, calls: s.calls, observed: o, handler: o.observing(t, s.unobserved(t, build))}
}

// unobserved returns another handler of the same server, as serving does, whose
// answers are not recorded.
func (s *server) unobserved(t testing.TB, build func(graph.Options) (http.Handler, error)) http.Handler {
	t.Helper()
	api, err := build(graph.Options{
		Portal: s.Portal, Entities: s.Portal.Entities(), Devices: auth.DeviceCookie{}, Refresh: auth.SessionCookie{}, Gate: s.calls.verifier, Counts: s.calls.reports, Quotas: s.calls.intake, PublicURL: "https://api.example", Version: "test", Log: slog.New(slog.DiscardHandler),
		RequestID: func(context.Context) string { return "request" },
		Incomplete: func(_ context.Context, field string, k nodeid.Kind) {
			t.Errorf("%s answers with a %s that was read without columns that are asked for", field, k)
		},
	})
	require.NoError(t, err)
	who := &auth.Authenticator{
		Tokens: s.Tokens, Machines: auth.NewMachineTokens(s.Ring), Directory: s.Directory,
		RequestID: func(context.Context) string { return "request" },
	}
	return who.Middleware(api)
}

// token returns an access token of the person of a context.
func (s *server) token(t testing.TB, ctx context.Context) string {
	t.Helper()
	v := viewer.Current(ctx)
	token, _, err := s.Tokens.Issue(v.UserID, v.OrganizationID, v.SessionID)
	require.NoError(t, err)
	return token
}

// answer is a decoded response.
type answer struct {
	Data   map[string]any
	Errors []failure
	raw    string
}

// failure is a top-level error.
type failure struct {
	Message    string
	Path       []any
	Extensions map[string]any
}

// data returns the answer's data as JSON.
func (a answer) data(t testing.TB) string {
	t.Helper()
	text, err := json.Marshal(a.Data)
	require.NoError(t, err)
	return string(text)
}

// ask sends a document with a bearer token; "" sends none.
func (s *server) ask(t testing.TB, token, document string, vars map[string]any) answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": document, "variables": vars})
	require.NoError(t, err)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	var a answer
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &a), w.Body.String())
	a.raw = w.Body.String()
	for _, e := range a.Errors {
		code, _ := e.Extensions["code"].(string)
		reason, _ := e.Extensions["reason"].(string)
		require.Contains(t, fault.Kinds(), fault.Kind{Code: fault.Code(code), Reason: fault.Reason(reason)}, a.raw)
	}
	return a
}
