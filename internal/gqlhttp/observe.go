package gqlhttp

import (
	"context"
	"fmt"
	"time"
)

// Observation is what is known of a request once it is answered. It holds
// nothing of its variables.
type Observation struct {
	// Operation is the operation's name, which the client has chosen; empty
	// where there is none. Kind is query or mutation; empty where the document
	// was refused.
	Operation, Kind string
	// Known reports whether the document, which is one that the server keeps,
	// was asked before.
	Known bool
	// Codes are those of the answer's errors.
	Codes []string
	// Took is the time from the call of the handler, after authentication, to
	// the last byte of the answer.
	Took time.Duration
}

type beginningKey struct{}

// begun notes when a request began.
func begun(ctx context.Context) context.Context {
	return context.WithValue(ctx, beginningKey{}, time.Now())
}

// observe tells of an answer that was sent.
func (h *Handler) observe(ctx context.Context, a *answer) {
	if h.options.Observe == nil {
		return
	}
	o := Observation{Known: a.known}
	if beginning, ok := ctx.Value(beginningKey{}).(time.Time); ok {
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
