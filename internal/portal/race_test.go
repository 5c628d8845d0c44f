package portal_test

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
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// racers is the number of concurrent requests.
const racers = 64

// raceHarness runs concurrent requests: on SQLite one node, on Postgres two over the same
// database.
type raceHarness struct {
	*portaltest.Fixture
	nodes []*portal.Portal
}

// eachRace plays a race on both databases, each followed by a look at the log.
// The races are about who wins, not about how long it takes: a slow machine
// gets time.
func eachRace(t *testing.T, play func(t *testing.T, a *raceHarness)) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		patient := database.Options{IOTimeout: 2 * time.Minute, StatementTimeout: 100 * time.Second}
		f := portaltest.NewWith(t, url, patient)
		a := &raceHarness{f, []*portal.Portal{f.Portal}}
		if f.Database.Dialect() == "postgres" {
			a.nodes = append(a.nodes, portaltest.NewWith(t, url, patient).Portal)
		}
		play(t, a)
		a.checkLog(t)
	})
}

// race starts all racers at the same moment, dealt out to the nodes, and returns
// what each of them got.
func race[T any](a *raceHarness, run func(n int, p *portal.Portal) (T, error)) (got []T, outcomes []string) {
	got, errs := make([]T, racers), make([]error, racers)
	start := make(chan struct{})
	var running sync.WaitGroup
	for n := range racers {
		running.Go(func() {
			<-start
			got[n], errs[n] = run(n, a.nodes[n%len(a.nodes)])
		})
	}
	close(start)
	running.Wait()
	for _, err := range errs {
		outcomes = append(outcomes, outcome(err))
	}
	return got, outcomes
}

// won is the outcome of a request that succeeded.
const won = "won"

// outcome returns an error's code. An internal error, and that of an aborted
// transaction, is returned in full, so that no test expects it.
func outcome(err error) string {
	problems := fault.Problems(err)
	switch {
	case err == nil:
		return won
	case len(problems) > 0:
		return string(problems[0].Code)
	case database.IsRetryable(err) || fault.From(err).Code == fault.CodeInternal:
		return err.Error()
	}
	return string(fault.From(err).Code)
}

// tally counts the outcomes.
func tally(outcomes []string) map[string]int {
	counts := map[string]int{}
	for _, o := range outcomes {
		counts[o]++
	}
	return counts
}

// requireOne requires one winner, and the same outcome for all others.
func requireOne(t *testing.T, outcomes []string, others string) {
	t.Helper()
	require.Equal(t, map[string]int{won: 1, others: racers - 1}, tally(outcomes))
}

// requireOnly requires that there are no other outcomes than these.
func requireOnly(t *testing.T, outcomes []string, allowed ...string) {
	t.Helper()
	for o, n := range tally(outcomes) {
		require.Contains(t, allowed, o, "%d times", n)
	}
}

// events returns those of an object, in their order.
func (a *raceHarness) events(t *testing.T, of uuid.UUID, types ...eventlog.Type) []*db.Event {
	t.Helper()
	all, err := a.Client.Event.Query().Where(event.SubjectID(of)).Order(event.ByPosition()).All(portaltest.System(t))
	require.NoError(t, err)
	return slices.DeleteFunc(all, func(e *db.Event) bool {
		return len(types) > 0 && !slices.Contains(types, eventlog.Type(e.Type))
	})
}

// checkLog wants the positions of each organization to be 1, 2, 3 …
func (a *raceHarness) checkLog(t *testing.T) {
	t.Helper()
	all, err := a.Client.Event.Query().All(portaltest.System(t))
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

// ptr makes an optional value.
func ptr[T any](v T) *T { return &v }

// set makes a patch that gives a value.
func set[T any](v T) input.Patch[T] { return input.Patch[T]{Set: true, Value: &v} }
