package usage

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/database"
	"portico/internal/testdb"
	"portico/internal/usage/usagetest"
)

// explained returns the database's plan for the daily chart of one app over the
// last 30 full days and the 30 before.
func (w *world) explained(app uuid.UUID, how string) string {
	w.t.Helper()
	ctx := context.Background()
	to := Day.floor(w.clock.Now(), w.zone)
	q := w.query(Day, to.AddDate(0, 0, -30), to)
	q.Apps = []uuid.UUID{app}
	c := &calendar{zone: w.zone, coarsest: Day}
	p, err := c.planOf([]span{{to.AddDate(0, 0, -60), to}})
	require.NoError(w.t, err)
	text, args := w.store.seriesStatement(&q, p)
	var lines []string
	rows, err := w.db.QueryContext(ctx, how+" "+text, args...)
	require.NoError(w.t, err)
	defer rows.Close()
	for rows.Next() {
		columns, err := rows.Columns()
		require.NoError(w.t, err)
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(string)
		}
		require.NoError(w.t, rows.Scan(cells...))
		lines = append(lines, *cells[len(cells)-1].(*string))
	}
	require.NoError(w.t, rows.Err())
	return strings.Join(lines, "\n")
}

// The daily chart of one app reads the rolled-up days by an index, and of the
// minutes only those that are due.
func TestADailyChartReadsDaysByAnIndex(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		w := newWorld(t, testdb.SQLite(t), "UTC", noon)
		plan := w.explained(uuid.UUID{5}, "EXPLAIN QUERY PLAN")
		require.Contains(t, plan, "SEARCH u USING INDEX usageday_app_id_at (app_id=? AND at>? AND at<?)")
		require.Contains(t, plan, "SEARCH u USING INDEX usage_minutes_due (id>? AND id<?)")
		require.NotContains(t, plan, "SCAN u ")
	})
	t.Run("postgres", func(t *testing.T) {
		url, ok := testdb.Postgres(t)
		if !ok {
			t.Skip("there is no Postgres server")
		}
		w := newWorld(t, url, "UTC", time.Now())
		apps := make([]uuid.UUID, 50)
		for i := range apps {
			apps[i] = uuid.New()
		}
		require.NoError(t, usagetest.Fill(context.Background(), w.db, w.org, apps, 90, 50_000))
		require.EqualValues(t, 150_000, w.number(`SELECT SUM(calls) FROM usage_days`))
		require.EqualValues(t, 150_000, w.number(`SELECT SUM(calls) FROM usage_minutes`))
		plan := w.explained(apps[0], "EXPLAIN")
		require.Contains(t, plan, "usageday_app_id_at", plan)
		require.Contains(t, plan, "usage_minutes_due", plan)
		require.NotContains(t, plan, "Seq Scan", plan)
	})
}

// BenchmarkDailyChart asks for the last 30 days of one app of 1,000 on two
// tables of as many rows as PORTICO_BENCH_ROWS says; default 1 million.
func BenchmarkDailyChart(b *testing.B) {
	url, ok := testdb.Postgres(b)
	if !ok {
		b.Skip("there is no Postgres server: run it with internal/testdb/withpg")
	}
	rows := 1_000_000
	if text := os.Getenv("PORTICO_BENCH_ROWS"); text != "" {
		_, err := fmt.Sscan(text, &rows)
		require.NoError(b, err)
	}
	w := newWorld(b, url, "UTC", time.Now())
	w.db = testdb.OpenWith(b, url, database.Options{StatementTimeout: -1})
	w.store = NewStore(w.db, w.clock)
	apps := make([]uuid.UUID, 1000)
	for i := range apps {
		apps[i] = uuid.New()
	}
	require.NoError(b, usagetest.Fill(context.Background(), w.db, w.org, apps, 90, rows))
	b.Log("\n" + w.explained(apps[7], "EXPLAIN (ANALYZE, BUFFERS)"))
	to := Day.floor(w.clock.Now(), w.zone)
	n := 0
	for b.Loop() {
		q := w.query(Day, to.AddDate(0, 0, -30), to)
		q.Apps = []uuid.UUID{apps[n%len(apps)]}
		n++
		require.NotZero(b, w.report(q).Total)
	}
}
