package jobs

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/testdb"
)

// nodes returns runners of one database and one stopped clock. Their leases are
// not renewed.
func nodes(t *testing.T, url string, names ...string) (*database.DB, *clock.Fake, []*Runner) {
	t.Helper()
	db, c := testdb.Open(t, url), clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	var all []*Runner
	for _, name := range names {
		r := New(db, c, name, slog.New(slog.NewTextHandler(io.Discard, nil)))
		r.pause = func(ctx context.Context, _ time.Duration) error {
			<-ctx.Done()
			return ctx.Err()
		}
		all = append(all, r)
	}
	return db, c, all
}

// counting is a job that counts its runs.
func counting(every time.Duration) (Job, *int) {
	n := new(int)
	return Job{Name: "count", Every: every, Run: func(context.Context) error { *n++; return nil }}, n
}

func mustTry(t *testing.T, r *Runner, j Job) {
	t.Helper()
	if err := r.try(t.Context(), j); err != nil {
		t.Fatal(err)
	}
}

func TestMoreNodesDoNotRunAJobMoreOften(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		_, c, all := nodes(t, url, "one", "two")
		j, runs := counting(time.Hour)
		for _, step := range []struct {
			later time.Duration
			node  int
			runs  int
		}{
			{0, 0, 1}, {0, 1, 1}, {0, 0, 1},
			{time.Hour - time.Microsecond, 1, 1},
			{time.Microsecond, 1, 2}, {0, 0, 2},
			{3 * time.Hour, 0, 3}, {0, 1, 3},
		} {
			c.Advance(step.later)
			if mustTry(t, all[step.node], j); *runs != step.runs {
				t.Fatalf("after %+v the job ran %d times", step, *runs)
			}
		}
	})
}

func TestAFailureIsTriedAgainAtOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		_, _, all := nodes(t, url, "one", "two")
		broken := errors.New("broken")
		fail := Job{Name: "count", Every: time.Hour, Run: func(context.Context) error { return broken }}
		if err := all[0].try(t.Context(), fail); !errors.Is(err, broken) {
			t.Fatalf("the failure was not logged: %v", err)
		}
		j, runs := counting(time.Hour)
		if mustTry(t, all[1], j); *runs != 1 {
			t.Error("the failure kept the job from running again")
		}
	})
}

func TestADeadHoldersLeaseIsTakenOver(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		db, c, all := nodes(t, url, "dead", "alive")
		j, runs := counting(time.Hour)
		dead, taken, err := all[0].take(t.Context(), j)
		if err != nil || !taken {
			t.Fatalf("%v %v", taken, err)
		}
		c.Advance(leaseTime - time.Microsecond)
		if mustTry(t, all[1], j); *runs != 0 {
			t.Fatal("a lease was taken from its holder")
		}
		c.Advance(time.Microsecond)
		j.Run = func(ctx context.Context) error {
			*runs++
			// The node that seemed dead continues, and must not change the other holder's lease.
			if err := dead.renew(ctx); !errors.Is(err, errLeaseLost) {
				t.Errorf("renewing a lost lease: %v", err)
			}
			if err := dead.release(ctx, true); !errors.Is(err, errLeaseLost) {
				t.Errorf("releasing a lost lease: %v", err)
			}
			var ran bool
			if err := db.QueryRowContext(ctx, `SELECT last_run_at IS NOT NULL FROM leases WHERE id = $1`, j.Name).Scan(&ran); err != nil || ran {
				t.Errorf("the dead node's run was noted: %v", err)
			}
			return nil
		}
		if mustTry(t, all[1], j); *runs != 1 {
			t.Error("the lease of a dead node was not taken over")
		}
	})
}

// A node that was restarted under its old name is another holder.
func TestRestartedNodeIsAnotherHolder(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		_, c, all := nodes(t, url, "node", "node")
		j, runs := counting(0)
		old, _, err := all[0].take(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		if mustTry(t, all[1], j); *runs != 0 {
			t.Error("a lease was taken by a namesake")
		}
		c.Advance(leaseTime)
		if _, taken, err := all[1].take(t.Context(), j); err != nil || !taken {
			t.Fatalf("%v %v", taken, err)
		}
		if err := old.renew(t.Context()); !errors.Is(err, errLeaseLost) {
			t.Errorf("renewing a namesake's lease: %v", err)
		}
	})
}

func TestOneNodeAtATimeRunsAJob(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		db, _, all := nodes(t, url, "1", "2", "3", "4", "5", "6", "7", "8")
		var inside, runs atomic.Int32
		j := Job{Name: "alone", Run: func(ctx context.Context) error {
			if inside.Add(1) != 1 {
				t.Error("two nodes are inside at once")
			}
			defer inside.Add(-1)
			runs.Add(1)
			return db.Ping(ctx) // long enough for the others to try
		}}
		var wg sync.WaitGroup
		for _, r := range all {
			wg.Go(func() {
				for range 25 {
					if err := r.try(t.Context(), j); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if runs.Load() == 0 {
			t.Error("no node ran the job")
		}
	})
}

// A lease that a wrong clock wrote does not stop the job until the false time
// comes, and one that is ahead by no more than clocks may be apart is kept.
func TestATimeFarAheadInALeaseIsVoid(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		db, c, all := nodes(t, url, "one")
		j, runs := counting(time.Hour)
		set := func(column string, ahead time.Duration) {
			t.Helper()
			if _, err := db.ExecContext(t.Context(), `UPDATE leases SET `+column+` = $1`, c.Now().Add(ahead)); err != nil {
				t.Fatal(err)
			}
		}
		mustTry(t, all[0], j)
		for i, step := range []struct {
			column string
			ahead  time.Duration
			runs   int
		}{
			{"last_run_at", clock.MaxSkew, 1},
			{"last_run_at", 10 * 24 * time.Hour, 2},
			{"until", leaseTime + clock.MaxSkew, 2},
			{"until", 10 * 24 * time.Hour, 3},
		} {
			if i > 1 {
				set("last_run_at", -2*time.Hour)
			}
			set(step.column, step.ahead)
			if mustTry(t, all[0], j); *runs != step.runs {
				t.Errorf("with %s %v ahead the job has run %d times, want %d", step.column, step.ahead, *runs, step.runs)
			}
		}
	})
}

// While the check says no, the job does not run and its lease stays free.
func TestNoJobRunsWithoutTheCheck(t *testing.T) {
	_, _, all := nodes(t, testdb.SQLite(t), "wrong", "right")
	j, runs := counting(time.Hour)
	broken := errors.New("broken")
	for _, err := range []error{nil, broken} {
		all[0].Check = func(context.Context) (bool, error) { return false, err }
		if got := all[0].try(t.Context(), j); !errors.Is(got, err) || *runs != 0 {
			t.Errorf("%v: %d runs", got, *runs)
		}
	}
	all[1].Check = func(context.Context) (bool, error) { return true, nil }
	if mustTry(t, all[1], j); *runs != 1 {
		t.Error("the job did not run where the check allows it")
	}
}
