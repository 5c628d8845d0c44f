package gqlhttp

import (
	"context"
	"fmt"
	"time"
)

// Observation describes a request after it was answered. It contains nothing of
// its variables.
type Observation struct {
	// Operation is the operation's name, which the client has chosen; empty if
	// it has none. Kind is query or mutation; empty if the document was refused.
	Operation, Kind string
	// Known reports whether the document was cached, and requested before.
	Known bool
	// Codes are the codes of the answer's errors.
	Codes []string
	// Took is the time from the call of the handler, after authentication, to
	// the last byte of the answer.
	Took time.Duration
}

type startKey struct{}

// withStart returns a context that records when the request began.
func withStart(ctx context.Context) context.Context {
	return context.WithValue(ctx, startKey{}, time.Now())
}

// observe calls Options.Observe for an answer that was sent.
func (h *Handler) observe(ctx context.Context, a *answer) {
	if h.options.Observe == nil {
		return
	}
	o := Observation{Known: a.known}
	if beginning, ok := ctx.Value(startKey{}).(time.Time); ok {
		o.Took = time.Since(beginning)
	}
	if a.operation != nil {
		o.Operation, o.Kind = a.operation.Name, string(a.operation.Operation)
	}
	for _, err := range a.errors {
		if code, ok := err.Extensions["code"]; ok {
			o.Codes = append(o.Codes, fmt.Sprint(code))
		}
	}
	h.options.Observe(ctx, o)
}
