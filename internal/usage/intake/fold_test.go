package intake

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/clock"
	"portico/internal/testdb"
	"portico/internal/usage"
	"portico/internal/usage/usagetest"
)

// setNode stores when a node was last alive, and up to when its counts are stored.
func (w *world) setNode(f *Flusher, seen time.Time) {
	w.T.Helper()
	w.Exec(`INSERT INTO gate_nodes (id, name, started_at, seen_at, flushed_at) VALUES ($1, 'a', $2, $2, $3)
		ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, flushed_at = excluded.flushed_at`, f.o.Node, seen, f.Visible())
}

// Pages of a node that has ended are folded within minutes. Other nodes' pages are left
// to them, unless they are not folded for orphanAge.
func TestPagesOfEndedNodesAreFoldedByOthers(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, url, "UTC", clock.System{}.Now())
			ended, stuck := w.newFlusher(w.counter, nil), w.newFlusher(w.counter, nil)
			for _, f := range []*Flusher{ended, stuck} {
				countTwice(w.counter, usagetest.RandomCalls(w.Organization, many))
				require.NoError(t, f.Flush(t.Context()))
				w.setNode(f, w.Clock.Now())
			}
			w.setNode(stuck, w.Clock.Now().Add(time.Hour))
			pages := func(f *Flusher) int64 {
				return w.Number(`SELECT COUNT(*) FROM usage_journal WHERE node_id = $1`, f.o.Node)
			}
			ctx, cancel := context.WithCancel(t.Context())
			alive := NewFlusher(FlusherOptions{DB: w.DB, Clock: clock.System{}, Counter: NewCounter(), Node: uuid.New()})
			go alive.runFolding(ctx)
			after := func(d time.Duration) {
				time.Sleep(d)
				synctest.Wait()
			}
			after(usage.NodeTimeout - time.Second)
			require.EqualValues(t, parts, pages(ended))
			after(foldEvery + 2*foldTick)
			require.Zero(t, pages(ended))
			require.EqualValues(t, parts, pages(stuck))
			after(orphanAge)
			require.Zero(t, pages(stuck))
			require.EqualValues(t, 2*2*many, w.Number(`SELECT SUM(calls) FROM usage_minutes`))
			cancel()
			synctest.Wait()
		})
	})
}
