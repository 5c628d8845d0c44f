package intake

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/limits"
	"portico/internal/usage"
	"portico/internal/usage/counts"
	"portico/internal/usage/report"
	"portico/internal/usage/usagetest"
)

var noon = usagetest.Noon()

// world is a database with an organization, a counter with its flusher, and what
// reads and maintains the counts.
type world struct {
	*usagetest.Fixture
	store   *Store
	counts  *counts.Store
	reports *report.Reader
	counter *Counter
	flusher *Flusher
}

func newWorld(t testing.TB, url, zone string, now time.Time) *world {
	t.Helper()
	f := usagetest.New(t, url, zone, now)
	w := &world{
		Fixture: f, store: NewStore(f.DB, f.Clock), counts: counts.NewStore(f.DB, f.Clock), reports: report.NewReader(f.DB, f.Clock), counter: NewCounter(),
	}
	w.flusher = w.newFlusher(w.counter, nil)
	return w
}

func (w *world) newFlusher(c *Counter, q Quotas) *Flusher {
	return NewFlusher(FlusherOptions{DB: w.DB, Clock: w.Clock, Counter: c, Quotas: q, Node: uuid.New()})
}

// flush stores all that was counted, also what goes to the journal.
func (w *world) flush() {
	w.T.Helper()
	require.NoError(w.T, w.flusher.Flush(context.Background()))
	require.NoError(w.T, w.flusher.Fold(context.Background()))
	require.NoError(w.T, w.flusher.FlushLastUsed(context.Background()))
}

func (w *world) rollUp() {
	w.T.Helper()
	require.NoError(w.T, w.counts.RollUp(context.Background()))
}

func (w *world) report(q usage.Query) *usage.Report {
	w.T.Helper()
	r, err := w.reports.Report(context.Background(), q)
	require.NoError(w.T, err)
	return r
}

// quotaUsed returns what is used of the latest period of each counter.
func (s *Store) quotaUsed(ctx context.Context, counters []uuid.UUID, at time.Time) (map[uuid.UUID]limits.Used, error) {
	all, err := s.QuotasUsed(ctx, counters, at)
	out := make(map[uuid.UUID]limits.Used, len(all))
	for id, periods := range all {
		out[id] = periods[len(periods)-1]
	}
	return out, err
}
