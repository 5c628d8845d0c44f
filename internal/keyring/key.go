package keyring

import (
	"crypto/rand"
	"fmt"
	"io"
	"strconv"
	"time"

	"portico/internal/clock"
)

// Use is what a set of keys is for. A key of one use is never taken for another.
type Use string

const (
	// Pepper keys the HMAC of what the database must be able to recognise but
	// not to reveal: API keys, machine tokens, addresses.
	Pepper Use = "pepper"
	// JWT signs access tokens.
	JWT Use = "jwt"
	// Cursor makes list cursors tamper-evident.
	Cursor Use = "cursor"
)

// Uses returns every use, in the order of the file.
func Uses() []Use { return []Use{Pepper, JWT, Cursor} }

// KeyBytes is the length of a new key, and the least that is accepted.
const KeyBytes = 32

// Key is one secret with its name. Whatever prints it, prints only the name.
type Key struct {
	// ID names the key in what it made: "p1" is the first pepper. Numbers only grow.
	ID string
	// Secret is KeyBytes random bytes or more. Read it; do not change it.
	Secret []byte `json:"-"`
	// CreatedAt is when the key came into the ring.
	CreatedAt time.Time
	// ActiveFrom is when things begin to be made with it.
	ActiveFrom time.Time
}

// Format writes the key's id, whatever the verb: a key never reaches a log.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.ID) }

// newKey makes a random key that follows the keys already there.
func newKey(use Use, keys []Key, now, activeFrom time.Time) Key {
	secret := make([]byte, KeyBytes)
	// crypto/rand never fails: it ends the program instead.
	_, _ = rand.Read(secret)
	last := 0
	for _, k := range keys {
		last = max(last, number(k.ID))
	}
	return Key{
		ID:         string(use)[:1] + strconv.Itoa(last+1),
		Secret:     secret,
		CreatedAt:  clock.Whole(now),
		ActiveFrom: clock.Whole(activeFrom),
	}
}

// number returns the 7 of "p7", and 0 for an id without one.
func number(id string) int {
	if id == "" {
		return 0
	}
	n, err := strconv.Atoi(id[1:])
	if err != nil {
		return 0
	}
	return n
}
