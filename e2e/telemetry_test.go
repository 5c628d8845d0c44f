package e2e

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// collector is an OpenTelemetry collector that records the bytes that it receives.
type collector struct {
	mu    sync.Mutex
	bytes strings.Builder
}

// ServeHTTP records spans.
func (c *collector) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			return
		}
		body = unzipped
	}
	text, _ := io.ReadAll(body) // as much as was received
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes.WriteString(r.URL.Path)
	c.bytes.Write(text)
}

func (c *collector) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes.String()
}

// With a collector's address in the environment, spans of requests and statements are sent
// to it, with the operations' names and without the values of variables and arguments.
func TestTracesReachACollector(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, database string) {
		c := &collector{}
		server := httptest.NewServer(c)
		defer server.Close()
		s := servertest.Start(t, database, "OTEL_EXPORTER_OTLP_ENDPOINT="+server.URL, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_BSP_SCHEDULE_DELAY=50")
		dev := s.SignIn(t, "developer@demo.example")
		for range 3 {
			dev.Must(t, `query AppsOfMine { apps(first: 1) { nodes { name } } }`, nil)
		}
		require.Eventually(t, func() bool {
			return strings.Contains(c.text(), "query AppsOfMine") && strings.Contains(c.text(), "FROM")
		},
			20*time.Second, 20*time.Millisecond)
		require.NoError(t, s.Stop())
		all := c.text()
		require.Contains(t, all, "/v1/traces")
		require.Contains(t, all, "portico")
		for _, secret := range []string{servertest.Password, dev.Token, "developer@demo.example"} {
			require.NotContains(t, all, secret)
		}
	})
}

// Errors of OpenTelemetry's library are logged in the log's format.
func TestRefusalOfTheCollectorIsLogged(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	s := servertest.Start(t, testdb.EmptySQLite(t), "PORTICO_LOG=json", "OTEL_EXPORTER_OTLP_ENDPOINT="+server.URL, "OTEL_BSP_SCHEDULE_DELAY=50")
	s.SignIn(t, "developer@demo.example")
	require.Eventually(t, func() bool { return strings.Contains(s.Log(), `"msg":"OpenTelemetry"`) }, 20*time.Second, 20*time.Millisecond)
	require.NoError(t, s.Stop())
	for line := range strings.Lines(s.Log()) {
		require.True(t, strings.HasPrefix(line, "{"), line)
	}
}

// An invalid variable of OpenTelemetry fails the start, with its name and value.
func TestAnUnknownExporterIsRefused(t *testing.T) {
	t.Parallel()
	out, err := servertest.Command(t, testdb.EmptySQLite(t), []string{"OTEL_TRACES_EXPORTER=jaeger"}, "serve").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), `OTEL_TRACES_EXPORTER: "jaeger" is none of otlp, console, none`)
}

// The API's metrics for operators are at /metrics.
func TestMetricsOfTheAPI(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, database string) {
		s := servertest.Start(t, database)
		dev := s.SignIn(t, "developer@demo.example")
		for range 2 {
			dev.Must(t, `query AppsOfMine { apps(first: 1) { nodes { name } } }`, nil)
		}
		s.Anonymous().Send(t, `query Nothing { nothing }`, nil)
		metrics := func() string {
			answer, err := http.Get(s.Ops + "/metrics")
			require.NoError(t, err)
			defer func() { _ = answer.Body.Close() }()
			text, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			return string(text)
		}
		// A job's first run may come after the first request.
		require.Eventually(t, func() bool {
			return strings.Contains(metrics(), `portico_job_runs_total{job="expiries",outcome="ok"} 1`)
		}, 20*time.Second, 20*time.Millisecond)
		all := metrics()
		for _, want := range []string{
			`portico_api_requests_total{kind="query",operation="AppsOfMine",outcome="ok"} 1`,
			`portico_api_request_seconds_count{kind="query",operation="AppsOfMine"} 1`,
			`portico_api_errors_total{code="UNAUTHENTICATED",operation="other"}`,
			"portico_db_connections_max{pool=", "portico_db_waits_total{pool=", "portico_gate_cursor_lag_seconds",
			`portico_job_last_success_timestamp_seconds{job="expiries"}`,
			`portico_lane_size{lane="quick"}`, `portico_lane_used{lane="heavy"} 0`, `portico_lane_waiting{lane="passwords"}`, `portico_lane_refused_total{lane="reads"}`,
			`portico_lane_used{lane="small_answers"}`, `portico_lane_size{lane="batches"}`, `portico_lane_size{lane="exports"}`,
		} {
			require.Contains(t, all, want)
		}
	})
}
