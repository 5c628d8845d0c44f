// Command bench measures what Portico's layers cost: it sends the same
// requests, on the same large data in Postgres, to `portico serve` and
// to a hand-written server (package baseline) that does the same work in
// the fewest prepared statements, and prints the ratios. It fails only if the
// responses differ, and not because of a figure.
//
//	go run ./internal/testdb/withpg go run ./bench
//
// Both servers run as processes of their own, one at a time under load, with
// GOMAXPROCS=1 on the first core; Postgres and the clients share the second.
// The CPU of a request is the server process's, as the kernel counts it. The
// requests per second depend on how busy the second core is as well, so the
// ratio of CPU is the figure that counts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"portico/internal/testdb"
)

// settings are the options of the command line.
type settings struct {
	apps    int
	rounds  int
	length  time.Duration
	warmUp  time.Duration
	clients int
	raw     string
}

func parse() settings {
	var s settings
	flag.IntVar(&s.apps, "apps", 10000, "how many apps the large set has")
	flag.IntVar(&s.rounds, "rounds", 7, "how many rounds are measured of each operation")
	flag.DurationVar(&s.length, "length", 3*time.Second, "how long each server is under load in a round")
	flag.DurationVar(&s.warmUp, "warm-up", 2*time.Second, "how long each server is under load before")
	flag.IntVar(&s.clients, "clients", 16, "how many connections are kept busy")
	flag.StringVar(&s.raw, "raw", "", "a file to write every round to, as CSV")
	short := flag.Bool("short", false, "a quick look: two rounds of a second")
	flag.Parse()
	if *short {
		s.rounds, s.length, s.warmUp = 2, time.Second, time.Second
	}
	return s
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, parse()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	if runtime.GOOS != "linux" || runtime.NumCPU() < 2 {
		return errors.New("this needs Linux and two cores")
	}
	folder, err := os.MkdirTemp("", "portico-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	url, drop, err := testdb.Throwaway(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop(context.WithoutCancel(ctx))) }()
	w, err := prepare(ctx, folder, url, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.verify(ctx); err != nil {
		return fmt.Errorf("the two servers differ: %w", err)
	}
	if err := w.pin(ctx); err != nil {
		return err
	}
	results, err := w.measure(ctx)
	if err != nil {
		return err
	}
	if err := w.report(ctx, os.Stdout, results); err != nil {
		return err
	}
	return writeRaw(s.raw, results)
}
