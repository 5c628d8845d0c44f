package report

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
	"portico/internal/usage"
	"portico/internal/usage/intake"
	"portico/internal/usage/usagetest"
)

// countMany counts so many different calls that their flush goes to the journal.
func (w *world) countMany(c *intake.Counter) {
	for _, call := range usagetest.RandomCalls(w.Organization, 1536) {
		c.Add(&call, noon, 2)
	}
}

// setNode stores when a node was last alive, and up to when its counts are stored.
func (w *world) setNode(node uuid.UUID, f *intake.Flusher, seen time.Time) {
	w.T.Helper()
	w.Exec(`INSERT INTO gate_nodes (id, name, started_at, seen_at, flushed_at) VALUES ($1, 'a', $2, $2, $3)
		ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, flushed_at = excluded.flushed_at`, node, seen, f.Visible())
}

// A node that has ended may have left counts in the journal: until they are folded,
// AsOf is before their calls.
func TestAsOfIsBeforeTheJournalOfADeadNode(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		asOf := func() time.Time {
			return w.report(w.Query(usage.Day, noon.Add(-time.Hour), noon.Add(time.Hour))).AsOf
		}
		dead, alive := w.flusher, intake.NewFlusher(intake.FlusherOptions{DB: w.DB, Clock: w.Clock, Counter: intake.NewCounter(), Node: uuid.New()})
		w.countMany(w.counter)
		w.Clock.Advance(10 * time.Minute) // the database was unavailable
		require.NoError(t, dead.Flush(context.Background()))
		w.setNode(w.node, dead, w.Clock.Now())
		w.Clock.Advance(2 * time.Minute)
		require.NoError(t, alive.Flush(context.Background()))
		w.setNode(uuid.New(), alive, w.Clock.Now())
		require.Equal(t, noon, asOf())

		require.NoError(t, alive.Recover(context.Background()))
		require.Equal(t, w.Clock.Now(), asOf())
	})
}

// A node may end before it has written its row.
func TestAsOfIsBeforeTheJournalOfAnUnknownNode(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		w.countMany(w.counter)
		require.NoError(t, w.flusher.Flush(context.Background()))
		w.Clock.Advance(2 * time.Minute)
		q := w.Query(usage.Day, noon.Add(-time.Hour), noon.Add(time.Hour))
		require.Equal(t, noon.Add(-pageAge), w.report(q).AsOf)
		w.Exec(`UPDATE usage_journal SET part = -1`) // as pages that cannot be decoded are
		require.Equal(t, w.Clock.Now(), w.report(q).AsOf, "pages that are set aside are not waited for")
	})
}

func TestAsOfIgnoresNodesThatHaveEnded(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		w.Exec(`INSERT INTO gate_nodes (id, name, started_at, seen_at, flushed_at) VALUES ($1, 'a', $3, $3, $4), ($2, 'b', $5, $5, $5)`,
			uuid.New(), uuid.New(), noon, noon.Add(-700*time.Millisecond), noon.Add(-2*time.Minute))
		r := w.report(w.Query(usage.Day, noon.Add(-time.Hour), noon))
		require.Equal(t, noon.Add(-700*time.Millisecond), r.AsOf, "of the node that is alive")
	})
}
