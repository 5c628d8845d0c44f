package gqlhttp

import (
	"context"
	"errors"
	"io"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Writer contains the encoded value of one root field. Objects and lists are
// written while they are resolved, by appending to Text; what turns out to be null
// is truncated.
type Writer struct {
	// Text is what was written so far.
	Text  []byte
	meter *meter
	// counted is how much of Text the meter was told; beyond due it is told again.
	counted, due int
	// places are the last results of Within, place the one to replace next.
	places [8]place
	place  int
}

// Written is the value of a function that has written to the request's Writer
// itself.
type Written struct{}

// MarshalGQL panics: the value was written already.
func (Written) MarshalGQL(io.Writer) { panic("gqlhttp: a value is written twice") }

// writerKey is the context key of the Writer of a root field.
type writerKey struct{}

// WriterOf returns the Writer of a context of a root field or of what is below it.
func WriterOf(ctx context.Context) *Writer { return ctx.Value(writerKey{}).(*Writer) }

// Direct reports whether fields may be encoded without being resolved one by one.
// If not, resolving them reports the reason.
func (w *Writer) Direct() bool { return w.meter.stopReason() == nil }

// Check counts what was written, and reports whether to continue.
func (w *Writer) Check() bool {
	if len(w.Text) < w.due {
		return true
	}
	return w.count() == nil && w.Direct()
}

// countEvery is the number of bytes after which the meter is told, and the
// deadline is checked.
const countEvery = 2 << 10

// count tells the meter what was written, and returns an error if that is too much.
func (w *Writer) count() error {
	err := w.meter.add(&w.meter.written, len(w.Text)-w.counted)
	w.counted = len(w.Text)
	left := max(0, w.meter.limit-w.meter.written.Load())
	w.due = w.counted + min(countEvery, int(left)+1)
	return err
}

// Truncate discards what follows the first n bytes.
func (w *Writer) Truncate(n int) {
	w.Text = w.Text[:n]
	if n < w.counted {
		w.meter.written.Add(int64(n - w.counted))
		w.counted, w.due = n, n
	}
}

// Write appends p. It never fails.
func (w *Writer) Write(p []byte) (int, error) {
	w.Text = append(w.Text, p...)
	return len(p), nil
}

// WriteString appends s. It never fails.
func (w *Writer) WriteString(s string) (int, error) {
	w.Text = append(w.Text, s...)
	return len(s), nil
}

// CollectFields is CollectFields for a context of the Writer.
func (w *Writer) CollectFields(op *graphql.OperationContext, set ast.SelectionSet, satisfies []string) Fields {
	return w.meter.collect(op, set, satisfies)
}

// place is a context that Within has returned, and what for.
type place struct {
	outer  context.Context
	object string
	field  *ast.Field
	ctx    context.Context
}

// Within returns the context of an object that is encoded for a field without
// resolving it: the path of its own fields leads through that field. The rows of a
// list have one context, so they share the result.
func (w *Writer) Within(ctx context.Context, object string, field graphql.CollectedField) context.Context {
	for _, p := range w.places {
		if p.field == field.Field && p.outer == ctx && p.object == object {
			return p.ctx
		}
	}
	inner := graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: object, Field: field})
	w.places[w.place] = place{ctx, object, field.Field, inner}
	w.place = (w.place + 1) % len(w.places)
	return inner
}

// sink is a Writer for marshalers, which return no errors: it panics with errSink
// to end them.
type sink struct{ *Writer }

var errSink = errors.New("gqlhttp: the answer is not written any further")

func (s sink) Write(p []byte) (int, error) {
	_, _ = s.Writer.Write(p)
	s.check()
	return len(p), nil
}

// WriteString is Write without a copy.
func (s sink) WriteString(p string) (int, error) {
	_, _ = s.Writer.WriteString(p)
	s.check()
	return len(p), nil
}

func (s sink) check() {
	if !s.Check() {
		panic(errSink)
	}
}
