package auth

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestAdmissionLimitsConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newAdmission()
		first, err := g.acquire(t.Context(), "a", 2, false)
		require.NoError(t, err)
		second, err := g.acquire(t.Context(), "a", 2, false)
		require.NoError(t, err)
		other, err := g.acquire(t.Context(), "b", 2, false)
		require.NoError(t, err, "another key has its own room")
		other()

		inside := false
		go func() {
			leave, err := g.acquire(t.Context(), "a", 2, false)
			if err != nil {
				t.Error(err)
				return
			}
			inside = true
			leave()
		}()
		impatient, cancel := context.WithCancel(t.Context())
		go func() {
			_, err := g.acquire(impatient, "a", 2, false)
			if err == nil {
				t.Error("entered a full room")
			}
		}()
		synctest.Wait()
		require.False(t, inside)
		cancel()
		first()
		synctest.Wait()
		require.True(t, inside)
		second()
		require.Empty(t, g.queues, "an unused queue is deleted")
	})
}
