package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"portico/bench/machine"
)

// pin moves Postgres and this program to the other core. What Postgres starts
// later goes there by itself.
func (w *world) pin(ctx context.Context) error {
	var file string
	if err := w.database.QueryRowContext(ctx, "SELECT pg_read_file('postmaster.pid')").Scan(&file); err != nil {
		return err
	}
	postmaster, _, _ := strings.Cut(file, "\n")
	backends, err := w.postgres(ctx)
	if err != nil {
		return err
	}
	for _, pid := range append([]string{strconv.Itoa(os.Getpid()), postmaster}, backends...) {
		out, err := exec.CommandContext(ctx, "taskset", "-acp", otherCore, pid).CombinedOutput()
		// A process of Postgres may have ended meanwhile.
		if _, gone := os.Stat("/proc/" + pid); err != nil && gone == nil {
			return fmt.Errorf("taskset: %w: %s", err, out)
		}
	}
	return nil
}

// postgres lists the processes of Postgres.
func (w *world) postgres(ctx context.Context) (pids []string, err error) {
	rows, err := w.database.QueryContext(ctx, "SELECT pid FROM pg_stat_activity")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var pid string
		if err := rows.Scan(&pid); err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, rows.Err()
}

// postgresCPU returns the CPU time that the present processes of Postgres have
// used. During a round they remain the same, except for autovacuum's.
func (w *world) postgresCPU(ctx context.Context) (time.Duration, error) {
	pids, err := w.postgres(ctx)
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, pid := range pids {
		used, err := machine.CPU(pid)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}
