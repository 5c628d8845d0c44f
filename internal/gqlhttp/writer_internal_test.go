package gqlhttp

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
)

func newWriter(t *testing.T, limit int64) *Writer {
	return &Writer{meter: &meter{ctx: t.Context(), limit: limit, claimed: limit}}
}

// An answer may have exactly as many bytes as the limit says.
func TestWriterCountsExactly(t *testing.T) {
	const limit = 3*countEvery + 7
	w := newWriter(t, limit)
	for range limit {
		require.True(t, w.Check())
		w.Text = append(w.Text, 'x')
	}
	require.NoError(t, w.count())
	w.Text = append(w.Text, 'x')
	require.False(t, w.Check())
	require.Error(t, w.count())
	require.True(t, w.meter.tooLarge())
	require.False(t, w.Direct(), "everything that follows is resolved, which fails")
}

// What was truncated does not count.
func TestWriterForgetsWhatWasTruncated(t *testing.T) {
	const limit = 4 * countEvery
	w := newWriter(t, limit)
	for range 10 {
		w.Text = append(w.Text, strings.Repeat("x", limit-5)...)
		require.True(t, w.Check())
		w.Truncate(5)
		require.True(t, w.Check())
	}
	require.NoError(t, w.count())
	require.EqualValues(t, 5, w.meter.written.Load())
	w.Text = append(w.Text, strings.Repeat("x", limit)...)
	require.False(t, w.Check())
}

// Two roots share the limit.
func TestWritersShareTheLimit(t *testing.T) {
	const limit = 4 * countEvery
	one := newWriter(t, limit)
	other := &Writer{meter: one.meter}
	one.Text = append(one.Text, strings.Repeat("x", limit-10)...)
	require.True(t, one.Check())
	other.Text = append(other.Text, strings.Repeat("x", 11)...)
	require.Error(t, other.count())
}

func TestWrittenIsNotWrittenTwice(t *testing.T) {
	require.Panics(t, func() { Written{}.MarshalGQL(newWriter(t, 1)) })
}

// The rows of a list share the contexts of what is encoded for their fields;
// neither another field nor another object has them.
func TestWithin(t *testing.T) {
	w, field := newWriter(t, 1), func(name string) graphql.CollectedField {
		return graphql.CollectedField{Field: &ast.Field{Name: name, Alias: name}}
	}
	index, account, plan := 0, field("account"), field("plan")
	row := graphql.WithFieldContext(t.Context(), &graphql.FieldContext{Index: &index})
	inner := w.Within(row, "App", account)
	index = 7
	require.Equal(t, inner, w.Within(row, "App", account))
	require.Equal(t, "[7].account", graphql.GetFieldContext(inner).Path().String())
	for _, other := range []context.Context{
		w.Within(row, "App", plan), w.Within(row, "Subscription", account), w.Within(inner, "App", account),
	} {
		require.NotEqual(t, graphql.GetFieldContext(inner), graphql.GetFieldContext(other))
	}
	for range len(w.places) {
		w.Within(row, "App", field("other"))
	}
	require.Equal(t, "[7].account", graphql.GetFieldContext(w.Within(row, "App", account)).Path().String())
}

// A tree replaces what was written before it failed.
func TestATreeReplacesWhatWasWritten(t *testing.T) {
	w := newWriter(t, 100)
	r := &run{Handler: &Handler{}, meter: w.meter}
	w.Text = append(w.Text, "[1,2,"...)
	require.NoError(t, r.write(t.Context(), w, graphql.Array(nil)))
	require.Equal(t, "[]", string(w.Text))
	require.NoError(t, r.write(t.Context(), w, Written{}))
	require.Equal(t, "[]", string(w.Text))
}

// pieces is a response that keeps what each write wrote.
type pieces struct {
	http.ResponseWriter
	all []string
}

func (p *pieces) Write(b []byte) (int, error) {
	p.all = append(p.all, string(b))
	return len(b), nil
}

// The end of an answer is written with its data, in the request's own buffer; data
// of others is not appended to.
func TestTheEndIsWrittenWithTheData(t *testing.T) {
	data := append(make([]byte, 0, 10), "1234"...)
	own, others := &pieces{ResponseWriter: httptest.NewRecorder()}, &pieces{ResponseWriter: httptest.NewRecorder()}
	(&answer{data: data}).write(others, responseType)
	require.Equal(t, []string{`{"data":`, "1234", "}"}, others.all)
	require.Zero(t, data[:5][4])
	(&answer{data: data, whole: bytes.NewBuffer(data)}).write(own, responseType)
	require.Equal(t, []string{`{"data":`, "1234}"}, own.all)
}
