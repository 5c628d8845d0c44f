package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"portico/bench/machine"
)

// pause waits for work in the background.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// pin moves Postgres to the other core; what it starts later goes there by
// itself.
func pin(ctx context.Context, w *world) error {
	var file string
	if err := w.database.QueryRowContext(ctx, "SELECT pg_read_file('postmaster.pid')").Scan(&file); err != nil {
		return err
	}
	postmaster, _, _ := strings.Cut(file, "\n")
	rows, err := w.database.QueryContext(ctx, "SELECT pid FROM pg_stat_activity")
	if err != nil {
		return err
	}
	defer rows.Close()
	pids := []string{postmaster, strconv.Itoa(os.Getpid())}
	for rows.Next() {
		var pid string
		if err := rows.Scan(&pid); err != nil {
			return err
		}
		pids = append(pids, pid)
	}
	for _, pid := range pids {
		out, err := exec.CommandContext(ctx, "taskset", "-acp", otherCore, pid).CombinedOutput()
		// A process of Postgres may have ended meanwhile.
		if _, gone := os.Stat("/proc/" + pid); err != nil && gone == nil {
			return fmt.Errorf("taskset: %w: %s", err, out)
		}
	}
	return errors.Join(rows.Err())
}

// spread is a figure over all rounds.
type spread struct{ min, median, max float64 }

func over(pairs []pair, figure func(pair) float64) spread {
	all := make([]float64, len(pairs))
	for i, p := range pairs {
		all[i] = figure(p)
	}
	slices.Sort(all)
	return spread{all[0], (all[(len(all)-1)/2] + all[len(all)/2]) / 2, all[len(all)-1]}
}

// head prints the machine and the settings.
func (b *bench) head(out io.Writer) {
	fmt.Fprintf(out, "%s, %d cores; wrk with %d connections; load average %s.\n", runtime.Version(), runtime.NumCPU(),
		b.connections, machine.LoadAverage())
	fmt.Fprint(out, "Each server on core 0 (GOMAXPROCS=1), wrk and Postgres on core 1. Limits (rate and quota) and counting are on.\n"+
		"A busy node stores counts in a journal and folds them later. CPU holds that work too, and \"lasting\" is the\n"+
		"rate at which the core would do it as well. Each server has the machine for itself meanwhile.\n\n")
}

// report prints the medians of both servers, and their ratio round by round.
func (d *duel) report(out io.Writer) {
	fmt.Fprintf(out, "%s: aim %s; %d rounds of %s\n", d.question, d.aim, d.rounds, d.length)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "door\tserver\trequests/s\tlasting\tp50 ms\tp99 ms\tCPU ms/1000\tof it later\tcore 0 busy\t")
	for _, path := range paths() {
		d.line(table, path, d.one.name, func(p pair) load { return p.one })
		d.line(table, path, d.two.name, func(p pair) load { return p.two })
	}
	_ = table.Flush() // standard output
	for _, path := range paths() {
		ratio := over(d.pairs[path], d.ratio)
		fmt.Fprintf(out, "%s: %.2f (%.2f–%.2f)\n", path, ratio.median, ratio.min, ratio.max)
	}
	fmt.Fprintln(out)
}

func (d *duel) line(out io.Writer, path, name string, of func(pair) load) {
	m := func(figure func(load) float64) float64 {
		return over(d.pairs[path], func(p pair) float64 { return figure(of(p)) }).median
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	fmt.Fprintf(out, "%s\t%s\t%.0f\t%.0f\t%.2f\t%.2f\t%.1f\t%.1f\t%.0f %%\t\n", path, name, m(load.rate), m(load.lasting),
		m(func(l load) float64 { return ms(l.p50) }), m(func(l load) float64 { return ms(l.p99) }), m(load.perThousand),
		m(load.laterPerThousand), 100*m(load.busy))
}

// foot prints what is common to all duels.
func (b *bench) foot(out io.Writer) {
	for _, p := range b.places {
		fmt.Fprintf(out, "%d keys in memory: %d MiB resident before the first request, %d at the highest\n", p.world.n, p.resident, p.most)
	}
	fmt.Fprint(out, "\nPublished elsewhere: Apache APISIX, 18,000 requests/s on a core at 0.2 ms, with rate limiting and metrics on (it also proxies).\n\n")
}
