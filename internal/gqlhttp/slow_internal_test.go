package gqlhttp

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/fault"
)

const most = 8 << 20

// Each caller may have a few large answers at once, all callers together some
// more; small answers wait for none of them.
func TestAnswersClaimRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLanes(most)
		for _, holder := range []string{"a", "b", "c"} {
			for range largeShare {
				_, err := l.claimAnswer(t.Context(), holder, 50_000, most)
				require.NoError(t, err)
			}
			_, err := l.claimAnswer(t.Context(), holder, 50_000, most)
			require.True(t, fault.Is(err, fault.CodeUnavailable))
			require.Equal(t, fault.ReasonBusy, fault.From(err).Reason)
			small, err := l.claimAnswer(t.Context(), holder, 800, most)
			require.NoError(t, err)
			small.Leave()
		}
		_, err := l.claimAnswer(t.Context(), "d", 50_000, most)
		require.True(t, fault.Is(err, fault.CodeUnavailable), "the room is full")
	})
}

// A claim shrinks to the final size of the answer.
func TestClaimShrinksToAnswerSize(t *testing.T) {
	l := NewLanes(most)
	for range 1000 {
		c, err := l.claimAnswer(t.Context(), "a", 50_000, most)
		require.NoError(t, err)
		c.Resize(1 << 10)
	}
}

func TestLongRequestsClaimRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLanes(most)
		for range bodyShare / (256 << 10) {
			_, err := l.claimBody(t.Context(), "a", -1, 256<<10)
			require.NoError(t, err)
		}
		for _, length := range []int64{-1, bodyFree + 1, 1 << 30} {
			_, err := l.claimBody(t.Context(), "a", length, 256<<10)
			require.True(t, fault.Is(err, fault.CodeUnavailable), length)
		}
		_, err := l.claimBody(t.Context(), "a", bodyFree, 256<<10)
		require.NoError(t, err)
		_, err = l.claimBody(t.Context(), "b", 256<<10, 256<<10)
		require.NoError(t, err)
	})
}

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
	l := NewLanes(most)
	claim, err := l.claimAnswer(t.Context(), "a", 10, most)
	require.NoError(t, err)
	m := &meter{ctx: t.Context(), limit: most, claim: claim, claimed: claim.Size()}
	require.NoError(t, m.add(&m.resolved, 10*answerBytesPerCost))
	require.EqualValues(t, 10*answerBytesPerCost, claim.Size())
	require.NoError(t, m.add(&m.resolved, 1))
	require.NoError(t, m.add(&m.written, 1000))
	require.EqualValues(t, most, claim.Size())
}
