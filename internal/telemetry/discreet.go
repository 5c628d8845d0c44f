package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// discreet exports spans without what tells who asked: the address of a client
// and its browser belong to a person.
type discreet struct{ sdktrace.SpanExporter }

// ExportSpans exports spans.
func (d discreet) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	cleaned := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		cleaned[i] = impersonal{s}
	}
	return d.SpanExporter.ExportSpans(ctx, cleaned)
}

// impersonal is a span without those attributes.
type impersonal struct{ sdktrace.ReadOnlySpan }

// Attributes are those that are left.
func (s impersonal) Attributes() []attribute.KeyValue {
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
