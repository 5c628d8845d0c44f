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

// pause waits for what happens in the background.
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

func over(rounds int, figure func(round int) float64) spread {
	all := make([]float64, rounds)
	for i := range all {
		all[i] = figure(i)
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
	fmt.Fprintln(table, "door\tserver\trequests/s\tlasting\tp50 ms\tp99 ms\tCPU ms/1000\tof it later\tcore 0 busy\t")
	for _, door := range doors() {
		for _, c := range b.contenders {
			b.line(table, c, door)
		}
	}
	_ = table.Flush() // standard output
	fmt.Fprint(out, "\nA busy node stores counts in a journal and folds them later. CPU holds that work too, and \"lasting\" is the\n"+
		"rate at which the core would do it as well. Each server has the machine for itself meanwhile.\n\n")
	b.compare(out)
	b.growth(out)
	for _, p := range b.places {
		fmt.Fprintf(out, "%d keys in memory: %d MiB resident before the first request, %d at the highest\n", p.world.n, p.resident, p.most)
	}
	fmt.Fprint(out, "\nPublished elsewhere: Apache APISIX, 18,000 requests/s on a core at 0.2 ms, with rate limiting and metrics on (it also proxies).\n\n")
}

func (b *bench) line(out io.Writer, c *contender, door string) {
	m := func(figure func(load) float64) float64 {
		return over(b.rounds, func(i int) float64 { return figure(c.rounds[door][i]) }).median
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	fmt.Fprintf(out, "%s\t%s\t%.0f\t%.0f\t%.2f\t%.2f\t%.1f\t%.1f\t%.0f %%\t\n", door, c.name, m(load.rate), m(load.lasting),
		m(func(l load) float64 { return ms(l.p50) }), m(func(l load) float64 { return ms(l.p99) }), m(load.perThousand),
		m(load.laterPerThousand), 100*m(load.busy))
}

// compare prints portico beside the empty handler.
func (b *bench) compare(out io.Writer) {
	c := b.compared()
	if c == nil {
		return
	}
	empty := b.contenders[len(b.contenders)-1]
	for _, door := range doors() {
		ratio := func(mine, its func(load) float64) spread {
			return over(b.rounds, func(i int) float64 { return mine(c.rounds[door][i]) / its(empty.rounds[door][i]) })
		}
		rate, cpu := ratio(load.lasting, load.rate), ratio(load.perThousand, load.perThousand)
		fmt.Fprintf(out, "%s, %s / empty: lasting requests/s %.2f (%.2f–%.2f; aim ≥ 0.80), CPU %.2f (%.2f–%.2f)\n",
			door, c.name, rate.median, rate.min, rate.max, cpu.median, cpu.min, cpu.max)
	}
	fmt.Fprintln(out)
}

// growth prints what more keys cost, against the fewest: with as many of them
// in use, and with all.
func (b *bench) growth(out io.Writer) {
	few := b.contenders[0]
	for _, door := range doors() {
		for _, c := range b.contenders[1:] {
			if c.place == nil {
				continue
			}
			cpu := over(b.rounds, func(i int) float64 { return c.rounds[door][i].perThousand() / few.rounds[door][i].perThousand() })
			aim := ""
			if c.used == few.used {
				aim = "; aim < 1.15"
			}
			fmt.Fprintf(out, "%s, %s / %s: CPU %.2f (%.2f–%.2f%s)\n", door, c.name, few.name, cpu.median, cpu.min, cpu.max, aim)
		}
	}
	fmt.Fprintln(out)
}
