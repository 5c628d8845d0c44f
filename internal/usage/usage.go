// Package usage counts calls and answers how many there were.
//
// It owns the tables usage_minutes, usage_hours, usage_days, usage_journal,
// usage_upstreams, usage_batches and quota_counts, and the column
// credentials.last_used_at. It does not decide whether a call may pass.
//
// A Counter counts in memory. A Flusher stores what was counted, in batches
// that are counted exactly once, and with them what was used of quotas. A
// Store rolls minutes up to hours and days, deletes what is too old, takes in
// what gateways report, and answers questions. Every answer is exact for what
// is stored, whatever has been rolled up so far: see docs/decisions/0010.
package usage

import (
	"crypto/sha256"
	"time"

	"github.com/google/uuid"
)

// Call is what a call is counted by. What it had none of is the zero UUID.
type Call struct {
	Organization, Account, App, Credential, Product, Endpoint uuid.UUID
	// Code is the verdict: one of few words.
	Code string
}

// id names the row that counts such calls in the minute, hour or day that
// begins at a time: the time in milliseconds in the first 48 bits, so that ids
// are in the order of time, and 80 bits of a hash of what is counted.
func (c *Call) id(at time.Time) uuid.UUID {
	var text [6*16 + 32]byte
	b := text[:0]
	for _, id := range [...]*uuid.UUID{&c.Organization, &c.Account, &c.App, &c.Credential, &c.Product, &c.Endpoint} {
		b = append(b, id[:]...)
	}
	hash := sha256.Sum256(append(b, c.Code...))
	return idAt(hash[:], at)
}

// idAt makes a row's id of a hash of at least ten bytes and a time.
func idAt(hash []byte, at time.Time) uuid.UUID {
	id := firstID(at)
	copy(id[6:], hash)
	return id
}

// movedTo returns the id of the row that counts the same in another bucket.
func movedTo(id uuid.UUID, at time.Time) uuid.UUID { return idAt(id[6:], at) }

// firstID is the least id of rows of that time.
func firstID(at time.Time) (id uuid.UUID) {
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	return id
}
