package telemetry

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Traces exports the spans of requests; nil exports nothing.
type Traces struct{ provider *sdktrace.TracerProvider }

// NewTraces returns the traces that OpenTelemetry's own variables configure:
// OTEL_TRACES_EXPORTER, or the URL of a collector in OTEL_EXPORTER_OTLP_ENDPOINT
// or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT. All other OTEL_* variables have their
// usual meaning. Without any of the three, or with OTEL_SDK_DISABLED=true, it
// returns nil.
func NewTraces(ctx context.Context, version string) (*Traces, error) {
	if !wanted(os.Getenv) {
		return nil, nil
	}
	if err := Check(os.Getenv); err != nil {
		return nil, err
	}
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return nil, err
	}
	return newTraces(ctx, version, sdktrace.NewBatchSpanProcessor(anonymousExporter{exporter}))
}

func wanted(getenv func(string) string) bool {
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return false
	}
	if exporter := getenv("OTEL_TRACES_EXPORTER"); exporter != "" {
		return exporter != "none"
	}
	return getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// LogWith logs the messages of OpenTelemetry's library as warnings; by default
// it writes plain lines to standard error. The library has one logger for the
// whole process, so only the program itself calls this. log is called for each
// line, because the logger is configured later.
func LogWith(log func() *slog.Logger) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log().Warn("OpenTelemetry", "error", err)
	}))
}

func newTraces(ctx context.Context, version string, processor sdktrace.SpanProcessor) (*Traces, error) {
	// The environment's attributes come last and take precedence.
	from, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "portico"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	return &Traces{sdktrace.NewTracerProvider(sdktrace.WithResource(from), sdktrace.WithSpanProcessor(processor))}, nil
}

// Close exports the remaining spans.
func (t *Traces) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Handler traces the requests of a handler, as parts of the caller's trace if
// there is one (traceparent). Health checks are omitted. Spans contain neither
// query strings nor bodies, which have documents and their variables.
func (t *Traces) Handler(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return otelhttp.NewHandler(next, "portico",
		otelhttp.WithTracerProvider(t.provider), otelhttp.WithMeterProvider(metricnoop.NewMeterProvider()),
		otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})),
		otelhttp.WithFilter(func(r *http.Request) bool { return r.URL.Path != "/healthz" && r.URL.Path != "/readyz" }),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return r.Method + " " + route(r.URL.Path) }))
}

// route returns the path if the server knows it; clients may send any.
func route(path string) string {
	switch path {
	case "/", "/graphql", "/schema.graphql", "/usage.csv", "/playground":
		return path
	}
	if strings.HasPrefix(path, "/v1/exports/") {
		return "/v1/exports/{list}"
	}
	return "/*"
}

// OpenPool returns a func that opens a pool whose statements are traced by their
// text only: spans never contain arguments. It returns nil if nothing is traced.
func (t *Traces) OpenPool() func(driver.Connector) *sql.DB {
	if t == nil {
		return nil
	}
	return func(c driver.Connector) *sql.DB {
		return otelsql.OpenDB(c, otelsql.WithTracerProvider(t.provider), otelsql.WithMeterProvider(metricnoop.NewMeterProvider()),
			otelsql.WithSpanOptions(otelsql.SpanOptions{
				// The database's error messages may contain a value.
				RecordError:    func(error) bool { return false },
				DisableErrSkip: true, OmitConnResetSession: true, OmitConnPrepare: true, OmitRows: true,
				// Trace the statements of requests, not the constant polling.
				SpanFilter: func(ctx context.Context, _ otelsql.Method, _ string, _ []driver.NamedValue) bool {
					return trace.SpanContextFromContext(ctx).IsValid()
				},
			}))
	}
}

// Name sets the name of the request's span to that of its operation.
func Name(ctx context.Context, r Request) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() || r.Kind == "" {
		return
	}
	if r.Operation != "" && r.Known {
		span.SetName(r.Kind + " " + r.Operation)
		span.SetAttributes(attribute.String("graphql.operation.name", r.Operation))
	}
	span.SetAttributes(attribute.String("graphql.operation.type", r.Kind))
	if len(r.Codes) > 0 {
		span.SetAttributes(attribute.StringSlice("portico.error.codes", r.Codes))
	}
}
