package auth

import (
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	"portico/internal/address"
	"portico/internal/keyring"
)

const (
	// AttemptWindow is the time in which most failed sign-ins are counted.
	AttemptWindow = 15 * time.Minute
	// PairFailures is how many may fail in an AttemptWindow of one address from
	// one client, of one known device, or in one session.
	PairFailures = 10
	// ClientFailures is how many may fail in an AttemptWindow from one client,
	// whatever the addresses.
	ClientFailures = 100
	// AddressWindow and AddressFailures bound what all strangers together may
	// guess about an address, and all known devices together: softly, because
	// strangers turn this lock, and slowly.
	AddressWindow   = time.Hour
	AddressFailures = 100
)

const (
	// pairAtOnce and clientAtOnce bound the attempts that one node checks at
	// the same moment. An attempt counts as failed until it has succeeded, so
	// without this the right password, given twenty times at once, would be
	// refused ten times. Nobody waits for strangers elsewhere: an address alone
	// has no such bound.
	pairAtOnce   = 1
	clientAtOnce = 16
)

// Guess is a password that somebody is about to try.
type Guess struct {
	Address address.Email
	// Client is the network address that it comes from.
	Client string
	// Devices are the tokens that it brought; see Devices.
	Devices []string
	// Session is the user who is signed in already; all zero when nobody is.
	Session uuid.UUID
	// Since has an element for each user whose password would be tried: the
	// failures until then are forgiven. None is as good as one zero time.
	Since []time.Time
}

// bucket is what is counted together.
type bucket struct {
	name   string
	limit  int
	window time.Duration
	// atOnce is how many are checked at a time; 0: any number.
	atOnce int64
	// lasting failures are not forgiven: they are the client's.
	lasting bool
}

// buckets are where a guess counts. A device that has signed in before, and a
// session, count apart from strangers, who so cannot shut them out.
func (l *Limiter) buckets(g Guess) []bucket {
	who := g.Address.String()
	known := func(label, id string) []bucket {
		return []bucket{
			{l.name(label, who+" "+id), PairFailures, AttemptWindow, pairAtOnce, false},
			{l.name("sign-in known", who), AddressFailures, AddressWindow, 0, false},
		}
	}
	if g.Session != uuid.Nil {
		return known("sign-in session", g.Session.String())
	}
	if id, ok := l.devices.known(g.Address, g.Devices); ok {
		return known("sign-in device", id)
	}
	client := address.ClientNetwork(g.Client)
	return []bucket{
		{l.name("sign-in pair", who+" "+client), PairFailures, AttemptWindow, pairAtOnce, false},
		{l.name("sign-in address", who), AddressFailures, AddressWindow, 0, false},
		{l.name("sign-in client", client), ClientFailures, AttemptWindow, clientAtOnce, true},
	}
}

// name hides what is counted. It uses the oldest pepper, which never leaves
// the ring: under the newest one a rotation would empty every bucket.
func (l *Limiter) name(label, text string) string {
	peppers := l.ring.All(keyring.Pepper)
	return hex.EncodeToString(mac(peppers[len(peppers)-1], label, text))
}
