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

// Traces exports what requests do; nil does nothing.
type Traces struct{ provider *sdktrace.TracerProvider }

// NewTraces returns the traces that OpenTelemetry's own variables ask for: with
// OTEL_TRACES_EXPORTER, or with the address of a collector in
// OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT. All other
// OTEL_* variables mean what they mean elsewhere. Without any of the three, or
// with OTEL_SDK_DISABLED=true, it returns nil.
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
	return newTraces(ctx, version, sdktrace.NewBatchSpanProcessor(discreet{exporter}))
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

// LogWith sends what the library of OpenTelemetry has to say to a log, as
// warnings; it would write plain lines to standard error. The library has one log
// for the whole process, so only the program itself calls this. The log is asked
// for at each line, for it is chosen later.
func LogWith(log func() *slog.Logger) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log().Warn("OpenTelemetry", "error", err)
	}))
}

func newTraces(ctx context.Context, version string, processor sdktrace.SpanProcessor) (*Traces, error) {
	// What the environment says comes last and wins.
	from, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "portico"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	return &Traces{sdktrace.NewTracerProvider(sdktrace.WithResource(from), sdktrace.WithSpanProcessor(processor))}, nil
}

// Close exports what is left.
func (t *Traces) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Handler traces the requests of a handler, as parts of the caller's trace
// where it names one (traceparent). Health checks are left out. Neither query
// strings nor bodies, where documents and their variables are, come into a span.
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

// route is the path, unless somebody made it up.
func route(path string) string {
	switch path {
	case "/", "/graphql", "/usage.csv", "/playground":
		return path
	}
	return "/*"
}

// OpenPool opens a pool whose statements are traced, by their texts alone: what
// is bound to them never comes into a span. It returns nil where nothing is
// traced.
func (t *Traces) OpenPool() func(driver.Connector) *sql.DB {
	if t == nil {
		return nil
	}
	return func(c driver.Connector) *sql.DB {
		return otelsql.OpenDB(c, otelsql.WithTracerProvider(t.provider), otelsql.WithMeterProvider(metricnoop.NewMeterProvider()),
			otelsql.WithSpanOptions(otelsql.SpanOptions{
				// The database's words on an error may hold a value.
				RecordError:    func(error) bool { return false },
				DisableErrSkip: true, OmitConnResetSession: true, OmitConnPrepare: true, OmitRows: true,
				// Statements of a request, and not the polling that goes on all the time.
				SpanFilter: func(ctx context.Context, _ otelsql.Method, _ string, _ []driver.NamedValue) bool {
					return trace.SpanContextFromContext(ctx).IsValid()
				},
			}))
	}
}

// Name returns the request's span the name of its operation.
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
