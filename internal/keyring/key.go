package keyring

import (
	"crypto/rand"
	"fmt"
	"io"
	"strconv"
	"time"

	"portico/internal/clock"
)

// Use is the purpose of a set of keys. A key of one use is never valid for
// another.
type Use string

const (
	// Pepper keys the HMAC of what the database must recognize but not reveal:
	// API keys, service tokens, addresses.
	Pepper Use = "pepper"
	// JWT signs access tokens.
	JWT Use = "jwt"
	// Cursor authenticates list cursors.
	Cursor Use = "cursor"
)

// Uses returns every use, in the order of the file.
func Uses() []Use { return []Use{Pepper, JWT, Cursor} }

// KeyBytes is the length of a new key, and the minimum length.
const KeyBytes = 32

// Key is a secret with its id. Printing it prints only the id.
type Key struct {
	// ID identifies the key in what was signed or hashed with it: "p1" is the
	// first pepper. Numbers only increase.
	ID string
	// Secret is KeyBytes random bytes or more. It must not be modified.
	Secret []byte `json:"-"`
	// CreatedAt is when the key was added to the ring.
	CreatedAt time.Time
	// ActiveFrom is when the key begins to be used for new signatures and
	// hashes.
	ActiveFrom time.Time
}

// Format writes the key's id, whatever the verb, so that a secret never appears
// in a log.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.ID) }

// newKey returns a random key whose id follows those of keys.
func newKey(use Use, keys []Key, now, activeFrom time.Time) Key {
	secret := make([]byte, KeyBytes)
	// crypto/rand never fails: it ends the program instead.
	_, _ = rand.Read(secret)
	last := 0
	for _, k := range keys {
		last = max(last, idNumber(k.ID))
	}
	return Key{
		ID:         string(use)[:1] + strconv.Itoa(last+1),
		Secret:     secret,
		CreatedAt:  clock.Whole(now),
		ActiveFrom: clock.Whole(activeFrom),
	}
}

// idNumber returns 7 for "p7", and 0 for an id without a number.
func idNumber(id string) int {
	if id == "" {
		return 0
	}
	n, err := strconv.Atoi(id[1:])
	if err != nil {
		return 0
	}
	return n
}
