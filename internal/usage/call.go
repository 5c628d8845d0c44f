package usage

import (
	"crypto/sha256"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
)

// CodePassed is the code of calls that were let through; all other codes are of
// refused calls. It is stored in each row, so it never changes.
const CodePassed = "VALID"

// Call is what a call is counted by. Ids that a call does not have are zero.
type Call struct {
	Organization, Account, App, Credential, Product, Endpoint uuid.UUID
	// Code is the name of a verdict, one of a small set.
	Code string
}

// Passed reports whether the call was let through.
func (c *Call) Passed() bool { return c.Code == CodePassed }

// ID returns the id of the row that counts such calls in the minute, hour or day
// that begins at a time. It consists of the time in milliseconds (48 bits), so that
// ids are in the order of time, and of a hash of the call (80 bits).
func (c *Call) ID(at time.Time) uuid.UUID {
	var text [6*16 + 32]byte
	b := text[:0]
	for _, id := range [...]*uuid.UUID{&c.Organization, &c.Account, &c.App, &c.Credential, &c.Product, &c.Endpoint} {
		b = append(b, id[:]...)
	}
	hash := sha256.Sum256(append(b, c.Code...))
	return rowID(hash[:], at)
}

// QuotaID returns the id of the row that counts what was used of a quota, by u's
// Subscription and PeriodStart.
func QuotaID(u limits.Used) uuid.UUID {
	hash := sha256.Sum256(u.AppCounter[:])
	return rowID(hash[:], u.PeriodStart)
}

// MoveID returns the id of the row that counts the same as the row id in the
// bucket that begins at a time.
func MoveID(id uuid.UUID, at time.Time) uuid.UUID { return rowID(id[6:], at) }

// FirstID returns the least id of the rows of a time.
func FirstID(at time.Time) (id uuid.UUID) {
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	return id
}

// rowID combines a time and a hash of at least ten bytes.
func rowID(hash []byte, at time.Time) uuid.UUID {
	id := FirstID(at)
	copy(id[6:], hash)
	return id
}
