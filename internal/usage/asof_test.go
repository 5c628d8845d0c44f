package usage

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/clock"
	"portico/internal/testdb"
)

// node writes down that a node was seen, and up to when its counts are there.
func (w *world) node(f *Flusher, seen time.Time) {
	w.t.Helper()
	w.exec(`INSERT INTO gate_nodes (id, name, started_at, seen_at, flushed_at) VALUES ($1, 'a', $2, $2, $3)
		ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, flushed_at = excluded.flushed_at`, f.o.Node, seen, f.Visible())
}

// A node that ends for good may leave counts in the journal: until they are
// folded, nothing is promised of the time from which they are.
func TestAsOfMindsWhatADeadNodeLeft(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		asOf := func() time.Time {
			return w.report(w.query(Day, noon.Add(-time.Hour), noon.Add(time.Hour))).AsOf
		}
		dead, alive := w.newFlusher(w.counter, nil), w.newFlusher(NewCounter(), nil)
		addAll(w, w.counter, randomCalls(w.org, many))
		w.clock.Advance(10 * time.Minute) // the database was away
		require.NoError(t, dead.Flush(context.Background()))
		w.node(dead, w.clock.Now())
		w.clock.Advance(2 * time.Minute)
		require.NoError(t, alive.Flush(context.Background()))
		w.node(alive, w.clock.Now())
		require.Equal(t, noon, asOf())

		require.NoError(t, alive.Recover(context.Background()))
		require.Equal(t, w.clock.Now(), asOf())
	})
}

// A node may end before it has written down that it is there.
func TestAsOfMindsWhatAnUnknownNodeLeft(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		addAll(w, w.counter, randomCalls(w.org, many))
		require.NoError(t, w.flusher.Flush(context.Background()))
		w.clock.Advance(2 * time.Minute)
		q := w.query(Day, noon.Add(-time.Hour), noon.Add(time.Hour))
		require.Equal(t, noon.Add(-pageSpan), w.report(q).AsOf)
		w.exec(`UPDATE usage_journal SET part = $1`, unreadable)
		require.Equal(t, w.clock.Now(), w.report(q).AsOf, "what is set aside is not waited for")
	})
}

// Pages of a node that is not seen any more are folded within minutes; those of
// others are theirs, unless they do not get to it.
func TestPagesOfASilentNodeAreFoldedSoon(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, url, "UTC", clock.System{}.Now())
			silent, stuck := w.newFlusher(w.counter, nil), w.newFlusher(w.counter, nil)
			for _, f := range []*Flusher{silent, stuck} {
				addAll(w, w.counter, randomCalls(w.org, many))
				require.NoError(t, f.Flush(t.Context()))
				w.node(f, w.clock.Now())
			}
			w.node(stuck, w.clock.Now().Add(time.Hour))
			pages := func(f *Flusher) int64 {
				return w.number(`SELECT COUNT(*) FROM usage_journal WHERE node_id = $1`, f.o.Node)
			}
			ctx, cancel := context.WithCancel(t.Context())
			alive := NewFlusher(FlusherOptions{DB: w.db, Clock: clock.System{}, Counter: NewCounter(), Node: uuid.New()})
			go alive.keepFolding(ctx)
			after := func(d time.Duration) {
				time.Sleep(d)
				synctest.Wait()
			}
			after(nodeSilence - time.Second)
			require.EqualValues(t, parts, pages(silent))
			after(foldEvery + 2*foldTick)
			require.Zero(t, pages(silent))
			require.EqualValues(t, parts, pages(stuck))
			after(orphanAge)
			require.Zero(t, pages(stuck))
			require.EqualValues(t, 2*2*many, w.number(`SELECT SUM(calls) FROM usage_minutes`))
			cancel()
			synctest.Wait()
		})
	})
}
