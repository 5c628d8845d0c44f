package lanes

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"portico/internal/fault"
)

const most = 8 << 20

// Each caller may have a few large answers at once, all callers together some
// more; small answers wait for none of them.
func TestAnswersClaimRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(most)
		for _, holder := range []string{"a", "b", "c"} {
			for range largeShare {
				_, err := l.ClaimAnswer(t.Context(), holder, 50_000, most)
				require.NoError(t, err)
			}
			_, err := l.ClaimAnswer(t.Context(), holder, 50_000, most)
			require.True(t, fault.Is(err, fault.CodeUnavailable))
			require.Equal(t, fault.ReasonBusy, fault.From(err).Reason)
			small, err := l.ClaimAnswer(t.Context(), holder, 800, most)
			require.NoError(t, err)
			small.Leave()
		}
		_, err := l.ClaimAnswer(t.Context(), "d", 50_000, most)
		require.True(t, fault.Is(err, fault.CodeUnavailable), "the room is full")
	})
}

// A claim shrinks to the final size of the answer.
func TestClaimShrinksToAnswerSize(t *testing.T) {
	l := New(most)
	for range 1000 {
		c, err := l.ClaimAnswer(t.Context(), "a", 50_000, most)
		require.NoError(t, err)
		c.Resize(1 << 10)
	}
}

func TestLongRequestsClaimRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(most)
		for range bodyShare / (256 << 10) {
			_, err := l.ClaimBody(t.Context(), "a", -1, 256<<10)
			require.NoError(t, err)
		}
		for _, length := range []int64{-1, bodyFree + 1, 1 << 30} {
			_, err := l.ClaimBody(t.Context(), "a", length, 256<<10)
			require.True(t, fault.Is(err, fault.CodeUnavailable), length)
		}
		_, err := l.ClaimBody(t.Context(), "a", bodyFree, 256<<10)
		require.NoError(t, err)
		_, err = l.ClaimBody(t.Context(), "b", 256<<10, 256<<10)
		require.NoError(t, err)
	})
}
