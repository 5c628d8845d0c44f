package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
	"time"

	"portico/bench/machine"
)

// report prints the medians of both servers, and the ratios over the rounds.
func (w *world) report(ctx context.Context, out io.Writer, results []result) error {
	var version string
	if err := w.database.QueryRowContext(ctx, "SELECT current_setting('server_version')").Scan(&version); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, %s, Postgres %s, %d cores; %d apps, %d connections, %d rounds of %s.\n", machine.Processor(),
		runtime.Version(), version, runtime.NumCPU(), len(w.apps), w.clients, w.rounds, w.length)
	fmt.Fprintf(out, "Load average before the first round: %s; the figures are good on a machine that does nothing else.\n", w.loadBefore)
	fmt.Fprint(out, "Each server on core 0 (GOMAXPROCS=1, GOGC=400), Postgres and clients on core 1. Medians of the rounds:\n\n")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "operation\tserver\tCPU ms/request\tPostgres'\trequests/s\tp50 ms\tp99 ms\tcore 0 busy\tanswer bytes\t")
	for _, r := range results {
		w.row(table, r, "portico", func(one round) load { return one.portico })
		w.row(table, r, "baseline", func(one round) load { return one.baseline })
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprint(out, "\nportico / baseline, round by round:\n\n")
	table = tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "operation\tCPU/request: median\tmin\tmax\taim\tPostgres': median\tmin\tmax\taim\trequests/s\tp50\t")
	for _, r := range results {
		cpu, postgres := r.ratio(load.perRequest), r.ratio(load.database)
		rate := r.over(func(one round) float64 { return one.portico.rate() / one.baseline.rate() })
		half := r.ratio(func(l load) time.Duration { return l.p50 })
		fmt.Fprintf(table, "%s\t%.2f\t%.2f\t%.2f\t≤ %.1f\t%.2f\t%.2f\t%.2f\t≤ %.1f\t%.2f\t%.2f\t\n", r.operation.title,
			cpu.median, cpu.min, cpu.max, r.operation.goal, postgres.median, postgres.min, postgres.max, postgresGoal, rate.median, half.median)
	}
	return table.Flush()
}

// ratio returns Portico's figure as a multiple of the baseline's.
func (r result) ratio(figure func(load) time.Duration) spread {
	return r.over(func(one round) float64 { return float64(figure(one.portico)) / float64(figure(one.baseline)) })
}

// row prints the medians of one server.
func (w *world) row(table io.Writer, r result, name string, of func(round) load) {
	median := func(figure func(load) float64) float64 {
		return r.over(func(one round) float64 { return figure(of(one)) }).median
	}
	ms := func(f func(load) time.Duration) float64 {
		return median(func(l load) float64 { return float64(f(l)) / float64(time.Millisecond) })
	}
	fmt.Fprintf(table, "%s\t%s\t%.3f\t%.3f\t%.0f\t%.2f\t%.2f\t%.0f %%\t%.0f\t\n", r.operation.title, name, ms(load.perRequest), ms(load.database),
		median(load.rate), ms(func(l load) time.Duration { return l.p50 }), ms(func(l load) time.Duration { return l.p99 }),
		100*median(load.busy), median(load.size))
}
