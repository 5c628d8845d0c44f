package gateway

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/limits"
)

// Calls that arrive during a read share the next one.
func TestQuotaReadsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reads []int
		broken := errors.New("broken")
		q := &quotaReads{read: func(_ context.Context, ids []uuid.UUID) (map[uuid.UUID][]limits.Used, error) {
			reads = append(reads, len(ids))
			time.Sleep(100 * time.Millisecond)
			out := map[uuid.UUID][]limits.Used{}
			for _, id := range ids {
				out[id] = []limits.Used{{AppCounter: id, N: int64(id[0])}}
			}
			if len(reads) == 3 {
				return nil, broken
			}
			return out, nil
		}}
		ask := func(n byte) error {
			used, err := q.used(t.Context(), []uuid.UUID{{n}}, false)
			if err == nil {
				require.Equal(t, []limits.Used{{AppCounter: uuid.UUID{n}, N: int64(n)}}, used[uuid.UUID{n}])
			}
			return err
		}
		var asking sync.WaitGroup
		asking.Go(func() { require.NoError(t, ask(1)) })
		synctest.Wait()
		for range 2 { // the same subscriptions twice
			for n := range byte(50) {
				asking.Go(func() { require.NoError(t, ask(n)) })
			}
		}
		asking.Wait()
		require.Equal(t, []int{1, 50}, reads)
		require.ErrorIs(t, ask(1), broken)
		require.NoError(t, ask(1), "and the next one reads again")
	})
}

// No call waits longer than a second for a read.
func TestQuotaReadsTimeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &quotaReads{read: func(ctx context.Context, _ []uuid.UUID) (map[uuid.UUID][]limits.Used, error) {
			<-ctx.Done()
			time.Sleep(time.Second) // it does not even listen
			return nil, ctx.Err()
		}}
		var asking sync.WaitGroup
		for range 2 { // the second one waits for the next read
			asking.Go(func() {
				began := time.Now()
				_, err := q.used(t.Context(), []uuid.UUID{uuid.New()}, false)
				require.Error(t, err)
				require.LessOrEqual(t, time.Since(began), queryTimeout/2)
			})
			synctest.Wait()
		}
		asking.Wait()
		time.Sleep(time.Minute) // both reads end
	})
}
