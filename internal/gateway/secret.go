package gateway

import (
	"bytes"
	"sync"

	"github.com/google/uuid"

	"portico/internal/apikey"
	"portico/internal/verdict"
)

// presented is a key as a caller showed it.
type presented struct{ username, password uuid.UUID }

// read returns the pair in a request; ok is false for what cannot be a key.
func (r *Request) read() (p presented, ok bool) {
	if r.Malformed || r.Presented == "" {
		return p, false
	}
	pair := r.Username != "" || r.Password != ""
	if r.RawKey != "" {
		p.username, p.password, ok = apikey.Parse(r.RawKey)
		return p, ok && !pair
	}
	var well bool
	p.username, ok = readUUID(r.Username)
	p.password, well = readUUID(r.Password)
	return p, ok && well
}

// readUUID reads the usual form alone, of the several that uuid.Parse knows.
func readUUID(text string) (uuid.UUID, bool) {
	if len(text) != len("00000000-0000-0000-0000-000000000000") {
		return uuid.Nil, false
	}
	id, err := uuid.Parse(text)
	return id, err == nil
}

// proves reports whether the password is the key's. A username that does not
// exist costs the same work.
func (g *Verifier) proves(p presented, k *verdict.Credential) bool {
	if k == nil {
		g.decoy.Matches(nil, p.username, p.password)
		return false
	}
	m := g.matchers.get(k.Pepper)
	if m == nil { // the ring does not have it, or the key has no secret
		m = g.decoy
	}
	return m.Matches(k.Hash[:], p.username, p.password)
}

// matchers are kept for each pepper of the ring.
type matchers struct {
	peppers Peppers
	mu      *sync.RWMutex
	byID    map[string]kept
}

type kept struct {
	secret []byte
	*apikey.Matcher
}

func newMatchers(p Peppers) matchers { return matchers{p, new(sync.RWMutex), map[string]kept{}} }

// get returns a pepper's matcher; nil if the ring has no such pepper. A ring
// that was mended by hand may use an id again.
func (m *matchers) get(id string) *apikey.Matcher {
	secret, ok := m.peppers.Pepper(id)
	if !ok {
		return nil
	}
	m.mu.RLock()
	k := m.byID[id]
	m.mu.RUnlock()
	if k.Matcher != nil && bytes.Equal(k.secret, secret) {
		return k.Matcher
	}
	k = kept{bytes.Clone(secret), apikey.NewMatcher(secret)}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.byID[id] = k
	return k.Matcher
}
