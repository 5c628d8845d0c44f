// Command bench measures what Portico's layers cost: it sends the same
// requests, on the same large data in Postgres, to `portico serve` and
// to a hand-written server (package baseline) that does the same work in
// the fewest prepared statements, and prints the ratios. It fails only if the
// responses differ, and not because of a figure.
//
//	go run ./internal/testdb/withpg go run ./bench
//
// README.md beside it describes the operations, the figures, and how to profile one
// operation.
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
	"strings"
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
	// only is the operations that are measured.
	only                   []operation
	cpuProfile, memProfile string
}

func parse() (settings, error) {
	var s settings
	flag.IntVar(&s.apps, "apps", 10000, "how many apps the large set has")
	flag.IntVar(&s.rounds, "rounds", 7, "how many rounds are measured of each operation")
	flag.DurationVar(&s.length, "length", 3*time.Second, "how long each server is under load in a round")
	flag.DurationVar(&s.warmUp, "warm-up", 2*time.Second, "how long each server is under load before")
	flag.IntVar(&s.clients, "clients", 16, "how many connections are kept busy; with 1 the servers answer alternately")
	flag.StringVar(&s.raw, "raw", "", "a file to write every round to, as CSV")
	flag.StringVar(&s.cpuProfile, "cpuprofile", "", "a file for a CPU profile of portico, of the one operation that -only names")
	flag.StringVar(&s.memProfile, "memprofile", "", "a file for a profile of what portico allocates, likewise")
	only := flag.String("only", "", "the operations to measure, with commas between them; all if empty: "+strings.Join(names(), ", "))
	short := flag.Bool("short", false, "a quick look: two rounds of a second")
	flag.Parse()
	if *short {
		s.rounds, s.length, s.warmUp = 2, time.Second, time.Second
	}
	var err error
	if s.only, err = selected(*only); err != nil {
		return s, err
	}
	if s.profiled() && len(s.only) != 1 {
		return s, errors.New("a profile is of one operation: name it by -only")
	}
	return s, nil
}

// profiled reports whether a profile is asked for.
func (s settings) profiled() bool { return s.cpuProfile != "" || s.memProfile != "" }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := parse()
	if err == nil {
		err = run(ctx, s)
	}
	if err != nil {
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
	if err := errors.Join(w.report(ctx, os.Stdout, results), writeRaw(s.raw, results)); err != nil {
		return err
	}
	if err := w.exports(ctx, os.Stdout); err != nil {
		return err
	}
	if s.profiled() {
		return w.profile(ctx, s.only[0])
	}
	return nil
}
