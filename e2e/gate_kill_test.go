package e2e

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/limits"
	"portico/e2e/servertest"
	"portico/internal/database"
	"portico/internal/testdb"
)

const (
	// countKills is how often the counting program is killed on each database.
	countKills = 20
	// countClients call concurrently, for countFor before each kill.
	countClients, countFor = 8, 1500 * time.Millisecond
	// lostAtMost is the time before a kill whose counts may be lost.
	lostAtMost = time.Second
)

// answers are the times of responses.
type answers struct {
	mu   sync.Mutex
	at   []time.Time
	sent atomic.Int64
}

func (a *answers) note() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = append(a.at, time.Now())
}

// before returns the number of responses before a time.
func (a *answers) before(limit time.Time) int {
	n := 0
	for _, at := range a.at {
		if at.Before(limit) {
			n++
		}
	}
	return n
}

// The program is killed (SIGKILL) again and again while it answers gateways. A
// kill loses at most the last second's counts, and no call is counted twice.
func TestKillWhileCounting(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		t.Parallel()
		secrets := "XDG_CONFIG_HOME=" + t.TempDir()
		s := servertest.Start(t, url, secrets)
		c := newActors(t, s, "counting")
		gateway := newGatewayClient(t, s, "demo", "counting")
		app, _ := c.newApp(t, "Counting")
		_, key := c.newKey(t, app)
		var sent, atLeast int
		for kill := range countKills {
			now := gateway.at(s)
			got, killed := answersUntilKill(s, 1, func(int64) bool {
				v, err := now.try(vars{"key": key})
				return err == nil && v.Valid
			}, func() { time.Sleep(countFor) })
			sent += int(got.sent.Load())
			// The calls of the last second before the kill may be lost.
			atLeast += got.before(killed.Add(-lostAtMost))
			s = servertest.Start(t, url, secrets)
			calls := counted(t, url, callsOf, "Counting")
			require.GreaterOrEqual(t, calls, atLeast, "kill %d: calls were lost", kill+1)
			require.LessOrEqual(t, calls, sent, "kill %d: calls were counted twice", kill+1)
		}
		t.Logf("%d calls sent, at least %d had to be counted, %d are", sent, atLeast, counted(t, url, callsOf, "Counting"))
		s.Kill()
	})
}

// answersUntilKill verifies some calls at a time, until wait returns and the program is
// killed. pass verifies the calls from the nth on and reports whether they pass.
func answersUntilKill(s *servertest.Server, some int64, pass func(n int64) bool, wait func()) (got *answers, killed time.Time) {
	got = &answers{}
	var asking sync.WaitGroup
	for range countClients {
		asking.Go(func() {
			for pass(got.sent.Add(some) - some) {
				got.note()
			}
		})
	}
	wait()
	killed = time.Now()
	s.Kill()
	asking.Wait()
	return got, killed
}

// Queries of what the database has counted: calls with the credentials of apps of a name,
// and pages of the journal.
const (
	callsOf = `SELECT coalesce(sum(m.calls), 0) FROM usage_minutes m
		JOIN credentials c ON c.id = m.credential_id JOIN apps a ON a.id = c.app_id WHERE a.name = $1`
	pagesLeft = `SELECT count(*) FROM usage_journal`
)

// counted returns the number that a query selects.
func counted(t *testing.T, url, query string, args ...any) (n int) {
	t.Helper()
	inside(t, url, func(d *database.DB) {
		require.NoError(t, d.QueryRowContext(t.Context(), query, args...).Scan(&n))
	})
	return n
}

// usedBy returns what the apps of a name have used of quotas.
func usedBy(t *testing.T, url, name string) (n int) {
	t.Helper()
	inside(t, url, func(d *database.DB) {
		rows, err := d.QueryContext(t.Context(), `SELECT DISTINCT s.app_id, s.product_id FROM subscriptions s JOIN apps a ON a.id = s.app_id WHERE a.name = $1`, name)
		require.NoError(t, err)
		var counters []uuid.UUID
		for rows.Next() {
			var app, product uuid.UUID
			require.NoError(t, rows.Scan(&app, &product))
			counters = append(counters, limits.ByApp(app, product))
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
		for _, c := range counters {
			var used int
			require.NoError(t, d.QueryRowContext(t.Context(), `SELECT coalesce(sum(used), 0) FROM quota_counts WHERE subscription_id = $1`, c).Scan(&used))
			n += used
		}
	})
	return n
}

// inside calls do with the program's database.
func inside(t *testing.T, url string, do func(*database.DB)) {
	t.Helper()
	d, err := database.Open(t.Context(), url, database.Options{})
	require.NoError(t, err)
	defer d.Close() // it has returned its errors
	do(d)
}
