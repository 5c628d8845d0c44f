package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// anonymousExporter exports spans without the attributes that identify the client: its
// address and browser are personal data.
type anonymousExporter struct{ sdktrace.SpanExporter }

// ExportSpans exports spans.
func (d anonymousExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	cleaned := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		cleaned[i] = anonymousSpan{s}
	}
	return d.SpanExporter.ExportSpans(ctx, cleaned)
}

// anonymousSpan is a span without those attributes.
type anonymousSpan struct{ sdktrace.ReadOnlySpan }

// Attributes returns the remaining attributes.
func (s anonymousSpan) Attributes() []attribute.KeyValue {
	var left []attribute.KeyValue
	for _, a := range s.ReadOnlySpan.Attributes() {
		switch a.Key {
		case "client.address", "client.port", "network.peer.address", "network.peer.port", "user_agent.original":
		default:
			left = append(left, a)
		}
	}
	return left
}
