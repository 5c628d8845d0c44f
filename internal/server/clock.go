package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"portico/internal/backend"
)

// clockCheck decides before each run of a job whether this server's clock may be
// trusted. Jobs remove and record by the time what cannot be undone.
type clockCheck struct {
	clock *backend.DatabaseClock
	log   *slog.Logger

	mu    sync.Mutex
	wrong bool
}

// newClockCheck returns a check of c, and registers its metric.
func newClockCheck(c *backend.DatabaseClock, log *slog.Logger, r prometheus.Registerer) *clockCheck {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "portico_clock_ahead_seconds",
		Help: "By how much this server's clock was ahead of the database's when they were last compared; 0 on SQLite. Beyond 5 minutes its background jobs do not run.",
	}, func() float64 { return c.Ahead().Seconds() }))
	return &clockCheck{clock: c, log: log}
}

// allows reports whether a job may run, and logs each change of the answer once.
func (c *clockCheck) allows(ctx context.Context) (bool, error) {
	err := c.clock.Compare(ctx)
	var apart *backend.ClockError
	if err != nil && !errors.As(err, &apart) {
		return false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch was := c.wrong; {
	case apart != nil && !was:
		c.log.WarnContext(ctx, "background jobs do not run on this server until its clock is right", "error", err)
	case apart == nil && was:
		c.log.InfoContext(ctx, "the clock is right again: background jobs run")
	}
	c.wrong = apart != nil
	return apart == nil, nil
}

// warning returns what /readyz adds while jobs do not run. It does not make the
// server unready: if the database's clock is the wrong one, every server would be.
func (c *clockCheck) warning() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wrong {
		return "this server's clock is too far from the database's: its background jobs do not run"
	}
	return ""
}
