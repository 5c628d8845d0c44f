package intake

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/limits"
	"portico/internal/database"
	"portico/internal/testdb"
	"portico/internal/usage/counts"
	"portico/internal/usage/usagetest"
)

// fakeQuotas is a Quotas that records its calls.
type fakeQuotas struct {
	mu      sync.Mutex
	pending []limits.Used
	totals  map[uuid.UUID]int64
	settled int64
	// journaled counts rows; folded is how many of them are folded.
	journaled, folded int64
}

func (q *fakeQuotas) Drain(into []limits.Used) []limits.Used {
	q.mu.Lock()
	defer q.mu.Unlock()
	into = append(into, q.pending...)
	q.pending = nil
	return into
}

func (q *fakeQuotas) Settle(done []limits.Used, totals []int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, u := range done {
		q.settled += u.N
		if totals[i] >= 0 {
			q.totals[u.AppCounter] = totals[i]
		}
	}
}

func (q *fakeQuotas) Journal(done []limits.Used) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, u := range done {
		q.settled += u.N
		q.journaled++
	}
}

func (q *fakeQuotas) Holds(uuid.UUID) bool { return false }

func (q *fakeQuotas) Mark() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.journaled
}

func (q *fakeQuotas) Folded(mark int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.folded = mark
}

func (q *fakeQuotas) Load(subscription uuid.UUID, _ time.Time, used int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.totals[subscription] = max(q.totals[subscription], used)
}

// A batch is counted once if its commit succeeded but the response was lost, and also if
// the commit failed.
func TestBatchIsCountedExactlyOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		q := &fakeQuotas{totals: map[uuid.UUID]int64{}}
		f := w.newFlusher(w.counter, q)
		sub := uuid.New()
		used := limits.Used{Organization: w.Organization, AppCounter: sub, PeriodStart: usagetest.At("2026-06-15T00:00:00Z"), PeriodEnd: usagetest.At("2026-06-16T00:00:00Z"), N: 3}
		for round := range int64(4) {
			fails := []struct{ before, after bool }{{true, false}, {false, true}, {false, true}, {true, true}}[round]
			w.counter.Add(w.Call(uuid.UUID{5}, "VALID"), noon, 3)
			q.pending = append(q.pending, used)
			through := f.Through()
			w.Clock.Advance(time.Second)
			f.inTx = func(ctx context.Context, work func(*database.Tx) error) error {
				if fails.before {
					return io.ErrUnexpectedEOF
				}
				require.NoError(t, w.DB.InTx(ctx, work))
				return io.ErrUnexpectedEOF
			}
			require.ErrorIs(t, f.Flush(ctx), io.ErrUnexpectedEOF)
			require.Equal(t, through, f.Through(), "through does not advance")
			w.counter.Add(w.Call(uuid.UUID{5}, "VALID"), noon, 10) // is counted in the next batch
			f.inTx = w.DB.InTx
			require.NoError(t, f.Flush(ctx))
			require.Equal(t, w.Clock.Now(), f.Through())
			require.Equal(t, (round+1)*13, w.Number(`SELECT SUM(calls) FROM usage_minutes`))
			require.Equal(t, (round+1)*3, w.Number(`SELECT used FROM quota_counts WHERE subscription_id = $1`, sub))
			require.Equal(t, (round+1)*3, q.settled)
		}
		require.EqualValues(t, 1, w.Number(`SELECT COUNT(*) FROM usage_batches`), "the ids of earlier batches are deleted")
	})
}

func TestSameBatchStoredConcurrently(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		w.counter.Add(w.Call(uuid.UUID{5}, "VALID"), noon, 3)
		w.flusher.newBatch()
		require.Len(t, w.flusher.waiting, 1)
		var wg sync.WaitGroup
		for range 4 {
			f := w.newFlusher(NewCounter(), nil)
			wg.Go(func() {
				if err := f.store(context.Background(), w.flusher.waiting[0]); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 3, w.Number(`SELECT SUM(calls) FROM usage_minutes`))
	})
}

// Nodes that store the same rows concurrently neither deadlock nor lose calls.
func TestNodesFlushTheSameRows(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "Europe/Berlin", noon)
		calls := usagetest.RandomCalls(w.Organization, 300)
		const nodes, rounds = 4, 8
		seen := map[uuid.UUID]*fakeQuotas{}
		var wg sync.WaitGroup
		sub := uuid.New()
		for range nodes {
			c, q := NewCounter(), &fakeQuotas{totals: map[uuid.UUID]int64{}}
			seen[uuid.New()] = q
			f := w.newFlusher(c, q)
			wg.Go(func() {
				for range rounds {
					for i := range calls {
						c.Add(&calls[i], noon, 1)
					}
					q.pending = append(q.pending, limits.Used{Organization: w.Organization, AppCounter: sub, PeriodStart: noon, PeriodEnd: noon.Add(time.Hour), N: 2})
					if err := f.Flush(context.Background()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Go(func() {
			s := counts.NewStore(w.DB, w.Clock)
			w.Clock.Advance(time.Hour)
			for range rounds {
				if err := s.RollUp(context.Background()); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Wait()
		w.rollUp()
		for _, table := range []string{"usage_minutes", "usage_hours", "usage_days"} {
			require.EqualValues(t, nodes*rounds*300, w.Number(`SELECT SUM(calls) FROM `+table), table)
			require.EqualValues(t, 300, w.Number(`SELECT COUNT(*) FROM `+table), table)
		}
		require.EqualValues(t, 0, w.Number(`SELECT COUNT(*) FROM usage_minutes WHERE due`))
		highest := int64(0)
		for _, q := range seen {
			highest = max(highest, q.totals[sub])
		}
		require.EqualValues(t, nodes*rounds*2, highest, "the last node to flush knows the total")
		all, err := w.store.quotaUsed(context.Background(), []uuid.UUID{sub, uuid.New()}, noon.Add(time.Minute))
		require.NoError(t, err)
		require.Equal(t, map[uuid.UUID]limits.Used{sub: {Organization: w.Organization, AppCounter: sub, PeriodStart: noon, PeriodEnd: noon.Add(time.Hour), N: nodes * rounds * 2}}, all)
		none, err := w.store.quotaUsed(context.Background(), []uuid.UUID{sub}, noon.Add(time.Hour))
		require.NoError(t, err)
		require.Empty(t, none, "the period is over")
	})
}

// limits.Memory reaches the total of all nodes.
func TestQuotaOfTwoNodesIsTheirTotal(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		ask := &limits.Ask{Organization: w.Organization, Key: uuid.New(), AppCounter: uuid.New(), Quota: limits.Quota{Limit: 10, Per: "DAY"}, Location: time.UTC, Cost: 1}
		start, _ := ask.Quota.Period(noon, time.UTC)
		var nodes []*limits.Memory
		var flushers []*Flusher
		for range 2 {
			m := limits.NewMemory(w.Clock, func() time.Duration { return 0 }, 0)
			nodes, flushers = append(nodes, m), append(flushers, w.newFlusher(NewCounter(), m))
		}
		var out limits.Answer
		for _, m := range nodes {
			m.Take(ctx, ask, &out)
			require.Equal(t, limits.QuotaUnknown, out.Outcome)
			m.Load(ask.AppCounter, start, 0)
			for range 4 {
				m.Take(ctx, ask, &out)
				require.Equal(t, limits.Passed, out.Outcome)
			}
		}
		for range 2 {
			require.NoError(t, flushers[0].Flush(ctx))
			require.NoError(t, flushers[1].Flush(ctx))
			nodes[0].Take(ctx, ask, &out)
		}
		require.NoError(t, flushers[0].Flush(ctx))
		nodes[0].Peek(ctx, ask, &out)
		require.EqualValues(t, 0, out.Quota.Remaining, "4 + 4 + 2 of 10")
		used, err := w.store.quotaUsed(ctx, []uuid.UUID{ask.AppCounter}, noon)
		require.NoError(t, err)
		require.EqualValues(t, 10, used[ask.AppCounter].N)
	})
}

func TestQuotaCountsOfAChangedPeriod(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t), "UTC", noon)
	sub := uuid.New()
	q := &fakeQuotas{totals: map[uuid.UUID]int64{}, pending: []limits.Used{
		{Organization: w.Organization, AppCounter: sub, PeriodStart: usagetest.At("2026-06-01T00:00:00Z"), PeriodEnd: usagetest.At("2026-07-01T00:00:00Z"), N: 30},
		{Organization: w.Organization, AppCounter: sub, PeriodStart: usagetest.At("2026-06-15T00:00:00Z"), PeriodEnd: usagetest.At("2026-06-16T00:00:00Z"), N: 2},
	}}
	require.NoError(t, w.newFlusher(w.counter, q).Flush(context.Background()))
	all, err := w.store.QuotasUsed(context.Background(), []uuid.UUID{sub}, noon)
	require.NoError(t, err)
	require.Len(t, all[sub], 2)
	one, err := w.store.quotaUsed(context.Background(), []uuid.UUID{sub}, noon)
	require.NoError(t, err)
	require.EqualValues(t, 2, one[sub].N)
}

// While the database is unavailable a Counter does not grow beyond its bound: calls are
// counted by fewer dimensions then, and the sum is still exact.
func TestCounterIsBounded(t *testing.T) {
	c := newCounter(shards * 4)
	calls := usagetest.RandomCalls(uuid.UUID{1}, 5000)
	for range 2 {
		for i := range calls {
			c.Add(&calls[i], noon, 1)
		}
	}
	rows := c.drain(nil)
	setIDs(rows)
	require.LessOrEqual(t, len(rows), shards*5)
	sum := int64(0)
	for _, r := range rows {
		require.Equal(t, uuid.UUID{1}, r.Organization)
		require.Equal(t, "VALID", r.Code)
		sum += r.Calls
	}
	require.EqualValues(t, 10_000, sum)
	require.Empty(t, c.drain(nil))
}

func TestFlushOfManyRows(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		calls := usagetest.RandomCalls(w.Organization, 2*counts.ChunkRows+5)
		calls[0].Code = "a \"quoted\\\" \x00\xff code, {x}"
		for i := range calls {
			w.counter.Add(&calls[i], noon, 1)
		}
		w.flush()
		require.EqualValues(t, len(calls), w.Number(`SELECT COUNT(*) FROM usage_minutes`))
		require.EqualValues(t, 1, w.Number(`SELECT COUNT(*) FROM usage_minutes WHERE code = $1`, `a "quoted\"  code, {x}`))
	})
}

func TestRunFlushesAtTheEnd(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t), "UTC", noon)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	observed := 0
	f := NewFlusher(FlusherOptions{DB: w.DB, Clock: w.Clock, Counter: w.counter, Every: time.Hour,
		Observe: func(rows int, _ time.Duration, err error) { observed += rows }})
	go func() { f.Run(ctx); close(done) }()
	w.counter.Add(w.Call(uuid.UUID{5}, "VALID"), noon, 3)
	cancel()
	<-done
	require.EqualValues(t, 3, w.Number(`SELECT SUM(calls) FROM usage_minutes`))
	require.Equal(t, 1, observed)
}

func TestFlushKeepsTheBatchOfAClosedDatabase(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t), "UTC", noon)
	away := testdb.Open(t, testdb.SQLite(t))
	require.NoError(t, away.Close())
	f := NewFlusher(FlusherOptions{DB: away, Clock: w.Clock, Counter: w.counter})
	w.counter.Add(w.Call(uuid.UUID{5}, "VALID"), noon, 3)
	for range 3 {
		err := f.Flush(context.Background())
		require.True(t, err != nil && !errors.Is(err, context.Canceled))
	}
	require.Len(t, f.waiting, 1)
}
