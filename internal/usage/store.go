package usage

import (
	"time"

	"portico/internal/clock"
	"portico/internal/database"
)

// Store reports counts, accepts the reports of gateways, and maintains the tables. It
// is safe for concurrent use.
type Store struct {
	db    *database.DB
	clock clock.Clock
}

// NewStore returns a Store over a migrated database.
func NewStore(db *database.DB, c clock.Clock) *Store { return &Store{db: db, clock: c} }

// Reported is a gateway's report of calls that it decided on its own (Code), or that
// were answered behind it (StatusClass), or both.
type Reported struct {
	Call
	At time.Time
	// Calls is the number of calls, at least 1.
	Calls int64
	// StatusClass is the first digit of the HTTP status, 1–5; 0: unknown.
	StatusClass int
	// Latency is the sum over all Calls.
	Latency time.Duration
}
