package usage

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/fault"
	"portico/internal/testdb"
)

func TestRollUpAndLateCalls(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "America/New_York", noon)
		app := uuid.UUID{5}
		for n := range int64(5) {
			w.counter.Add(w.call(app, "VALID"), noon, 1)
			w.counter.Add(w.call(app, "VALID"), noon.Add(-13*time.Hour), 1) // the day before, there
			w.flush()
			w.rollUp()
			if n == 0 {
				require.EqualValues(t, 1, w.number(`SELECT COUNT(*) FROM usage_days`), "the current minute waits")
				w.clock.Advance(time.Minute)
				w.rollUp()
			}
			require.EqualValues(t, 0, w.number(`SELECT COUNT(*) FROM usage_minutes WHERE due`))
			for _, table := range []string{"usage_minutes", "usage_hours", "usage_days"} {
				require.EqualValues(t, 2*(n+1), w.number(`SELECT SUM(calls) FROM `+table), table)
				require.EqualValues(t, 2, w.number(`SELECT COUNT(*) FROM `+table), table)
			}
		}
		require.EqualValues(t, 1, w.number(`SELECT COUNT(*) FROM usage_days WHERE at = $1`, at("2026-06-15T04:00:00Z")))
	})
}

func TestPurge(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon.AddDate(0, 0, -30))
		short := w.organization("UTC")
		w.exec(`UPDATE organizations SET usage_retention = '{"minutes": 2, "hours": 40, "days": 60}' WHERE id = $1`, short)
		// The default keeps minutes for a week, this one for two days.
		for _, days := range []int{1, 5, 10, 50, 70} {
			c := w.call(uuid.UUID{5}, "VALID")
			w.counter.Add(c, noon.AddDate(0, 0, -days), 1)
			c.Organization = short
			w.counter.Add(c, noon.AddDate(0, 0, -days), 1)
		}
		w.flush()
		w.clock.Advance(30 * 24 * time.Hour)
		count := func(table string) string {
			return fmt.Sprintf("%d %d", w.number(`SELECT COUNT(*) FROM `+table+` WHERE organization_id = $1`, w.org), w.number(`SELECT COUNT(*) FROM `+table+` WHERE organization_id = $1`, short))
		}
		_, err := w.store.Purge(ctx)
		require.NoError(t, err)
		require.Equal(t, "5 5", count("usage_minutes"), "what is due stays, however old")
		w.rollUp()
		w.exec(`INSERT INTO usage_batches (id, received_at) VALUES ('old', $1), ('new', $2)`, noon.Add(-49*time.Hour), noon.Add(-47*time.Hour))
		w.exec(`INSERT INTO quota_counts (id, organization_id, subscription_id, period_start, period_end, used) VALUES ($1, $1, $1, $3, $3, 1), ($2, $2, $2, $4, $4, 1)`,
			uuid.New(), uuid.New(), noon.AddDate(0, 0, -91), noon.AddDate(0, 0, -89))
		dead, alive := uuid.New(), uuid.New()
		w.exec(`INSERT INTO gate_nodes (id, name, started_at, seen_at, flushed_at) VALUES ($1, 'a', $3, $3, $3), ($2, 'b', $4, $4, $4)`, dead, alive, noon.Add(-25*time.Hour), noon)
		w.exec(`INSERT INTO gate_cursors (id, node_id, organization_id, position, applied_at) VALUES ($1, $1, $3, 1, $4), ($2, $2, $3, 1, $4)`, dead, alive, w.org, noon.Add(-25*time.Hour))
		n, err := w.store.Purge(ctx)
		require.NoError(t, err)
		require.Equal(t, "2 1", count("usage_minutes"))
		require.Equal(t, "5 3", count("usage_hours"))
		require.Equal(t, "5 4", count("usage_days"))
		for _, table := range []string{"usage_batches", "quota_counts", "gate_nodes", "gate_cursors"} {
			require.EqualValues(t, 1, w.number(`SELECT COUNT(*) FROM `+table), table)
		}
		require.Equal(t, 3+4+2+1+1+1+1+1, n)
		again, err := w.store.Purge(ctx)
		require.NoError(t, err)
		require.Zero(t, again)
	})
}

func TestAccept(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "Europe/Berlin", noon)
		app := uuid.UUID{5}
		w.own(app)
		report := []Reported{
			{Call: *w.call(app, "VALID"), At: noon, Calls: 2},
			{Call: *w.call(app, "VALID"), At: noon.Add(time.Second), Calls: 3, StatusClass: 2, Latency: 30 * time.Millisecond},
			{Call: *w.call(app, ""), At: noon, Calls: 1, StatusClass: 2, Latency: 50 * time.Millisecond},
			{Call: *w.call(app, ""), At: noon, Calls: 1, StatusClass: 5, Latency: time.Second},
		}
		report[0].Organization = uuid.New() // it is the caller's organization that counts
		for n := range 3 {
			replayed, err := w.store.Accept(ctx, Reporter{Organization: w.org}, "batch-1", report)
			require.NoError(t, err)
			require.Equal(t, n > 0, replayed)
		}
		other := w.organization("UTC")
		replayed, err := w.store.Accept(ctx, Reporter{Organization: other}, "batch-1", []Reported{{Call: Call{Code: "NOT_FOUND"}, At: noon, Calls: 1}})
		require.NoError(t, err)
		require.False(t, replayed, "ids are the organization's own")
		q := w.query(Hour, noon.Add(-time.Hour), noon.Add(time.Hour))
		q.Apps = []uuid.UUID{app}
		require.Equal(t, map[string]int64{"VALID": 5}, w.report(q).Totals)
		q.From = at("2026-06-15T12:00:00Z")
		up, err := w.store.Upstream(ctx, q)
		require.NoError(t, err)
		require.Equal(t, []Upstream{{StatusClass: 2, Calls: 4, Latency: 20 * time.Millisecond}, {StatusClass: 5, Calls: 1, Latency: time.Second}}, up)
		nobody := uuid.New()
		q.Account = &nobody
		up, err = w.store.Upstream(ctx, q)
		require.NoError(t, err)
		require.Empty(t, up)

		good := Reported{Call: *w.call(app, "VALID"), At: noon, Calls: 1}
		for name, change := range map[string]func(*Reported){
			"none": func(r *Reported) { r.Calls = 0 }, "negative": func(r *Reported) { r.Calls = -1 }, "class": func(r *Reported) { r.StatusClass = 6 },
			"nothing": func(r *Reported) { r.Code = "" }, "latency": func(r *Reported) { r.Latency = -1 },
			"old": func(r *Reported) { r.At = noon.Add(-25 * time.Hour) }, "early": func(r *Reported) { r.At = noon.Add(time.Hour) },
		} {
			bad := good
			change(&bad)
			_, err := w.store.Accept(ctx, Reporter{Organization: w.org}, "batch-2", []Reported{good, bad})
			require.True(t, fault.Is(err, fault.CodeBadUserInput), name)
			require.Contains(t, err.Error(), "Row 1", name)
		}
		for _, id := range []string{"", strings.Repeat("x", 201), "a b", "ä"} {
			_, err := w.store.Accept(ctx, Reporter{Organization: w.org}, id, nil)
			require.True(t, fault.Is(err, fault.CodeBadUserInput), id)
		}
		_, err = w.store.Accept(ctx, Reporter{Organization: w.org}, "batch-2", []Reported{good})
		require.NoError(t, err, "nothing of the bad ones was kept")

		// Whoever did not hear the answer may ask late, and when the key is gone.
		w.exec(`DELETE FROM credentials`)
		w.clock.Advance(acceptsBack + time.Hour)
		replayed, err = w.store.Accept(ctx, Reporter{Organization: w.org}, "batch-1", report)
		require.NoError(t, err)
		require.True(t, replayed)
		_, err = w.store.Accept(ctx, Reporter{Organization: w.org}, "batch-3", report)
		require.True(t, fault.Is(err, fault.CodeBadUserInput), err)
	})
}

// Calls of an organization that is not known are in no zone, UTC least of all:
// they wait, are told, and hold up nobody else's.
func TestCallsOfAnUnknownOrganizationAreToldAndWait(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "Europe/Istanbul", noon)
		stranger := w.call(uuid.UUID{5}, "VALID")
		stranger.Organization = uuid.New()
		w.counter.Add(w.call(uuid.UUID{5}, "VALID"), noon.Add(-2*time.Hour), 3)
		w.counter.Add(stranger, noon.Add(-2*time.Hour), 5)
		w.flush()
		for range 2 {
			err := w.store.RollUp(context.Background())
			require.ErrorContains(t, err, stranger.Organization.String())
			require.EqualValues(t, 3, w.number(`SELECT sum(calls) FROM usage_hours`))
			require.EqualValues(t, 3, w.number(`SELECT sum(calls) FROM usage_days`))
			require.EqualValues(t, 1, w.number(`SELECT count(*) FROM usage_minutes WHERE due`))
		}
		w.exec(`INSERT INTO organizations (id, created_at, updated_at, slug, name, time_zone, longest_key_life) VALUES ($1, $2, $2, 'back', 'Back', 'Asia/Tokyo', '{}')`,
			stranger.Organization, w.clock.Now())
		require.NoError(t, w.store.RollUp(context.Background()))
		require.EqualValues(t, 8, w.number(`SELECT sum(calls) FROM usage_hours`))
	})
}
