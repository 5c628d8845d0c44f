package gqlhttp

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/backlog"
	"portico/internal/fault"
)

// Only TOO_LARGE is reported once for each root field; other errors are kept.
func TestOnePerRootKeepsOtherErrors(t *testing.T) {
	at := func(root string, code fault.Code) *gqlerror.Error {
		e := &gqlerror.Error{Err: fault.New(code, "", "no")}
		if root != "" {
			e.Path = ast.Path{ast.PathName(root), ast.PathName("field")}
		}
		return e
	}
	large, lost, nowhere := at("a", fault.CodeTooLarge), at("a", fault.CodeNotFound), at("", fault.CodeTooLarge)
	other := at("b", fault.CodeTooLarge)
	all := gqlerror.List{nil, large, lost, at("a", fault.CodeTooLarge), lost, other, at("b", fault.CodeTooLarge), nowhere, nowhere, nil}
	require.Equal(t, gqlerror.List{nil, large, lost, lost, other, nowhere, nowhere, nil}, onePerRoot(all))
}

// minBytes never exceeds the size of the encoded value.
func TestMinBytes(t *testing.T) {
	long, labels := strings.Repeat("x", 1000), []string{"team", "", strings.Repeat("y", 500)}
	for _, value := range []any{long, &long, (*string)(nil), labels, []string{}, 5, nil, true} {
		text, err := json.Marshal(value)
		require.NoError(t, err)
		require.LessOrEqual(t, minBytes(value), len(text)+1, "%T", value)
		if len(text) > 100 {
			require.Greater(t, minBytes(value), len(text)-4, "%T", value)
		}
	}
}

// A buffer that has grown is not pooled, so that its memory is freed.
func TestLargeBuffersAreNotPooled(t *testing.T) {
	created := 0
	h := &Handler{buffers: sync.Pool{New: func() any { created++; return new(bytes.Buffer) }}}
	for range 100 {
		b := h.buffers.Get().(*bytes.Buffer)
		b.Grow(maxPooledBuffer + 1)
		h.releaseBuffer(b)
	}
	require.Equal(t, 100, created)
	b := bytes.NewBuffer(make([]byte, 0, maxPooledBuffer))
	b.WriteString("of another answer")
	h.releaseBuffer(b)
	require.Zero(t, b.Len())
}

// brokenWriter is the response of a client that has gone.
type brokenWriter struct {
	http.ResponseWriter
	writes int
}

func (w *brokenWriter) Write([]byte) (int, error) {
	w.writes++
	return 0, io.ErrClosedPipe
}

// An answer's room is released when it has been written, and when it cannot be.
func TestWrittenAnswersReleaseTheirRoom(t *testing.T) {
	gone := &brokenWriter{ResponseWriter: httptest.NewRecorder()}
	for name, w := range map[string]http.ResponseWriter{"OK": httptest.NewRecorder(), "ErrClientGone": gone} {
		t.Run(name, func(t *testing.T) {
			room := backlog.NewRoom(100, 100, 1)
			claim, ok := room.Enter(t.Context(), "a", 100)
			require.True(t, ok)
			(&answer{data: []byte(nullData), claim: claim}).write(w, responseType)
			used, _, _, _ := room.Load()
			require.Zero(t, used)
		})
	}
	require.Equal(t, 1, gone.writes, "nothing is written to a client that has gone")
}

// deadlineWriter is a response that counts the deadlines of its writes.
type deadlineWriter struct {
	http.ResponseWriter
	deadlines int
}

func (w *deadlineWriter) SetWriteDeadline(time.Time) error {
	w.deadlines++
	return nil
}

// Answers longer than the server's write timeout allows for extend it as they are
// read; shorter ones do not.
func TestLargeAnswersExtendTheDeadline(t *testing.T) {
	for _, c := range []struct {
		size     int
		extended bool
	}{{len(nullData), false}, {maxDirectWrite, false}, {maxDirectWrite + 1, true}} {
		body := httptest.NewRecorder()
		w := &deadlineWriter{ResponseWriter: body}
		data := bytes.Repeat([]byte("1"), c.size)
		(&answer{data: data}).write(w, responseType)
		require.Equal(t, c.extended, w.deadlines > 0, "%d bytes, %d deadlines", c.size, w.deadlines)
		require.Equal(t, `{"data":`+string(data)+`}`, body.Body.String())
	}
}
