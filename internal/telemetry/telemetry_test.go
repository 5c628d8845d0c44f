package telemetry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestRequestsAreCountedByTheirNames(t *testing.T) {
	r := prometheus.NewRegistry()
	m := NewRequests(r)
	m.Observe(Request{Operation: "AppPage", Kind: "query"})
	m.Observe(Request{Operation: "AppPage", Kind: "query", Known: true})
	m.Observe(Request{Operation: "AppPage", Kind: "query", Known: true, Codes: []string{"NOT_FOUND"}})
	m.Observe(Request{Codes: []string{"BAD_USER_INPUT"}})
	require.NoError(t, testutil.GatherAndCompare(r, strings.NewReader(`
# HELP portico_api_requests_total Requests of the GraphQL API, by operation name, kind (query, mutation, or refused) and outcome (ok or error).
# TYPE portico_api_requests_total counter
portico_api_requests_total{kind="query",operation="AppPage",outcome="error"} 1
portico_api_requests_total{kind="query",operation="AppPage",outcome="ok"} 1
portico_api_requests_total{kind="query",operation="other",outcome="ok"} 1
portico_api_requests_total{kind="refused",operation="other",outcome="error"} 1
# HELP portico_api_errors_total Top-level errors in the answers of the GraphQL API, by operation name and code.
# TYPE portico_api_errors_total counter
portico_api_errors_total{code="BAD_USER_INPUT",operation="other"} 1
portico_api_errors_total{code="NOT_FOUND",operation="AppPage"} 1
`), "portico_api_requests_total", "portico_api_errors_total"))
}

// Clients choose names, but the number of metrics is bounded.
func TestNamesAreBounded(t *testing.T) {
	r := prometheus.NewRegistry()
	m := NewRequests(r)
	for i := range 3 * maxOperations {
		m.Observe(Request{Operation: fmt.Sprintf("Operation%d", i), Kind: "query", Known: true, Codes: []string{"INTERNAL"}})
		m.Observe(Request{Operation: "AppPage", Kind: "query", Known: true})
	}
	require.Equal(t, maxOperations, testutil.CollectAndCount(m.count))
	require.Equal(t, maxOperations-1, testutil.CollectAndCount(m.errors))
	require.Equal(t, float64(3*maxOperations), testutil.ToFloat64(m.count.WithLabelValues("AppPage", "query", "ok")), "what is used stays")
}

func TestExpiredRequestsAreCounted(t *testing.T) {
	r := prometheus.NewRegistry()
	count := NewExpiredRequests(r)
	count(0)
	count(3)
	require.NoError(t, testutil.GatherAndCompare(r, strings.NewReader(`
# HELP portico_requests_expired_total Subscriptions, changes of plan and requests for keys that this server ended because nobody decided about them in time.
# TYPE portico_requests_expired_total counter
portico_requests_expired_total 3
`)))
}

func TestUncollectedKeysAreCounted(t *testing.T) {
	r := prometheus.NewRegistry()
	count := NewUncollectedKeys(r)
	count(0)
	count(3)
	require.NoError(t, testutil.GatherAndCompare(r, strings.NewReader(`
# HELP portico_keys_uncollected_total Requests for keys that this server ended because nobody collected their key in time.
# TYPE portico_keys_uncollected_total counter
portico_keys_uncollected_total 3
`)))
}

func TestStatementsAreCounted(t *testing.T) {
	r := prometheus.NewRegistry()
	s := NewStatements(r)
	s.Done(3, 2)
	s.Waits(4, time.Unix(1_700_000_000, 0))
	value := func(name string) string {
		all, err := r.Gather()
		require.NoError(t, err)
		for _, f := range all {
			if f.GetName() == name {
				return fmt.Sprint(f.GetMetric()[0].GetCounter().GetValue() + f.GetMetric()[0].GetGauge().GetValue())
			}
		}
		return "none"
	}
	require.Equal(t, []string{"3", "2", "4", "1.7e+09"}, []string{value("portico_statement_lines_settled_total"), value("portico_statements_closed_total"), value("portico_statement_lines_waiting"), value("portico_statement_lines_oldest_end_timestamp_seconds")})
	s.Waits(0, time.Time{})
	require.Equal(t, "0", value("portico_statement_lines_oldest_end_timestamp_seconds"))
}

func TestProductEndingsAreCounted(t *testing.T) {
	r := prometheus.NewRegistry()
	count := NewProductEndings(r)
	count("retired")
	count("retired")
	count("announced")
	require.NoError(t, testutil.GatherAndCompare(r, strings.NewReader(`
# HELP portico_product_endings_total Products that this server deprecated or retired because their time had come, and notices of retirements.
# TYPE portico_product_endings_total counter
portico_product_endings_total{step="announced"} 1
portico_product_endings_total{step="deprecated"} 0
portico_product_endings_total{step="retired"} 2
`)))
}

func TestJobsAreCounted(t *testing.T) {
	r := prometheus.NewRegistry()
	m := NewJobs(r)
	require.NoError(t, m.Watch("purge", func(context.Context) error { return nil })(t.Context()))
	require.Error(t, m.Watch("purge", func(context.Context) error { return errors.New("broken") })(t.Context()))
	require.Panics(t, func() { _ = m.Watch("purge", func(context.Context) error { panic("broken") })(t.Context()) })
	require.Equal(t, 1.0, testutil.ToFloat64(m.runs.WithLabelValues("purge", "ok")))
	require.Equal(t, 2.0, testutil.ToFloat64(m.runs.WithLabelValues("purge", "error")))
	require.Positive(t, testutil.ToFloat64(m.success.WithLabelValues("purge")))
}

func TestPoolsAreShown(t *testing.T) {
	r := prometheus.NewRegistry()
	NewPools(r, func() map[string]sql.DBStats {
		return map[string]sql.DBStats{"writer": {InUse: 1, Idle: 2, MaxOpenConnections: 3, WaitCount: 4, WaitDuration: 5e9}}
	})
	require.NoError(t, testutil.GatherAndCompare(r, strings.NewReader(`
# HELP portico_db_connections_used Database connections at work.
# TYPE portico_db_connections_used gauge
portico_db_connections_used{pool="writer"} 1
# HELP portico_db_wait_seconds_total How long connections were waited for, in all.
# TYPE portico_db_wait_seconds_total counter
portico_db_wait_seconds_total{pool="writer"} 5
`), "portico_db_connections_used", "portico_db_wait_seconds_total"))
}

func TestLanesAreShown(t *testing.T) {
	r := prometheus.NewRegistry()
	NewLanes(r).Add(map[string]Load{"heavy": func() (used, size, waiting, refused int64) { return 1, 2, 3, 4 }})
	require.NoError(t, testutil.GatherAndCompare(r, strings.NewReader(`
# HELP portico_lane_refused_total How many found no place in a lane in time, or too many waiting.
# TYPE portico_lane_refused_total counter
portico_lane_refused_total{lane="heavy"} 4
# HELP portico_lane_size How much fits into a lane at once.
# TYPE portico_lane_size gauge
portico_lane_size{lane="heavy"} 2
# HELP portico_lane_used How much of a lane, which bounds the work that runs at once, is in use.
# TYPE portico_lane_used gauge
portico_lane_used{lane="heavy"} 1
# HELP portico_lane_waiting How many wait for a place in a lane.
# TYPE portico_lane_waiting gauge
portico_lane_waiting{lane="heavy"} 3
`)))
}

func TestTracesAreOffByDefault(t *testing.T) {
	for name, c := range map[string]struct {
		environment map[string]string
		want        bool
	}{
		"nothing":           {nil, false},
		"exporter":          {map[string]string{"OTEL_TRACES_EXPORTER": "console"}, true},
		"no exporter":       {map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, false},
		"collector":         {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, true},
		"traces' collector": {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1"}, true},
		"disabled":          {map[string]string{"OTEL_SDK_DISABLED": "TRUE", "OTEL_TRACES_EXPORTER": "console"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, v := range []string{"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
				t.Setenv(v, c.environment[v])
			}
			traces, err := NewTraces(t.Context(), "v1")
			require.NoError(t, err)
			require.Equal(t, c.want, traces != nil)
			require.Equal(t, c.want, traces.OpenPool() != nil)
		})
	}
}

// A span has the operation's name and belongs to the caller's trace; nothing of
// the query string is in any span.
func TestSpans(t *testing.T) {
	seen := tracetest.NewInMemoryExporter()
	traces, err := newTraces(t.Context(), "v1", sdktrace.NewSimpleSpanProcessor(anonymousExporter{seen}))
	require.NoError(t, err)
	h := traces.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Name(r.Context(), Request{Operation: "AppPage", Kind: "query", Known: true, Codes: []string{"NOT_FOUND"}})
	}))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/graphql?query=geheim", nil)
	r.Header.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	r.Header.Set("X-Forwarded-For", "203.0.113.7")
	r.Header.Set("User-Agent", "geheim")
	h.ServeHTTP(httptest.NewRecorder(), r)
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	spans := seen.GetSpans()
	require.Len(t, spans, 1)
	require.Equal(t, "query AppPage", spans[0].Name)
	require.Equal(t, "0af7651916cd43dd8448eb211c80319c", spans[0].SpanContext.TraceID().String())
	require.NotEmpty(t, spans[0].Attributes)
	for _, secret := range []string{"geheim", "203.0.113.7", "192.0.2.1"} { // the last one is httptest's peer
		require.NotContains(t, fmt.Sprint(spans[0].Attributes), secret)
	}
}
