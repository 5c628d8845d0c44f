package main

import (
	"context"
	_ "embed" // wrk's script
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed load.lua
var script string

// load is what a server did under load.
type load struct {
	requests int
	took     time.Duration
	cpu      time.Duration
	// later is the CPU time of work that was put off: the folding of counts. It
	// is a part of cpu.
	later    time.Duration
	p50, p99 time.Duration
}

// rate is the requests per second, as they were measured.
func (l load) rate() float64 { return float64(l.requests) / l.took.Seconds() }

// lasting is the requests per second that could go on for ever: the core has
// the work that was put off to do as well.
func (l load) lasting() float64 { return float64(l.requests) / (l.took + l.later).Seconds() }

// perThousand is the CPU time of 1,000 requests, in milliseconds.
func (l load) perThousand() float64 { return l.cpu.Seconds() * 1e6 / float64(max(1, l.requests)) }

// laterPerThousand is the part of it that was put off.
func (l load) laterPerThousand() float64 {
	return l.later.Seconds() * 1e6 / float64(max(1, l.requests))
}

// busy is the share of the server's core that was used.
func (l load) busy() float64 { return (l.cpu - l.later).Seconds() / l.took.Seconds() }

// burden keeps wrk's connections busy at one door for a while.
func (b *bench) burden(ctx context.Context, c *contender, door string, length time.Duration, round int) (load, error) {
	s, token := c.server, ""
	if c.place != nil {
		token = c.place.world.token
	}
	path := filepath.Join(b.folder, "load.lua")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		return load{}, err
	}
	before, err := s.cpu()
	if err != nil {
		return load{}, err
	}
	profiled := b.profiled(c, door, length)
	out, err := exec.CommandContext(ctx, "taskset", "-c", otherCore, "wrk", "-t1", "-c"+strconv.Itoa(b.connections),
		"-d"+strconv.Itoa(int(length.Seconds()))+"s", "--latency", "-s", path, "http://"+s.address,
		"--", c.file, door, token, s.address, strconv.Itoa(round+1)).CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	after, err := s.cpu()
	if err != nil {
		return load{}, err
	}
	later := after
	if c.place != nil {
		if err := settled(ctx, c.place.world); err != nil {
			return load{}, err
		}
		if later, err = s.cpu(); err != nil {
			return load{}, err
		}
		if err := rest(ctx, c.place.world); err != nil {
			return load{}, err
		}
	}
	if err := errors.Join(<-profiled, b.keep(c, door, length, out)); err != nil {
		return load{}, err
	}
	l, err := read(string(out))
	l.cpu, l.later = later-before, later-after
	if c.place != nil {
		c.place.sent += l.requests
		c.place.loads++
	}
	return l, err
}

// settled waits until portico and Postgres have nothing left to do, so that what
// they do later disturbs nobody else's round.
func settled(ctx context.Context, w *world) error {
	for empty := 0; empty < 2; {
		var left int
		// The last counts come into the journal a moment after the last request.
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
		if err := w.database.QueryRowContext(ctx, `SELECT count(*) FROM usage_journal`).Scan(&left); err != nil {
			return err
		}
		if empty++; left > 0 {
			empty = 0
		}
	}
	return nil
}

// rest does at once what Postgres would do in the background.
func rest(ctx context.Context, w *world) error {
	for _, text := range []string{
		"VACUUM ANALYZE usage_journal, usage_minutes, usage_hours, usage_days, quota_counts, credentials, usage_batches", "CHECKPOINT",
	} {
		if _, err := w.database.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// read takes the script's line out of wrk's output.
func read(out string) (load, error) {
	_, line, found := strings.Cut(out, "RESULT ")
	var l load
	var took, p50, p99, failed int
	if n, _ := fmt.Sscan(line, &l.requests, &took, &p50, &p99, &failed); !found || n != 5 {
		return l, fmt.Errorf("unknown output of wrk:\n%s", out)
	}
	if failed > 0 || l.requests == 0 {
		return l, errors.New("some requests failed:\n" + out)
	}
	l.took = time.Duration(took) * time.Microsecond
	l.p50, l.p99 = time.Duration(p50)*time.Microsecond, time.Duration(p99)*time.Microsecond
	return l, nil
}

// keep writes wrk's own output into the folder that was asked for, a file for
// each server, door and length; those of an older run are overwritten.
func (b *bench) keep(c *contender, door string, length time.Duration, out []byte) error {
	if b.raw == "" {
		return nil
	}
	if err := os.MkdirAll(b.raw, 0o755); err != nil { //nolint:gosec // it holds no secret
		return err
	}
	name := fmt.Sprintf("%s, %s, %s.txt", c.name, door, length)
	how := os.O_TRUNC
	if b.kept[name] {
		how = os.O_APPEND
	}
	b.kept[name] = true
	file, err := os.OpenFile(filepath.Join(b.raw, name), how|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // as above
	if err != nil {
		return err
	}
	_, err = file.Write(out)
	return errors.Join(err, file.Close())
}

// profiled takes a CPU profile beside a load, where one is asked for. The
// channel returns how it ended.
func (b *bench) profiled(c *contender, door string, length time.Duration) <-chan error {
	done := make(chan error, 1)
	if b.profile == "" || c.place == nil {
		done <- nil
		return done
	}
	// The number is the load's; pprof reads many files as one.
	name := fmt.Sprintf("%s, %s, %s, %d.pprof", c.name, door, length, c.place.loads)
	go func() {
		done <- func() error {
			answer, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", c.ops, max(1, int(length.Seconds())-1)))
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			text, err := io.ReadAll(answer.Body)
			if err != nil {
				return err
			}
			return errors.Join(os.MkdirAll(b.profile, 0o755), os.WriteFile(filepath.Join(b.profile, name), text, 0o600)) //nolint:gosec // it holds no secret
		}()
	}()
	return done
}
