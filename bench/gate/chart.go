package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"portico/internal/clock"
	"portico/internal/usage"
	"portico/internal/usage/report"
	"portico/internal/usage/usagetest"
)

const (
	// chartDays is the number of days of the chart, chartApps that of the apps that
	// share the rows, and chartReads how often it is read.
	chartDays, chartApps, chartReads = 30, 1000, 50
)

// chart reads the daily chart of single apps over many counted rows.
func (b *bench) chart(ctx context.Context, out io.Writer) (err error) {
	w, err := b.fill(ctx, chartApps*perApp)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	if err := usagetest.Fill(ctx, w.database, w.organization, w.apps, chartDays, b.rows); err != nil {
		return err
	}
	if _, err := w.database.ExecContext(ctx, "VACUUM ANALYZE"); err != nil {
		return err
	}
	var rows int
	if err := w.database.QueryRowContext(ctx, `SELECT count(*) FROM usage_minutes`).Scan(&rows); err != nil {
		return err
	}
	reports := report.NewReader(w.database, clock.System{})
	tomorrow := clock.System{}.Now().Truncate(24*time.Hour).AddDate(0, 0, 1)
	var took []time.Duration
	for i := range chartReads {
		begin := time.Now()
		report, err := reports.Report(ctx, usage.Query{
			Organization: w.organization, Apps: w.apps[i : i+1], From: tomorrow.AddDate(0, 0, -chartDays), To: tomorrow,
			Location: time.UTC, OrganizationLocation: time.UTC, Interval: usage.Day,
		})
		if err != nil {
			return err
		}
		if took = append(took, time.Since(begin)); report.Total == 0 {
			return errors.New("the chart is empty")
		}
	}
	slices.Sort(took)
	_, err = fmt.Fprintf(out, "The daily chart of one app over %d days, of %d minute rows and as many of days: median %.2f ms, worst %.2f ms of %d reads\n", chartDays, rows,
		took[len(took)/2].Seconds()*1000, took[len(took)-1].Seconds()*1000, len(took))
	return err
}
