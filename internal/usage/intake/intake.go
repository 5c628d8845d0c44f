// Package intake counts calls and stores the counts exactly once.
//
// It owns the tables usage_journal, usage_upstreams, usage_batches and
// quota_counts, and the column credentials.last_used_at. It adds to the tables of
// package counts, and decides neither whether a call is let through nor what is
// reported.
//
// A Counter counts the calls of this node in memory. A Flusher stores them in
// batches, together with what was used of quotas; on a busy node they go to a
// journal first, from where they are folded into the counts. A Store takes in what
// gateways report about calls that they decided about by themselves.
package intake

import (
	"portico/internal/clock"
	"portico/internal/database"
)

// Store accepts the reports of gateways and reads what is used of quotas. It is
// safe for concurrent use.
type Store struct {
	db    *database.DB
	clock clock.Clock
}

// NewStore returns a Store for a migrated database.
func NewStore(db *database.DB, c clock.Clock) *Store { return &Store{db: db, clock: c} }
