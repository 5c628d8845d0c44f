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
	// guess about an address, and all known devices of a user together: softly,
	// because strangers turn this lock, and slowly.
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
	// Session is the user who is signed in already, and the only one then; all
	// zero when nobody is.
	Session uuid.UUID
	// Users are those whose password would be tried; for each of them the
	// devices are known or not.
	Users []uuid.UUID
	// Since has an element for each of Users: the failures until then are
	// forgiven. None is as good as zero times.
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
	// whose are the places in Guess.Users of those for whom this counts.
	whose []int
}

// users is for how many users the guess is counted: for one when there is none.
func (g Guess) users() int { return max(1, len(g.Users), len(g.Since)) }

// buckets are where a guess counts. A device on which a user has signed in
// before, and a session, count apart from strangers, who so cannot shut them out.
// For the address's other users, whom it does not know, the same guess is a
// stranger's. The order is the same for all guesses; see Limiter.enter.
func (l *Limiter) buckets(g Guess) []bucket {
	who := g.Address.String()
	known := func(label string, user uuid.UUID, id string, place int) []bucket {
		whose := []int{place}
		return []bucket{
			{l.name(label, who+" "+id), PairFailures, AttemptWindow, pairAtOnce, false, whose},
			{l.name("sign-in known", who+" "+user.String()), AddressFailures, AddressWindow, 0, false, whose},
		}
	}
	if g.Session != uuid.Nil {
		return known("sign-in session", g.Session, g.Session.String(), 0)
	}
	var out []bucket
	var strange []int
	for i := range g.users() {
		if i < len(g.Users) {
			if id, ok := l.devices.known(g.Address, g.Users[i], g.Devices); ok {
				out = append(out, known("sign-in device", g.Users[i], g.Users[i].String()+" "+id, i)...)
				continue
			}
		}
		strange = append(strange, i)
	}
	if len(strange) == 0 {
		return out
	}
	client := address.ClientNetwork(g.Client)
	return append(out,
		bucket{l.name("sign-in pair", who+" "+client), PairFailures, AttemptWindow, pairAtOnce, false, strange},
		bucket{l.name("sign-in address", who), AddressFailures, AddressWindow, 0, false, strange},
		bucket{l.name("sign-in client", client), ClientFailures, AttemptWindow, clientAtOnce, true, strange})
}

// name hides what is counted. It uses the oldest pepper, which never leaves
// the ring: under the newest one a rotation would empty every bucket.
func (l *Limiter) name(label, text string) string {
	peppers := l.ring.All(keyring.Pepper)
	return hex.EncodeToString(mac(peppers[len(peppers)-1], label, text))
}
