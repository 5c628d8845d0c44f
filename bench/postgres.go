package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"slices"
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
	backends, err := w.postgres(ctx, "")
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

// postgres lists the processes of Postgres that meet a condition.
func (w *world) postgres(ctx context.Context, where string, args ...any) (pids []string, err error) {
	rows, err := w.database.QueryContext(ctx, "SELECT pid FROM pg_stat_activity "+where, args...)
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

// named returns the environment of a server whose connections have a name in Postgres.
func named(env []string, address, name string) ([]string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the database's address is not a URL")
	}
	q := u.Query()
	q.Set("application_name", name)
	u.RawQuery = q.Encode()
	return slices.Concat(env, []string{"DATABASE_URL=" + u.String()}), nil
}

// backends returns the CPU time so far of the processes of Postgres that serve a server's
// connections. Autovacuum and the writers in the background are not among them.
func (w *world) backends(ctx context.Context, s *server) (map[string]time.Duration, error) {
	pids, err := w.postgres(ctx, "WHERE application_name = $1", s.name)
	if err != nil {
		return nil, err
	}
	used := make(map[string]time.Duration, len(pids))
	for _, pid := range pids {
		if used[pid], err = machine.ThreadCPU(pid); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return used, nil
}

// since sums what processes have used since before; some may be new.
func since(before, after map[string]time.Duration) (sum time.Duration) {
	for pid, used := range after {
		sum += used - before[pid]
	}
	return sum
}
