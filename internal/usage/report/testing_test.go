package report

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/usage"
	"portico/internal/usage/counts"
	"portico/internal/usage/intake"
	"portico/internal/usage/usagetest"
)

var noon = usagetest.Noon()

// world is a database with an organization, and what counts in it.
type world struct {
	*usagetest.Fixture
	reports *Reader
	counts  *counts.Store
	counter *intake.Counter
	flusher *intake.Flusher
	node    uuid.UUID // of flusher
}

func newWorld(t testing.TB, url, zone string, now time.Time) *world {
	t.Helper()
	f := usagetest.New(t, url, zone, now)
	w := &world{Fixture: f, reports: NewReader(f.DB, f.Clock), counts: counts.NewStore(f.DB, f.Clock), counter: intake.NewCounter(), node: uuid.New()}
	w.flusher = intake.NewFlusher(intake.FlusherOptions{DB: f.DB, Clock: f.Clock, Counter: w.counter, Node: w.node})
	return w
}

// flush stores all that was counted, also what goes to the journal.
func (w *world) flush() {
	w.T.Helper()
	require.NoError(w.T, w.flusher.Flush(context.Background()))
	require.NoError(w.T, w.flusher.Fold(context.Background()))
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
