package gateway

import (
	"bytes"
	"sync"

	"github.com/google/uuid"

	"portico/clients/go/gate/rawkey"
	"portico/clients/go/gate/verdict"
	"portico/internal/apikey"
)

// presentedKey is an API key as presented by a caller.
type presentedKey struct{ username, password uuid.UUID }

// read parses the API key in a request; ok is false if it cannot be one.
func (r *Request) read() (p presentedKey, ok bool) {
	if r.Malformed || r.Presented == "" {
		return p, false
	}
	pair := r.Username != "" || r.Password != ""
	if r.RawKey != "" {
		p.username, p.password, ok = rawkey.Parse(r.RawKey)
		return p, ok && !pair
	}
	var well bool
	p.username, ok = apikey.ParseUUID(r.Username)
	p.password, well = apikey.ParseUUID(r.Password)
	return p, ok && well
}

// passwordMatches reports whether the password belongs to the credential. An
// unknown username costs the same work, so that timing does not reveal which
// exist.
func (v *Verifier) passwordMatches(p presentedKey, k *verdict.Credential) bool {
	if k == nil {
		v.decoy.Matches(nil, p.username, p.password)
		return false
	}
	m := v.matchers.get(k.Pepper)
	if m == nil { // the ring lacks the pepper, or the credential has no secret
		m = v.decoy
	}
	return m.Matches(k.Hash[:], p.username, p.password)
}

// matchers caches a matcher for each pepper of the ring.
type matchers struct {
	peppers Peppers
	mu      *sync.RWMutex
	byID    map[string]cachedMatcher
}

type cachedMatcher struct {
	secret []byte
	*apikey.Matcher
}

func newMatchers(p Peppers) matchers {
	return matchers{p, new(sync.RWMutex), map[string]cachedMatcher{}}
}

// get returns a pepper's matcher, or nil if the ring has no such pepper. It
// compares the secret too, since a ring that was edited by hand may reuse an id.
func (m *matchers) get(id string) *apikey.Matcher {
	secret, ok := m.peppers.PepperByID(id)
	if !ok {
		return nil
	}
	m.mu.RLock()
	k := m.byID[id]
	m.mu.RUnlock()
	if k.Matcher != nil && bytes.Equal(k.secret, secret) {
		return k.Matcher
	}
	k = cachedMatcher{bytes.Clone(secret), apikey.NewMatcher(secret)}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.byID[id] = k
	return k.Matcher
}
