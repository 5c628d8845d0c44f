// Package keyring manages the secrets that must not be in the database: the
// peppers of credentials, and the keys that sign access tokens and cursors.
//
// A ring is a JSON file, mode 0600, the same on every node. Each secret has an
// id. Signatures and hashes are created with the newest active key and verified
// with any key in the ring, so a key is replaced without an outage: the new one
// is added first, every node reads it, and only then does it become active.
//
// No message and no log of this package shows a secret's value.
package keyring

import (
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"portico/internal/clock"
)

// Ring is the set of keys in one file, as last read. It is safe for concurrent
// use.
type Ring struct {
	path  string // empty for a ring in memory
	clock clock.Clock
	// development is set if the file was created by development mode.
	development bool
	keys        atomic.Pointer[keys]
	// foreign is why the file, as it is now, is not this ring any more; nil if
	// it still is.
	foreign atomic.Pointer[ForeignError]

	// reading guards the fields below: one goroutine reads the file at a time.
	reading     sync.Mutex
	seen        os.FileInfo
	lastUnknown time.Time
}

// Load reads the ring at path. It returns an error for a missing file, one that
// other users may read, a missing use, a duplicate id or secret, and a secret
// that is short or clearly not random. The error names the secret.
func Load(path string, c clock.Clock) (*Ring, error) {
	ring, info, err := readFile(path)
	if err != nil {
		return nil, err
	}
	r := &Ring{path: path, clock: c, development: ring.development, seen: info}
	r.keys.Store(&ring.keys)
	return r, nil
}

// Path returns the ring's file; empty for a ring in memory.
func (r *Ring) Path() string { return r.path }

// Development reports whether development mode created the ring.
func (r *Ring) Development() bool { return r.development }

// ForTest returns a ring in memory, with one key for each use that is always
// active.
func ForTest() *Ring {
	all := newKeys(time.Time{})
	r := &Ring{clock: clock.System{}}
	r.keys.Store(&all)
	return r
}

// newKeys returns one key for each use, active from now on.
func newKeys(now time.Time) keys {
	all := keys{}
	for _, use := range Uses() {
		all[use] = []Key{newKey(use, nil, now, now)}
	}
	return all
}

// Current returns the key for new signatures and hashes: the newest active one.
// If none is active (this machine's clock is behind the one that created the
// ring), it is the oldest, which every node has.
func (r *Ring) Current(use Use) Key {
	list, now := r.list(use), r.clock.Now()
	for _, k := range slices.Backward(list) {
		if !k.ActiveFrom.After(now) {
			return k
		}
	}
	return list[0]
}

// Lookup returns the key with this id, for verification; it need not be active
// yet. For an unknown id the file is read again if it has changed, at most once
// a second: another node may have noticed a rotation first.
func (r *Ring) Lookup(use Use, id string) (Key, bool) {
	if k, ok := find(r.list(use), id); ok {
		return k, true
	}
	r.reloadForUnknownID()
	return find(r.list(use), id)
}

// All returns every key of a use, newest first, including those not yet active.
func (r *Ring) All(use Use) []Key {
	list := slices.Clone(r.list(use))
	slices.Reverse(list)
	return list
}

// list returns the keys of a use, oldest first. It is never empty for the uses
// of this package, because a ring without them is refused.
func (r *Ring) list(use Use) []Key { return (*r.keys.Load())[use] }

func find(list []Key, id string) (Key, bool) {
	for _, k := range list {
		if k.ID == id {
			return k, true
		}
	}
	return Key{}, false
}
