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

// meter watches one answer while it is made: what its fields resolve to, and
// the bytes that are written. Beyond the limit, or after the deadline, nothing
// more is resolved or written.
type meter struct {
	ctx   context.Context // the request's, for its deadline
	limit int64
	// around resolves a field.
	around graphql.FieldMiddleware
	// resolved is what the fields resolved so far need at the very least,
	// written what was written.
	resolved, written atomic.Int64
	stopped           atomic.Pointer[stop]
	// claim is the room that was taken for the answer, claimed its size; beyond
	// is done once, when the answer grows beyond it.
	claim   *backlog.Claim
	claimed int64
	beyond  sync.Once
	// told counts the errors that were presented.
	told atomic.Int64
}

// stop is why nothing more is resolved or written.
type stop struct{ err error }

// leastField is what a field needs beside its value: quotes around its name, a
// colon, a comma.
const leastField = 4

// halt notes the first reason to stop and returns it.
func (m *meter) halt(err error) error {
	m.stopped.CompareAndSwap(nil, &stop{err})
	return m.stopped.Load().err
}

// live returns the reason to stop, if there is one.
func (m *meter) live() error {
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

// count adds to one of the sums.
func (m *meter) count(sum *atomic.Int64, n int) error {
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

// tooLarge reports whether the answer grew beyond the limit.
func (m *meter) tooLarge() bool {
	s := m.stopped.Load()
	return s != nil && fault.Is(s.err, fault.CodeTooLarge)
}

// resolve is the middleware of every field.
func (m *meter) resolve(ctx context.Context, next graphql.Resolver) (any, error) {
	if err := m.live(); err != nil {
		return nil, err
	}
	value, err := m.around(ctx, next)
	if err != nil {
		return nil, err
	}
	if err := m.count(&m.resolved, leastField+leastBytes(value)); err != nil {
		return nil, err
	}
	return value, nil
}

// leastBytes returns what a value needs in JSON at the very least. Only texts
// can be long; the elements of lists of objects have fields of their own.
func leastBytes(value any) int {
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

// sink is where an answer is written. Marshalers pass no errors on, so a panic
// with errSink ends them.
type sink struct {
	*bytes.Buffer
	meter  *meter
	writes int
}

var errSink = errors.New("gqlhttp: the answer is not written any further")

// deadlineEvery is after how many writes the deadline is looked at.
const deadlineEvery = 256

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
	if s.meter.count(&s.meter.written, n) != nil {
		panic(errSink)
	}
	if s.writes++; s.writes%deadlineEvery == 0 && s.meter.live() != nil {
		panic(errSink)
	}
}
