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

// Direct reports whether fields may be encoded without being resolved one by one.
// If not, resolving them reports the reason.
func Direct(ctx context.Context) bool {
	m, ok := ctx.Value(meterKey{}).(*meter)
	return ok && m.stopReason() == nil
}

// FieldBytes is the minimum size of a field that is encoded directly, besides its
// text.
const FieldBytes = minFieldBytes + 1

// CountDirect counts the bytes of fields that were encoded directly.
func CountDirect(ctx context.Context, bytes int) {
	if m, ok := ctx.Value(meterKey{}).(*meter); ok {
		_ = m.add(&m.resolved, bytes) // which stops what follows
	}
}

// Encoded returns the size in bytes of the root fields that have been encoded.
func Encoded(ctx context.Context) int {
	m, ok := ctx.Value(meterKey{}).(*meter)
	if !ok {
		return 0
	}
	return int(m.written.Load())
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

// sink receives an encoded answer. Marshalers return no errors, so it panics
// with errSink to end them.
type sink struct {
	*bytes.Buffer
	meter *meter
	// uncounted are the bytes that were written since the meter was last told.
	uncounted int
}

var errSink = errors.New("gqlhttp: the answer is not written any further")

// countEvery is the number of bytes after which the meter is told, and the
// deadline is checked.
const countEvery = 2 << 10

func (s *sink) Write(p []byte) (int, error) {
	s.check(len(p))
	return s.Buffer.Write(p)
}

// WriteString is Write without a copy.
func (s *sink) WriteString(p string) (int, error) {
	s.check(len(p))
	return s.Buffer.WriteString(p)
}

func (s *sink) check(n int) {
	s.uncounted += n
	if s.uncounted >= countEvery || s.meter.written.Load()+int64(s.uncounted) > s.meter.limit {
		s.count()
		if s.meter.stopReason() != nil {
			panic(errSink)
		}
	}
}

// count tells the meter what was written.
func (s *sink) count() {
	n := s.uncounted
	s.uncounted = 0
	if s.meter.add(&s.meter.written, n) != nil {
		panic(errSink)
	}
}
