package gqlhttp

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/gqlhttp/lanes"
)

const most = 8 << 20

// The cost of a change by itself does not count towards the size of its answer.
func TestMutationsClaimRoomForTheirAnswersOnly(t *testing.T) {
	h := &Handler{options: Options{Prices: Prices{Mutation: 1000}}}
	field := func(name string) ast.Selection { return &ast.Field{Name: name, Alias: name} }
	mutation := &ast.OperationDefinition{Operation: ast.Mutation, SelectionSet: ast.SelectionSet{field("a"), field("b")}}
	require.Equal(t, 7, h.answerCost(mutation, 2005))
	require.Equal(t, 2005, h.answerCost(&ast.OperationDefinition{Operation: ast.Query, SelectionSet: mutation.SelectionSet}, 2005))
}

// An answer that grows beyond the size its cost suggests claims the largest
// size.
func TestAnswerLargerThanItsCostSuggests(t *testing.T) {
	claim, err := lanes.New(most).ClaimAnswer(t.Context(), "a", 10, most)
	require.NoError(t, err)
	claimed := claim.Size()
	m := &meter{ctx: t.Context(), limit: most, claim: claim, claimed: claimed}
	require.NoError(t, m.add(&m.resolved, int(claimed)))
	require.Equal(t, claimed, claim.Size())
	require.NoError(t, m.add(&m.resolved, 1))
	require.NoError(t, m.add(&m.written, 1000))
	require.EqualValues(t, most, claim.Size())
}
