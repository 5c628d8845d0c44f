package counts_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/usage/counts"
	"portico/internal/usage/intake"
	"portico/internal/usage/usagetest"
)

var noon = usagetest.Noon()

// world is a database with an organization, and what counts in it.
type world struct {
	*usagetest.Fixture
	counts  *counts.Store
	counter *intake.Counter
	flusher *intake.Flusher
}

func newWorld(t testing.TB, url, zone string, now time.Time) *world {
	t.Helper()
	f := usagetest.New(t, url, zone, now)
	w := &world{Fixture: f, counts: counts.NewStore(f.DB, f.Clock), counter: intake.NewCounter()}
	w.flusher = intake.NewFlusher(intake.FlusherOptions{DB: f.DB, Clock: f.Clock, Counter: w.counter, Node: uuid.New()})
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
