package gqlhttp

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
)

// What is computed from an operation is kept with its document, and with nothing
// else: a document that is parsed again keeps nothing of the one before.
func TestWhatIsKeptIsTheDocumentsOwn(t *testing.T) {
	computed := 0
	compute := func() any { computed++; return computed }
	op := &ast.OperationDefinition{}
	ctx := context.WithValue(t.Context(), meterKey{}, &meter{collected: &collected{}})
	for range 2 {
		require.Equal(t, 1, Kept(ctx, op, compute))
	}
	require.Equal(t, 2, Kept(ctx, &ast.OperationDefinition{}, compute), "another operation of the document")
	again := context.WithValue(t.Context(), meterKey{}, &meter{collected: &collected{}})
	require.Equal(t, 3, Kept(again, op, compute))
	require.Equal(t, 4, Kept(t.Context(), op, compute), "outside of a request")
}
