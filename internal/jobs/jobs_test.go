package jobs

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"portico/internal/testdb"
)

func TestALostLeaseCancelsTheJob(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		db, _, all := nodes(t, url, "one")
		stolen := make(chan struct{})
		all[0].pause = func(ctx context.Context, d time.Duration) error {
			if d != renewEvery {
				t.Errorf("renews after %v", d)
			}
			<-stolen
			return ctx.Err()
		}
		j := Job{Name: "fenced", Run: func(ctx context.Context) error {
			if _, err := db.ExecContext(ctx, `UPDATE leases SET holder = 'thief' WHERE id = 'fenced'`); err != nil {
				t.Error(err)
			}
			close(stolen)
			<-ctx.Done()
			return ctx.Err()
		}}
		if err := all[0].try(t.Context(), j); !errors.Is(err, errLeaseLost) || !errors.Is(err, context.Canceled) {
			t.Errorf("a job without its lease ended with %v", err)
		}
	})
}

func TestARenewedLeaseIsKept(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		_, c, all := nodes(t, url, "long", "other")
		tick, renewed := make(chan struct{}), make(chan struct{}, 1)
		all[0].pause = func(ctx context.Context, _ time.Duration) error {
			renewed <- struct{}{} // the renewal before this pause is done
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick:
				return nil
			}
		}
		j, runs := counting(0)
		long := j
		long.Run = func(context.Context) error {
			<-renewed
			for range 3 {
				c.Advance(leaseTime - time.Second)
				tick <- struct{}{}
				<-renewed
			}
			c.Advance(leaseTime - time.Microsecond)
			if mustTry(t, all[1], j); *runs != 0 {
				t.Error("a lease was taken although it was renewed")
			}
			return nil
		}
		mustTry(t, all[0], long)
		if mustTry(t, all[1], j); *runs != 1 {
			t.Error("the lease was not given back")
		}
	})
}

func TestRunContinuesAfterErrorsAndPanics(t *testing.T) {
	var log bytes.Buffer
	runs := map[string]int{}
	note := func(name string, f func() error) Job {
		return Job{Name: name, Run: func(context.Context) error { runs[name]++; return f() }}
	}
	db, c, _ := nodes(t, testdb.SQLite(t))
	for _, j := range []Job{
		note("fails", func() error { return errors.New("out of paper") }),
		note("panics", func() error { panic("out of ink") }),
		note("works", func() error { return nil }),
	} {
		r := New(db, c, "node", slog.New(slog.NewTextHandler(&log, nil)), j)
		ctx, stop := context.WithCancel(t.Context())
		pauses := 0
		r.pause = func(ctx context.Context, d time.Duration) error {
			if d == renewEvery {
				<-ctx.Done()
			} else if pauses++; pauses == 3 {
				stop()
			}
			return ctx.Err()
		}
		r.Run(ctx)
	}
	for _, name := range []string{"fails", "panics", "works"} {
		if runs[name] != 3 {
			t.Errorf("%s ran %d times", name, runs[name])
		}
	}
	for _, want := range []string{"out of paper", "out of ink", "job=fails", "job=panics"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not tell of %q", want)
		}
	}
	if strings.Contains(log.String(), "job=works") {
		t.Error("the log mentions a job that succeeded")
	}
}

func TestRunWaitsForTheJobUnderWay(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		db, c, _ := nodes(t, url)
		ctx, stop := context.WithCancel(t.Context())
		ended := false
		r := New(db, c, "node", slog.New(slog.DiscardHandler), Job{Name: "slow", Run: func(ctx context.Context) error {
			stop()
			<-ctx.Done()
			ended = true
			return ctx.Err()
		}})
		r.Run(ctx)
		if !ended {
			t.Error("Run returned before its job")
		}
		var free bool
		err := db.QueryRowContext(t.Context(), `SELECT until <= $1 AND last_run_at IS NULL FROM leases WHERE id = 'slow'`, c.Now()).Scan(&free)
		if err != nil || !free {
			t.Errorf("the lease of a job that was broken off is not free: %v", err)
		}
	})
}

func TestPauses(t *testing.T) {
	for every, want := range map[time.Duration]time.Duration{
		0: time.Second, time.Minute: 15 * time.Second, 24 * time.Hour: time.Minute,
	} {
		if got := pollInterval(Job{Every: every}); got != want {
			t.Errorf("a job of every %v is looked for every %v", every, got)
		}
	}
	for range 1000 {
		if d := withJitter(time.Second); d < 750*time.Millisecond || d >= 1250*time.Millisecond {
			t.Fatalf("a second became %v", d)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	if err := pause(ctx, time.Nanosecond); err != nil {
		t.Error(err)
	}
	stop()
	if err := pause(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
