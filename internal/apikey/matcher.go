package apikey

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"sync"

	"github.com/google/uuid"
)

// Matcher does what Matches does, for one pepper again and again: it keeps what
// the HMAC makes of the pepper, and allocates nothing. It is safe for
// concurrent use.
type Matcher struct{ desks sync.Pool }

// desk is what one comparison needs.
type desk struct {
	mac  hash.Hash
	pair [32]byte
	sum  [sha256.Size]byte
}

// NewMatcher returns a Matcher for a pepper.
func NewMatcher(pepper []byte) *Matcher {
	return &Matcher{desks: sync.Pool{New: func() any { return &desk{mac: hmac.New(sha256.New, pepper)} }}}
}

// Matches tells, in constant time, whether a stored hash is this pair's.
func (m *Matcher) Matches(stored []byte, username, password uuid.UUID) bool {
	d := m.desks.Get().(*desk)
	copy(d.pair[:16], username[:])
	copy(d.pair[16:], password[:])
	d.mac.Reset()
	d.mac.Write(d.pair[:])
	same := subtle.ConstantTimeCompare(stored, d.mac.Sum(d.sum[:0])) == 1
	clear(d.pair[:])
	m.desks.Put(d)
	return same
}
