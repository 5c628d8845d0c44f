package backend

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"portico/internal/clock"
	"portico/internal/database"
)

// ClockError means that this machine's clock is too far from the database's to
// be used for changes that last.
type ClockError struct {
	// Ahead is by how much this machine's clock is ahead; negative: behind.
	Ahead time.Duration
}

// Error returns how far the clocks are apart, and what to do.
func (e *ClockError) Error() string {
	where := "ahead of"
	if e.Ahead < 0 {
		where = "behind"
	}
	return fmt.Sprintf("this machine's clock is %s %s the database's, and at most %s is accepted: "+
		"run NTP on both machines (`portico doctor` compares the clocks), then start again", e.Ahead.Abs().Round(time.Second), where, clock.MaxSkew)
}

// DatabaseClock is a clock that follows the database's, so that several servers
// agree on the time. On SQLite it is the machine's. It is safe for concurrent
// use.
type DatabaseClock struct {
	database *database.DB
	local    clock.Clock
	skew     atomic.Int64 // of the database's clock, when it was last compared
}

// NewDatabaseClock returns the clock of db. Until the first Compare it is local.
func NewDatabaseClock(db *database.DB, local clock.Clock) *DatabaseClock {
	return &DatabaseClock{database: db, local: local}
}

// Now returns the database's time, as of the last comparison.
func (c *DatabaseClock) Now() time.Time {
	return clock.Whole(c.local.Now().Add(time.Duration(c.skew.Load())))
}

// Ahead returns by how much the machine's clock was ahead of the database's at
// the last comparison.
func (c *DatabaseClock) Ahead() time.Duration { return -time.Duration(c.skew.Load()) }

// Compare compares the two clocks. It returns a *ClockError if they are apart by
// more than clock.MaxSkew.
func (c *DatabaseClock) Compare(ctx context.Context) error {
	skew, err := c.database.Skew(ctx, c.local.Now)
	if err != nil {
		return fmt.Errorf("comparing the clocks: %w", err)
	}
	c.skew.Store(int64(skew))
	if skew.Abs() > clock.MaxSkew {
		return &ClockError{Ahead: -skew}
	}
	return nil
}
