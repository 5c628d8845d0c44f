// Package counts owns the stored counts of calls: the tables usage_minutes,
// usage_hours and usage_days.
//
// Calls are added to minutes. RollUp adds them to the hours and days of the
// organization's time zone, and Purge deletes what is older than the organization
// keeps it. The package does not decide what is counted (see intake) and does not
// answer queries (see report).
package counts

import (
	"portico/internal/clock"
	"portico/internal/database"
)

// Store maintains the tables. It is safe for concurrent use.
type Store struct {
	db    *database.DB
	clock clock.Clock
}

// NewStore returns a Store for a migrated database.
func NewStore(db *database.DB, c clock.Clock) *Store { return &Store{db: db, clock: c} }
