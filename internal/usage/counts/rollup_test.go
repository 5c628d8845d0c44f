package counts_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
	"portico/internal/usage/usagetest"
)

func TestRollUpAndLateCalls(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "America/New_York", noon)
		app := uuid.UUID{5}
		for n := range int64(5) {
			w.counter.Add(w.Call(app, "VALID"), noon, 1)
			w.counter.Add(w.Call(app, "VALID"), noon.Add(-13*time.Hour), 1) // the day before, there
			w.flush()
			w.rollUp()
			if n == 0 {
				require.EqualValues(t, 1, w.Number(`SELECT COUNT(*) FROM usage_days`), "the current minute waits")
				w.Clock.Advance(time.Minute)
				w.rollUp()
			}
			require.EqualValues(t, 0, w.Number(`SELECT COUNT(*) FROM usage_minutes WHERE due`))
			for _, table := range []string{"usage_minutes", "usage_hours", "usage_days"} {
				require.EqualValues(t, 2*(n+1), w.Number(`SELECT SUM(calls) FROM `+table), table)
				require.EqualValues(t, 2, w.Number(`SELECT COUNT(*) FROM `+table), table)
			}
		}
		require.EqualValues(t, 1, w.Number(`SELECT COUNT(*) FROM usage_days WHERE at = $1`, usagetest.At("2026-06-15T04:00:00Z")))
	})
}

func TestPurge(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon.AddDate(0, 0, -30))
		short := w.AddOrganization("UTC")
		w.Exec(`UPDATE organizations SET usage_retention = '{"minutes": 2, "hours": 40, "days": 60}' WHERE id = $1`, short)
		// The default keeps minutes for a week, this one for two days.
		for _, days := range []int{1, 5, 10, 50, 70} {
			c := w.Call(uuid.UUID{5}, "VALID")
			w.counter.Add(c, noon.AddDate(0, 0, -days), 1)
			c.Organization = short
			w.counter.Add(c, noon.AddDate(0, 0, -days), 1)
		}
		w.flush()
		w.Clock.Advance(30 * 24 * time.Hour)
		count := func(table string) string {
			return fmt.Sprintf("%d %d", w.Number(`SELECT COUNT(*) FROM `+table+` WHERE organization_id = $1`, w.Organization), w.Number(`SELECT COUNT(*) FROM `+table+` WHERE organization_id = $1`, short))
		}
		_, err := w.counts.Purge(ctx)
		require.NoError(t, err)
		require.Equal(t, "5 5", count("usage_minutes"), "what is due stays, however old")
		w.rollUp()
		w.Exec(`INSERT INTO usage_batches (id, received_at) VALUES ('old', $1), ('new', $2)`, noon.Add(-49*time.Hour), noon.Add(-47*time.Hour))
		w.Exec(`INSERT INTO quota_counts (id, organization_id, subscription_id, period_start, period_end, used) VALUES ($1, $1, $1, $3, $3, 1), ($2, $2, $2, $4, $4, 1)`,
			uuid.New(), uuid.New(), noon.AddDate(0, 0, -91), noon.AddDate(0, 0, -89))
		dead, alive := uuid.New(), uuid.New()
		w.Exec(`INSERT INTO gate_nodes (id, name, started_at, seen_at, flushed_at) VALUES ($1, 'a', $3, $3, $3), ($2, 'b', $4, $4, $4)`, dead, alive, noon.Add(-25*time.Hour), noon)
		w.Exec(`INSERT INTO gate_cursors (id, node_id, organization_id, position, applied_at) VALUES ($1, $1, $3, 1, $4), ($2, $2, $3, 1, $4)`, dead, alive, w.Organization, noon.Add(-25*time.Hour))
		n, err := w.counts.Purge(ctx)
		require.NoError(t, err)
		require.Equal(t, "2 1", count("usage_minutes"))
		require.Equal(t, "5 3", count("usage_hours"))
		require.Equal(t, "5 4", count("usage_days"))
		for _, table := range []string{"usage_batches", "quota_counts", "gate_nodes", "gate_cursors"} {
			require.EqualValues(t, 1, w.Number(`SELECT COUNT(*) FROM `+table), table)
		}
		require.Equal(t, 3+4+2+1+1+1+1+1, n)
		again, err := w.counts.Purge(ctx)
		require.NoError(t, err)
		require.Zero(t, again)
	})
}

// Calls of an unknown organization have no time zone, so they are not rolled up and
// reported as an error. They do not block those of others.
func TestCallsOfAnUnknownOrganizationAreNotRolledUp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "Europe/Istanbul", noon)
		unknown := w.Call(uuid.UUID{5}, "VALID")
		unknown.Organization = uuid.New()
		w.counter.Add(w.Call(uuid.UUID{5}, "VALID"), noon.Add(-2*time.Hour), 3)
		w.counter.Add(unknown, noon.Add(-2*time.Hour), 5)
		w.flush()
		for range 2 {
			err := w.counts.RollUp(context.Background())
			require.ErrorContains(t, err, unknown.Organization.String())
			require.EqualValues(t, 3, w.Number(`SELECT sum(calls) FROM usage_hours`))
			require.EqualValues(t, 3, w.Number(`SELECT sum(calls) FROM usage_days`))
			require.EqualValues(t, 1, w.Number(`SELECT count(*) FROM usage_minutes WHERE due`))
		}
		w.Exec(`INSERT INTO organizations (id, created_at, updated_at, slug, name, time_zone, longest_key_life) VALUES ($1, $2, $2, 'back', 'Back', 'Asia/Tokyo', '{}')`,
			unknown.Organization, w.Clock.Now())
		require.NoError(t, w.counts.RollUp(context.Background()))
		require.EqualValues(t, 8, w.Number(`SELECT sum(calls) FROM usage_hours`))
	})
}
