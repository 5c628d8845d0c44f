package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/internal/clock"
	"portico/internal/database"
)

var (
	// errLeaseLost means that another node has the lease now.
	errLeaseLost = errors.New("jobs: another node has taken the lease over")
	// errJobEnded ends the renewals for a job that has returned.
	errJobEnded = errors.New("jobs: the job has ended")
)

// releaseTime is how long releasing a lease may take; otherwise it expires by
// itself.
const releaseTime = 2 * time.Second

// lease is the right to run a job until a certain time. The holder is a
// different one each time the lease is taken, to distinguish a node that was
// thought dead from one that was restarted under the same name.
type lease struct {
	db     *database.DB
	clock  clock.Clock
	job    string
	holder string
}

// take takes the lease of a job that is due and that no other node has. It is a
// single statement, so only one of several concurrent callers gets the lease.
// Times further ahead than the clocks of an installation may be apart were
// written by a wrong clock, and are void: they would stop the job on all nodes.
func (r *Runner) take(ctx context.Context, j Job) (*lease, bool, error) {
	l := &lease{db: r.db, clock: r.clock, job: j.Name, holder: r.holder + "/" + uuid.NewString()}
	now := r.clock.Now()
	res, err := r.db.ExecContext(ctx, `INSERT INTO leases (id, holder, until) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, until = excluded.until
		WHERE (leases.until <= $4 OR leases.until > $6)
			AND (leases.last_run_at IS NULL OR leases.last_run_at <= $5 OR leases.last_run_at > $7)`,
		l.job, l.holder, now.Add(leaseTime), now, now.Add(-j.Every), now.Add(leaseTime+clock.MaxSkew), now.Add(clock.MaxSkew))
	if err != nil {
		return nil, false, fmt.Errorf("taking the lease: %w", err)
	}
	n, err := res.RowsAffected()
	return l, n == 1, err
}

// renew extends the lease. It fails if another holder has it; if the database
// does not respond in time, it is unknown which holder has it, and renew fails
// too.
func (l *lease) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	return l.set(ctx, `UPDATE leases SET until = $3 WHERE id = $1 AND holder = $2`, l.clock.Now().Add(leaseTime))
}

// release ends the lease, even if ctx has ended; well means that the job
// succeeded and waits until it is due again.
func (l *lease) release(ctx context.Context, well bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	now := l.clock.Now()
	if well {
		return l.set(ctx, `UPDATE leases SET until = $3, last_run_at = $3 WHERE id = $1 AND holder = $2`, now)
	}
	return l.set(ctx, `UPDATE leases SET until = $3 WHERE id = $1 AND holder = $2`, now)
}

// set updates the lease's row while this holder has it.
func (l *lease) set(ctx context.Context, query string, t time.Time) error {
	res, err := l.db.ExecContext(ctx, query, l.job, l.holder, t)
	if err != nil {
		return fmt.Errorf("changing the lease: %w", err)
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = errLeaseLost
	}
	return err
}
