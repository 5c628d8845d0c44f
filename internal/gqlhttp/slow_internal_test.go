package gqlhttp

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/fault"
)

const most = 8 << 20

// Of one caller there are few large answers at once, of all together some
// more, and small ones wait for none of them.
func TestAnswersTakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLanes(most)
		for _, holder := range []string{"a", "b", "c"} {
			for range largeShare {
				_, err := l.hold(t.Context(), holder, 50_000, most)
				require.NoError(t, err)
			}
			_, err := l.hold(t.Context(), holder, 50_000, most)
			require.True(t, fault.Is(err, fault.CodeUnavailable))
			require.Equal(t, fault.ReasonBusy, fault.From(err).Reason)
			small, err := l.hold(t.Context(), holder, 800, most)
			require.NoError(t, err)
			small.Leave()
		}
		_, err := l.hold(t.Context(), "d", 50_000, most)
		require.True(t, fault.Is(err, fault.CodeUnavailable), "the room is full")
	})
}

// Room is taken by what an answer is in the end.
func TestRoomIsForWhatIsThere(t *testing.T) {
	l := NewLanes(most)
	for range 1000 {
		c, err := l.hold(t.Context(), "a", 50_000, most)
		require.NoError(t, err)
		c.Resize(1 << 10)
	}
}

func TestLongRequestsTakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLanes(most)
		for range bodyShare / (256 << 10) {
			_, err := l.take(t.Context(), "a", -1, 256<<10)
			require.NoError(t, err)
		}
		for _, length := range []int64{-1, bodyFree + 1, 1 << 30} {
			_, err := l.take(t.Context(), "a", length, 256<<10)
			require.True(t, fault.Is(err, fault.CodeUnavailable), length)
		}
		_, err := l.take(t.Context(), "a", bodyFree, 256<<10)
		require.NoError(t, err)
		_, err = l.take(t.Context(), "b", 256<<10, 256<<10)
		require.NoError(t, err)
	})
}

// What a change costs by itself takes no room for its answer.
func TestChangesTakeRoomForTheirAnswers(t *testing.T) {
	h := &Handler{options: Options{Prices: Prices{Mutation: 1000}}}
	field := func(name string) ast.Selection { return &ast.Field{Name: name, Alias: name} }
	mutation := &ast.OperationDefinition{Operation: ast.Mutation, SelectionSet: ast.SelectionSet{field("a"), field("b")}}
	require.Equal(t, 7, h.told(mutation, 2005))
	require.Equal(t, 2005, h.told(&ast.OperationDefinition{Operation: ast.Query, SelectionSet: mutation.SelectionSet}, 2005))
}

// An answer that grows beyond its price takes the room of the greatest one.
func TestAnAnswerGrowsBeyondItsPrice(t *testing.T) {
	l := NewLanes(most)
	claim, err := l.hold(t.Context(), "a", 10, most)
	require.NoError(t, err)
	m := &meter{ctx: t.Context(), limit: most, claim: claim, claimed: claim.Size()}
	require.NoError(t, m.count(&m.resolved, 10*perCost))
	require.EqualValues(t, 10*perCost, claim.Size())
	require.NoError(t, m.count(&m.resolved, 1))
	require.NoError(t, m.count(&m.written, 1000))
	require.EqualValues(t, most, claim.Size())
}
