// Command gate measures what a verdict costs over HTTP: requests per second,
// latency and CPU of /v1/verify and /v1/authorize, with limits and counting
// on, beside an empty net/http handler with the same settings that reads the
// same body and answers as many bytes; how the cost grows with the number of
// credentials in memory; the memory of those credentials; and how long the chart of an
// app takes over many counted rows. It fails only if something does not work, and not
// because of a figure.
//
//	go run ./internal/testdb/withpg go run ./bench/gate
//
// The servers run one at a time under load, with GOMAXPROCS=1 on the first
// core; wrk and Postgres share the second.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settings are the options of the command line.
type settings struct {
	keys        []int
	used        int
	rounds      int
	length      time.Duration
	connections int
	rows        int
	raw         string
	profile     string
}

func parse() (settings, error) {
	var s settings
	keys := flag.String("keys", "1000,100000,1000000", "how many keys there are, in one database each; the fewest first")
	flag.IntVar(&s.used, "used", 100_000, "the number of keys at which the doors are compared with the empty handler")
	flag.IntVar(&s.rounds, "rounds", 4, "how many rounds the doors are compared with the empty handler")
	// Calls are counted by credential and minute: a round of less than a minute stores as
	// many rows for fewer requests.
	flag.DurationVar(&s.length, "length", time.Minute, "how long each server is under load in such a round")
	flag.IntVar(&s.connections, "connections", 32, "how many connections are kept busy")
	flag.IntVar(&s.rows, "rows", 10_000_000, "how many counted rows lie under the chart; 0: no chart")
	flag.StringVar(&s.raw, "raw", "", "a folder to keep wrk's own output in")
	flag.StringVar(&s.profile, "profile", "", "a folder to keep CPU profiles of portico in")
	flag.Parse()
	for _, text := range strings.Split(*keys, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return s, fmt.Errorf("-keys: %q is no number of keys", text)
		}
		s.keys = append(s.keys, n)
	}
	return s, nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := parse()
	if err == nil {
		err = run(ctx, s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/gate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	if runtime.GOOS != "linux" || runtime.NumCPU() < 2 {
		return errors.New("this needs Linux and two cores")
	}
	if _, err := exec.LookPath("wrk"); err != nil {
		return errors.New("this needs wrk (Debian's package of that name)")
	}
	folder, err := os.MkdirTemp("", "portico-bench-gate-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	b := &bench{settings: s, folder: folder, kept: map[string]bool{}}
	if err := b.build(ctx); err != nil {
		return err
	}
	b.head(os.Stdout)
	if err := b.measure(ctx); err != nil {
		return err
	}
	b.foot(os.Stdout)
	if s.rows == 0 {
		return nil
	}
	return b.chart(ctx, os.Stdout)
}
