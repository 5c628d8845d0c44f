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

// pause waits a moment for what happens in the background.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(100 * time.Millisecond):
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

func over(rounds []pair, figure func(pair) float64) spread {
	all := make([]float64, len(rounds))
	for i, one := range rounds {
		all[i] = figure(one)
	}
	slices.Sort(all)
	return spread{all[0], (all[(len(all)-1)/2] + all[len(all)/2]) / 2, all[len(all)-1]}
}

// head tells where and how it is measured.
func (b *bench) head(out io.Writer) {
	fmt.Fprintf(out, "%s, %d cores; wrk with %d connections, %d rounds of %s; load average %s.\n", runtime.Version(), runtime.NumCPU(),
		b.connections, b.rounds, b.length, machine.LoadAverage())
	fmt.Fprint(out, "Each server on core 0 (GOMAXPROCS=1), wrk and Postgres on core 1. Limits (rate and quota) and counting are on.\n\n")
}

// report prints the medians, and the ratios round by round.
func (b *bench) report(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "keys\tdoor\tserver\trequests/s\tlasting\tp50 ms\tp99 ms\tCPU ms/1000\tcore 0 busy\tMiB resident\thighest\t")
	for _, r := range b.results {
		for _, door := range doors() {
			line(table, r, door, "portico", func(p pair) load { return p.portico })
			if r.compared {
				line(table, r, door, "empty", func(p pair) load { return p.empty })
			}
		}
	}
	_ = table.Flush() // standard output
	fmt.Fprint(out, "\nA busy node stores counts in a journal and folds them later. CPU holds that work too, and \"lasting\" is the\n"+
		"rate at which the core would do it as well. Each server has the machine for itself meanwhile.\n\n")
	for _, r := range b.results {
		if r.compared {
			b.compare(out, r)
		}
	}
	b.growth(out)
	fmt.Fprint(out, "Published elsewhere: Apache APISIX, 18,000 requests/s on a core at 0.2 ms, with rate limiting and metrics on (it also proxies).\n\n")
}

func line(out io.Writer, r *result, door, name string, of func(pair) load) {
	m := func(figure func(load) float64) float64 {
		return over(r.rounds[door], func(p pair) float64 { return figure(of(p)) }).median
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	memory := "\t\t"
	if name == "portico" {
		memory = fmt.Sprintf("%d\t%d\t", r.resident, r.most)
	}
	fmt.Fprintf(out, "%d\t%s\t%s\t%.0f\t%.0f\t%.2f\t%.2f\t%.1f\t%.0f %%\t%s\n", r.keys, door, name, m(load.rate), m(load.lasting),
		m(func(l load) float64 { return ms(l.p50) }), m(func(l load) float64 { return ms(l.p99) }), m(load.perThousand), 100*m(load.busy), memory)
}

// compare prints portico beside the empty handler.
func (b *bench) compare(out io.Writer, r *result) {
	for _, door := range doors() {
		rate := over(r.rounds[door], func(p pair) float64 { return p.portico.lasting() / p.empty.rate() })
		cpu := over(r.rounds[door], func(p pair) float64 { return p.portico.perThousand() / p.empty.perThousand() })
		fmt.Fprintf(out, "%s with %d keys, portico / empty: lasting requests/s %.2f (%.2f–%.2f; aim ≥ 0.80), CPU %.2f (%.2f–%.2f)\n",
			door, r.keys, rate.median, rate.min, rate.max, cpu.median, cpu.min, cpu.max)
	}
}

// growth prints what more keys cost, against the fewest.
func (b *bench) growth(out io.Writer) {
	for _, r := range b.results[1:] {
		for _, door := range doors() {
			cost := func(r *result) float64 {
				return over(r.rounds[door], func(p pair) float64 { return p.portico.perThousand() }).median
			}
			few := b.results[0]
			fmt.Fprintf(out, "%s, CPU with %d keys / with %d: %.2f (aim < 1.15 at 1000000)\n", door, r.keys, few.keys, cost(r)/cost(few))
		}
	}
	fmt.Fprintln(out)
}
