package gqlhttp

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

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
	made := 0
	h := &Handler{buffers: sync.Pool{New: func() any { made++; return new(bytes.Buffer) }}}
	for range 100 {
		b := h.buffers.Get().(*bytes.Buffer)
		b.Grow(maxPooledBuffer + 1)
		h.releaseBuffer(b)
	}
	require.Equal(t, 100, made)
	b := bytes.NewBuffer(make([]byte, 0, maxPooledBuffer))
	b.WriteString("of another answer")
	h.releaseBuffer(b)
	require.Zero(t, b.Len())
}
