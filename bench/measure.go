package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"

	"portico/bench/machine"
)

// round is the measurement of both servers with the same requests, one after the other.
type round struct{ portico, baseline load }

// result is the measurements of an operation.
type result struct {
	operation operation
	rounds    []round
}

// measure runs all rounds of each operation in turn.
func (w *world) measure(ctx context.Context) ([]result, error) {
	runtime.GOMAXPROCS(1)
	w.loadBefore = machine.LoadAverage()
	var out []result
	for _, o := range w.only {
		if err := w.signIn(ctx); err != nil {
			return nil, err
		}
		for _, s := range []*server{w.portico, w.baseline} {
			if _, err := w.runLoad(ctx, s, o, 0, w.warmUp); err != nil {
				return nil, fmt.Errorf("%s: %w", o.title, err)
			}
		}
		r := result{operation: o}
		for n := range w.rounds {
			one, err := w.round(ctx, o, n)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", o.title, err)
			}
			r.rounds = append(r.rounds, one)
		}
		out = append(out, r)
	}
	return out, nil
}

// round begins with each server in turn, so that steady changes, such as the size of a
// table, favour neither. With a single client the servers answer alternately.
func (w *world) round(ctx context.Context, o operation, n int) (round, error) {
	if w.clientsOf(o) == 1 {
		return w.alternate(ctx, o, uint64(n+1), w.length)
	}
	var r round
	turns := []struct {
		server *server
		into   *load
	}{{w.portico, &r.portico}, {w.baseline, &r.baseline}}
	if n%2 == 1 {
		slices.Reverse(turns)
	}
	for _, turn := range turns {
		l, err := w.runLoad(ctx, turn.server, o, uint64(n+1), w.length)
		if err != nil {
			return r, err
		}
		*turn.into = l
	}
	return r, nil
}

// spread is a figure over all rounds.
type spread struct{ min, median, max float64 }

func (r result) over(figure func(round) float64) spread {
	all := make([]float64, len(r.rounds))
	for i, one := range r.rounds {
		all[i] = figure(one)
	}
	slices.Sort(all)
	return spread{all[0], (all[(len(all)-1)/2] + all[len(all)/2]) / 2, all[len(all)-1]}
}

// writeRaw writes a line for each server and round, unless path is empty.
func writeRaw(path string, results []result) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close() // Flush has returned its error
	out := csv.NewWriter(f)
	_ = out.Write([]string{"operation", "round", "server", "requests", "seconds", "cpu_us_per_request", "postgres_cpu_us_per_request", "requests_per_second", "p50_us", "p99_us"})
	for _, r := range results {
		for n, one := range r.rounds {
			_ = out.Write(rawLine(r, n, "portico", one.portico)) // see Error
			_ = out.Write(rawLine(r, n, "baseline", one.baseline))
		}
	}
	out.Flush()
	return out.Error()
}

func rawLine(r result, n int, server string, l load) []string {
	return []string{
		r.operation.name, strconv.Itoa(n + 1), server, strconv.Itoa(l.requests), fmt.Sprintf("%.3f", l.took.Seconds()),
		strconv.FormatInt(l.perRequest().Microseconds(), 10), strconv.FormatInt(l.database().Microseconds(), 10), fmt.Sprintf("%.1f", l.rate()),
		strconv.FormatInt(l.p50.Microseconds(), 10), strconv.FormatInt(l.p99.Microseconds(), 10),
	}
}
