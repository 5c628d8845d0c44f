// Package racetest lets tests send many requests to the services at the same
// moment, and counts how they end. On SQLite they reach one node, on Postgres two
// over the same database.
package racetest

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// Requests is the number of concurrent requests.
const Requests = 64

// OK is the outcome of a request that succeeded.
const OK = "OK"

// Harness is the nodes that the requests are sent to, and their database.
type Harness struct {
	*portaltest.Fixture
	nodes []*portal.Portal
}

// Each runs a race on both databases, and then checks that the log has no gap.
// Statements and connections have minutes, because the races are about who
// succeeds and not about how long it takes.
func Each(t *testing.T, run func(t *testing.T, h *Harness)) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		patient := database.Options{IOTimeout: 2 * time.Minute, StatementTimeout: 100 * time.Second}
		f := portaltest.NewWith(t, url, patient)
		h := &Harness{f, []*portal.Portal{f.Portal}}
		if f.Database.Dialect() == "postgres" {
			// The nodes of an installation have one key ring.
			h.nodes = append(h.nodes, portaltest.NewWith(t, url, patient).With(func(o *portal.Options) { o.Secrets, o.Tokens = f.Ring, f.Tokens }))
		}
		run(t, h)
		h.requireDenseLog(t)
	})
}

// Run starts all requests at the same moment, distributed over the nodes, and
// returns the result and the outcome of each: OK, or the code of its error.
func Run[T any](h *Harness, request func(n int, p *portal.Portal) (T, error)) (got []T, outcomes []string) {
	got, errs := make([]T, Requests), make([]error, Requests)
	start := make(chan struct{})
	var running sync.WaitGroup
	for n := range Requests {
		running.Go(func() {
			<-start
			got[n], errs[n] = request(n, h.nodes[n%len(h.nodes)])
		})
	}
	close(start)
	running.Wait()
	for _, err := range errs {
		outcomes = append(outcomes, Outcome(err))
	}
	return got, outcomes
}

// Outcome returns OK or an error's code. An internal error, and that of an
// aborted transaction, is returned in full, so that no test expects it.
func Outcome(err error) string {
	problems := fault.Problems(err)
	switch {
	case err == nil:
		return OK
	case len(problems) > 0:
		return string(problems[0].Code)
	case database.IsRetryable(err) || fault.From(err).Code == fault.CodeInternal:
		return err.Error()
	}
	return string(fault.From(err).Code)
}

// Tally counts the outcomes.
func Tally(outcomes []string) map[string]int {
	counts := map[string]int{}
	for _, o := range outcomes {
		counts[o]++
	}
	return counts
}

// First returns the result of the first request that succeeded.
func First[T any](got []T, outcomes []string) (first T) {
	if n := slices.Index(outcomes, OK); n >= 0 {
		return got[n]
	}
	return first
}

// RequireOne requires that one request succeeded, and the same outcome for all
// others.
func RequireOne(t *testing.T, outcomes []string, others string) {
	t.Helper()
	require.Equal(t, map[string]int{OK: 1, others: Requests - 1}, Tally(outcomes))
}

// RequireOnly requires that there are no other outcomes than these.
func RequireOnly(t *testing.T, outcomes []string, allowed ...string) {
	t.Helper()
	for o, n := range Tally(outcomes) {
		require.Contains(t, allowed, o, "%d times", n)
	}
}

// Events returns the events of an object in their order; those of some types, if
// any are named.
func (h *Harness) Events(t *testing.T, of uuid.UUID, types ...eventlog.Type) []*db.Event {
	t.Helper()
	all, err := h.Client.Event.Query().Where(event.SubjectID(of)).Order(event.ByPosition()).All(portaltest.System(t))
	require.NoError(t, err)
	return slices.DeleteFunc(all, func(e *db.Event) bool {
		return len(types) > 0 && !slices.Contains(types, eventlog.Type(e.Type))
	})
}

// requireDenseLog requires the positions of each organization to be 1, 2, 3 …
func (h *Harness) requireDenseLog(t *testing.T) {
	t.Helper()
	all, err := h.Client.Event.Query().All(portaltest.System(t))
	require.NoError(t, err)
	slices.SortFunc(all, func(x, y *db.Event) int {
		return cmp.Or(strings.Compare(x.OrganizationID.String(), y.OrganizationID.String()), cmp.Compare(x.Position, y.Position))
	})
	last := map[uuid.UUID]int64{}
	for _, e := range all {
		last[e.OrganizationID]++
		require.Equal(t, last[e.OrganizationID], e.Position, "of the event %s", e.Type)
	}
}
