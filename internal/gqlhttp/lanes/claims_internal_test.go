package lanes

import (
	"runtime"
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

// A request claims its own length, and no more than it may have.
func TestRoomOfRequests(t *testing.T) {
	const most = 256 << 10
	l := New(most)
	for length, want := range map[int64]int64{
		-1: most, 0: 0, bodyFree: 0, bodyFree + 1: bodyFree + 1, most - 1: most - 1, most: most, most + 1: most,
	} {
		c, err := l.ClaimBody(t.Context(), "a", length, most)
		require.NoError(t, err)
		require.Equal(t, want == 0, c == nil, length)
		if c != nil {
			require.Equal(t, want, c.Size(), length)
			c.Leave()
		}
	}
	c, err := (*Lanes)(nil).ClaimBody(t.Context(), "a", most, most)
	require.NoError(t, err)
	require.Nil(t, c, "without lanes there is room for everything")
}

// An answer of the size of a small one is small, and heavy operations leave half of
// the processors to others.
func TestSizesOfLanes(t *testing.T) {
	l := New(most)
	for size, lane := range map[int]string{small: "small_answers", small + 1: "large_answers"} {
		c, err := l.ClaimAnswer(t.Context(), "a", 50_000, size)
		require.NoError(t, err)
		used, _, _, _ := l.Loads()[lane]()
		require.EqualValues(t, size, used, lane)
		c.Leave()
	}
	_, size, _, _ := l.Loads()["heavy"]()
	require.EqualValues(t, max(1, runtime.GOMAXPROCS(0)/2), size)
}
