package database

import (
	"context"
	"time"

	"entgo.io/ent/dialect"
)

// Skew returns by how much the database's clock is ahead of the one that now
// reads; it is negative if the database's is behind. The duration of the round
// trip does not count. SQLite has no clock of its own: Skew returns 0.
func (d *DB) Skew(ctx context.Context, now func() time.Time) (time.Duration, error) {
	if d.dialect != dialect.Postgres {
		return 0, nil
	}
	var there time.Time
	asked := now()
	if err := d.QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&there); err != nil {
		return 0, err
	}
	return skew(asked, there, now()), nil
}

// skew returns the least amount by which another clock was ahead when it was
// read between asked and answered.
func skew(asked, there, answered time.Time) time.Duration {
	switch {
	case there.Before(asked):
		return there.Sub(asked)
	case there.After(answered):
		return there.Sub(answered)
	}
	return 0
}
