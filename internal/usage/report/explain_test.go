package report

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
	"portico/internal/usage"
	"portico/internal/usage/usagetest"
)

// explain returns the database's plan for the daily chart of one app over the last 30
// full days and the 30 before. command is the EXPLAIN to run.
func (w *world) explain(app uuid.UUID, command string) string {
	w.T.Helper()
	ctx := context.Background()
	to := usage.Day.Start(w.Clock.Now(), w.Zone)
	q := w.Query(usage.Day, to.AddDate(0, 0, -30), to)
	q.Apps = []uuid.UUID{app}
	c := &calendar{zone: w.Zone, coarsest: usage.Day}
	p, err := c.planOf([]span{{to.AddDate(0, 0, -60), to}})
	require.NoError(w.T, err)
	text, args := w.reports.seriesStatement(&q, p)
	var lines []string
	rows, err := w.DB.QueryContext(ctx, command+" "+text, args...)
	require.NoError(w.T, err)
	defer rows.Close()
	for rows.Next() {
		columns, err := rows.Columns()
		require.NoError(w.T, err)
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(string)
		}
		require.NoError(w.T, rows.Scan(cells...))
		lines = append(lines, *cells[len(cells)-1].(*string))
	}
	require.NoError(w.T, rows.Err())
	return strings.Join(lines, "\n")
}

// The daily chart of one app reads days by an index, and only the due minutes.
func TestDailyChartUsesIndexes(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		w := newWorld(t, testdb.SQLite(t), "UTC", noon)
		plan := w.explain(uuid.UUID{5}, "EXPLAIN QUERY PLAN")
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
		require.NoError(t, usagetest.Fill(context.Background(), w.DB, w.Organization, apps, 90, 50_000))
		require.EqualValues(t, 150_000, w.Number(`SELECT SUM(calls) FROM usage_days`))
		require.EqualValues(t, 150_000, w.Number(`SELECT SUM(calls) FROM usage_minutes`))
		plan := w.explain(apps[0], "EXPLAIN")
		require.Contains(t, plan, "usageday_app_id_at", plan)
		require.Contains(t, plan, "usage_minutes_due", plan)
		require.NotContains(t, plan, "Seq Scan", plan)
	})
}

// BenchmarkDailyChart reads the last 30 days of one app of 1,000 from two tables of
// PORTICO_BENCH_ROWS rows each; default 1 million.
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
	w.DB = testdb.OpenWith(b, url, database.Options{StatementTimeout: -1})
	w.reports = NewReader(w.DB, w.Clock)
	apps := make([]uuid.UUID, 1000)
	for i := range apps {
		apps[i] = uuid.New()
	}
	require.NoError(b, usagetest.Fill(context.Background(), w.DB, w.Organization, apps, 90, rows))
	b.Log("\n" + w.explain(apps[7], "EXPLAIN (ANALYZE, BUFFERS)"))
	to := usage.Day.Start(w.Clock.Now(), w.Zone)
	n := 0
	for b.Loop() {
		q := w.Query(usage.Day, to.AddDate(0, 0, -30), to)
		q.Apps = []uuid.UUID{apps[n%len(apps)]}
		n++
		require.NotZero(b, w.report(q).Total)
	}
}
