// Package jobs runs Portico's background work. All nodes have the same jobs; a
// lease in the database lets one node at a time run each of them, and records
// when a job last succeeded, so that more nodes do not run it more often.
//
// A lease expires when its node dies. It is renewed while the job runs,
// and the job's context is cancelled as soon as a renewal fails. A lease makes
// it rare that two nodes run a job at once, not impossible: a node that was
// suspended may continue for a moment after its lease was taken over, and
// clocks differ. So a job must be correct, if wasteful, when it runs twice.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"portico/internal/clock"
	"portico/internal/database"
)

const (
	// leaseTime is how long a job does not run after its node has died. The
	// nodes' clocks must differ by much less.
	leaseTime = 30 * time.Second
	// renewEvery leaves time for one renewal that hangs: it is canceled before
	// the lease ends.
	renewEvery = leaseTime / 3
	// shortestPause and longestPause bound how often a node checks whether a job
	// is due.
	shortestPause = time.Second
	longestPause  = time.Minute
)

// Job is work that is repeated.
type Job struct {
	// Name names the job's lease. Never change it: during an update old and new
	// nodes run side by side.
	Name string
	// Every is the least time between the end of one run and the start of the
	// next. After a failure the job runs again sooner.
	Every time.Duration
	// Run does the work. It must return soon after ctx is done.
	Run func(ctx context.Context) error
}

// Runner runs jobs while this node has their leases.
type Runner struct {
	// Check, if not nil, is called before each attempt to run a job, and reports
	// whether the job may run now. It is set before Run.
	Check func(ctx context.Context) (bool, error)

	db     *database.DB
	clock  clock.Clock
	holder string
	log    *slog.Logger
	jobs   []Job
	// pause waits for d and returns ctx's error if ctx ends first. Tests replace
	// it.
	pause func(ctx context.Context, d time.Duration) error
}

// New returns a Runner. holder identifies this node to readers of the table.
func New(db *database.DB, c clock.Clock, holder string, log *slog.Logger, jobs ...Job) *Runner {
	return &Runner{db: db, clock: c, holder: holder, log: log, jobs: jobs, pause: pause}
}

// Run runs the jobs until ctx ends and those under way have returned. Errors of
// a job or of the database are logged and never end the Runner.
func (r *Runner) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, j := range r.jobs {
		all.Go(func() { r.repeat(ctx, j) })
	}
	all.Wait()
}

// repeat tries to run a job again and again until ctx ends.
func (r *Runner) repeat(ctx context.Context, j Job) {
	for {
		if err := r.try(ctx, j); err != nil && ctx.Err() == nil {
			r.log.ErrorContext(ctx, "a job failed", "job", j.Name, "error", err)
		}
		if r.pause(ctx, withJitter(pollInterval(j))) != nil {
			return
		}
	}
}

// try runs a job once if it is due and no other node has its lease.
func (r *Runner) try(ctx context.Context, j Job) error {
	if r.Check != nil {
		if may, err := r.Check(ctx); err != nil || !may {
			return err
		}
	}
	l, taken, err := r.take(ctx, j)
	if err != nil || !taken {
		return err
	}
	err = r.run(ctx, j, l)
	if undone := l.release(ctx, err == nil); err == nil {
		err = undone
	}
	return err
}

// run calls the job and renews the lease meanwhile.
func (r *Runner) run(ctx context.Context, j Job, l *lease) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		for r.pause(ctx, renewEvery) == nil {
			if err := l.renew(ctx); err != nil {
				cancel(err)
				return
			}
		}
	})
	err := runRecovering(ctx, j)
	// The first cause is kept: a lease that was lost before is still reported.
	cancel(errJobEnded)
	renewing.Wait()
	if cause := context.Cause(ctx); err != nil && cause != errJobEnded {
		return fmt.Errorf("%w (cancelled: %w)", err, cause)
	}
	return err
}

// runRecovering runs the job and turns a panic into an error.
func runRecovering(ctx context.Context, j Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return j.Run(ctx)
}

// pollInterval returns how long to wait before checking again whether a job is
// due: a fraction of its interval, so that another node soon takes over.
func pollInterval(j Job) time.Duration {
	return min(max(j.Every/4, shortestPause), longestPause)
}

// withJitter varies d by a quarter each way, so that nodes which were started
// together do not poll together.
func withJitter(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
