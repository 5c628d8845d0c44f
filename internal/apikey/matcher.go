package apikey

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"sync"

	"github.com/google/uuid"
)

// Matcher does the work of Matches repeatedly for one pepper: it keeps the
// HMAC's state after the pepper, and allocates nothing. It is safe for
// concurrent use.
type Matcher struct{ pool sync.Pool }

// scratch is the working memory of one comparison.
type scratch struct {
	mac  hash.Hash
	pair [32]byte
	sum  [sha256.Size]byte
}

// NewMatcher returns a Matcher for a pepper.
func NewMatcher(pepper []byte) *Matcher {
	return &Matcher{pool: sync.Pool{New: func() any { return &scratch{mac: hmac.New(sha256.New, pepper)} }}}
}

// Matches reports, in constant time, whether stored is the hash of this pair.
func (m *Matcher) Matches(stored []byte, username, password uuid.UUID) bool {
	d := m.pool.Get().(*scratch)
	copy(d.pair[:16], username[:])
	copy(d.pair[16:], password[:])
	d.mac.Reset()
	d.mac.Write(d.pair[:])
	same := subtle.ConstantTimeCompare(stored, d.mac.Sum(d.sum[:0])) == 1
	clear(d.pair[:])
	m.pool.Put(d)
	return same
}
