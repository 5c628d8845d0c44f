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

// load is the measurement of a server under load.
type load struct {
	requests int
	took     time.Duration
	cpu      time.Duration
	// later is the CPU time of deferred work, the folding of counts. It is part of cpu.
	later    time.Duration
	p50, p99 time.Duration
}

// rate returns the measured requests per second.
func (l load) rate() float64 { return float64(l.requests) / l.took.Seconds() }

// lasting returns the requests per second that can be sustained: the core must do the
// deferred work as well.
func (l load) lasting() float64 { return float64(l.requests) / (l.took + l.later).Seconds() }

// perThousand returns the CPU time of 1,000 requests, in milliseconds.
func (l load) perThousand() float64 { return l.cpu.Seconds() * 1e6 / float64(max(1, l.requests)) }

// laterPerThousand returns the deferred part of it.
func (l load) laterPerThousand() float64 {
	return l.later.Seconds() * 1e6 / float64(max(1, l.requests))
}

// busy returns the share of the server's core that was used.
func (l load) busy() float64 { return (l.cpu - l.later).Seconds() / l.took.Seconds() }

// runLoad keeps wrk's connections busy at one path for some time.
func (b *bench) runLoad(ctx context.Context, c *contender, path string, length time.Duration, round int) (load, error) {
	s, token := c.server, ""
	if c.place != nil {
		token = c.place.world.token
	}
	luaFile := filepath.Join(b.folder, "load.lua")
	if err := os.WriteFile(luaFile, []byte(script), 0o600); err != nil {
		return load{}, err
	}
	before, err := s.cpu()
	if err != nil {
		return load{}, err
	}
	profiled := b.profiled(c, path, length)
	out, err := exec.CommandContext(ctx, "taskset", "-c", otherCore, "wrk", "-t1", "-c"+strconv.Itoa(b.connections),
		"-d"+strconv.Itoa(int(length.Seconds()))+"s", "--latency", "-s", luaFile, "http://"+s.address,
		"--", c.file, path, token, s.address, strconv.Itoa(round+1)).CombinedOutput()
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
	if err := errors.Join(<-profiled, b.keep(c, path, length, out)); err != nil {
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

// settled waits until portico and Postgres have no work left, so that deferred work does
// not disturb the next round.
func settled(ctx context.Context, w *world) error {
	for empty := 0; empty < 2; {
		var left int
		// The last counts are stored in the journal a moment after the last request.
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

// rest runs what Postgres would do in the background.
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

// read parses the script's line in wrk's output.
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

// keep writes wrk's own output to the folder of the option, a file for each server, path
// and length; those of an older run are overwritten.
func (b *bench) keep(c *contender, path string, length time.Duration, out []byte) error {
	if b.raw == "" {
		return nil
	}
	if err := os.MkdirAll(b.raw, 0o755); err != nil { //nolint:gosec // it contains no secret
		return err
	}
	name := fmt.Sprintf("%s, %s, %s.txt", c.name, path, length)
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

// profiled records a CPU profile during a load, if one is requested. The channel returns
// its error.
func (b *bench) profiled(c *contender, path string, length time.Duration) <-chan error {
	done := make(chan error, 1)
	if b.profile == "" || c.place == nil {
		done <- nil
		return done
	}
	// The number is that of the load; pprof merges the files.
	name := fmt.Sprintf("%s, %s, %s, %d.pprof", c.name, path, length, c.place.loads)
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
			return errors.Join(os.MkdirAll(b.profile, 0o755), os.WriteFile(filepath.Join(b.profile, name), text, 0o600)) //nolint:gosec // it contains no secret
		}()
	}()
	return done
}
