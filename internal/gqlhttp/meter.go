package gqlhttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"

	"portico/internal/backlog"
	"portico/internal/fault"
)

// meter watches one answer while it is built: the values of its fields and the
// bytes written. Beyond the limit, or after the deadline, nothing more is
// resolved or written.
type meter struct {
	ctx   context.Context // the request's, for its deadline
	limit int64
	// around resolves a field.
	around graphql.FieldMiddleware
	// resolved is the minimum size of the fields resolved so far, written the
	// bytes written.
	resolved, written atomic.Int64
	stopped           atomic.Pointer[stop]
	// claim is the memory reserved for the answer, claimed its size in bytes;
	// beyond runs once, when the answer exceeds it.
	claim   *backlog.Claim
	claimed int64
	beyond  sync.Once
	// collected is what was computed from the document.
	collected *collected
	// arguments are those that depend on the request's variables.
	arguments arguments
	// whole is where the whole answer is encoded.
	whole *bytes.Buffer
	// presented counts the errors that were presented.
	presented atomic.Int64
}

// stop is why nothing more is resolved or written.
type stop struct{ err error }

// minFieldBytes is the size of a field without its name and value: two quotes, a
// colon and a comma.
const minFieldBytes = 4

// halt records the first reason to stop and returns it.
func (m *meter) halt(err error) error {
	m.stopped.CompareAndSwap(nil, &stop{err})
	return m.stopped.Load().err
}

// stopReason returns why to stop, or nil.
func (m *meter) stopReason() error {
	if s := m.stopped.Load(); s != nil {
		return s.err
	}
	switch err := m.ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		return m.halt(fault.Wrap(fault.CodeUnavailable, fault.ReasonDeadline, err, "The answer took too long."))
	case err != nil:
		return m.halt(fault.Wrap(fault.CodeUnavailable, fault.ReasonDeadline, err, "The request was given up."))
	}
	return nil
}

// add adds to one of the sums and returns the reason to stop, if any.
func (m *meter) add(sum *atomic.Int64, n int) error {
	total := sum.Add(int64(n))
	if total > m.claimed {
		m.beyond.Do(func() { m.claim.Resize(m.limit) })
	}
	if total > m.limit {
		return m.halt(Excess{Limit: LimitAnswerBytes, Allowed: int(m.limit)}.fault(
			fmt.Sprintf("The answer is too large: at most %d bytes are sent. Ask for smaller pages or fewer fields.", m.limit)))
	}
	return nil
}

// tooLarge reports whether the answer exceeded the limit.
func (m *meter) tooLarge() bool {
	s := m.stopped.Load()
	return s != nil && fault.Is(s.err, fault.CodeTooLarge)
}

// resolve is the middleware of every field.
func (m *meter) resolve(ctx context.Context, next graphql.Resolver) (any, error) {
	if err := m.stopReason(); err != nil {
		return nil, err
	}
	value, err := m.around(ctx, next)
	if err != nil {
		return nil, err
	}
	if err := m.add(&m.resolved, minFieldBytes+minBytes(value)); err != nil {
		return nil, err
	}
	return value, nil
}

// meterKey is the context key of a request's meter.
type meterKey struct{}

// Whole returns the empty buffer in which the whole answer is encoded. It is used
// again once the answer was sent.
func Whole(ctx context.Context) *bytes.Buffer {
	if m, ok := ctx.Value(meterKey{}).(*meter); ok {
		return m.whole
	}
	return new(bytes.Buffer)
}

// minBytes returns the minimum size of a value in JSON. Only texts can be long;
// the elements of lists of objects have fields of their own.
func minBytes(value any) int {
	switch v := value.(type) {
	case string:
		return len(v) + 2
	case *string:
		if v != nil {
			return len(*v) + 2
		}
	case []string:
		n := 2
		for _, s := range v {
			n += len(s) + 3
		}
		return n
	}
	return 1
}
