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
	// Anywhere: no organization was named. The password may be right for one of
	// the Users and wrong for others.
	Anywhere bool
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
	// apart: an attempt that was right for one user stays counted for the others,
	// for whom it was wrong. See Limiter.elsewhere.
	apart bool
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
			{name: l.narrow(who, label, id), limit: PairFailures, window: AttemptWindow, atOnce: pairAtOnce, whose: whose},
			{name: l.name("sign-in known", who+" "+user.String()), limit: AddressFailures, window: AddressWindow, whose: whose},
		}
	}
	if g.Session != uuid.Nil {
		return known("sign-in session", g.Session, g.Session.String(), 0)
	}
	var out []bucket
	devices, strange := l.knownDevices(g)
	for i, id := range devices {
		if id != "" {
			out = append(out, known("sign-in device", g.Users[i], g.Users[i].String()+" "+id, i)...)
		}
	}
	if len(strange) > 0 {
		client := address.ClientNetwork(g.Client)
		out = append(out,
			bucket{name: l.narrow(who, "sign-in pair", client), limit: PairFailures, window: AttemptWindow, atOnce: pairAtOnce, whose: strange},
			bucket{name: l.name("sign-in address", who), limit: AddressFailures, window: AddressWindow, whose: strange},
			bucket{name: l.name("sign-in client", client), limit: ClientFailures, window: AttemptWindow, atOnce: clientAtOnce, lasting: true, whose: strange})
	}
	if g.Anywhere {
		out = append(out, l.elsewhere(g, devices, strange)...)
	}
	return out
}

// knownDevices returns, for each of the users, the identity of the device that
// brought the guess where it has signed in as that user before, and the places of
// the users to whom it is strange: one when there is nobody.
func (l *Limiter) knownDevices(g Guess) (ids []string, strange []int) {
	ids = make([]string, g.users())
	for i := range ids {
		if i < len(g.Users) {
			ids[i], _ = l.devices.known(g.Address, g.Users[i], g.Devices)
		}
		if ids[i] == "" {
			strange = append(strange, i)
		}
	}
	return ids, strange
}

// elsewhere are the buckets of each user by itself, for guesses that several
// users are asked about at once. Whoever can choose the password of a namesake in
// an organization of his own would otherwise try any password on all others of
// the address, and learn by his own success that it is wrong for them, as often
// as he likes. They close a user for such guesses alone: a count that also bound
// sign-ins to a named organization would tell who is known to it.
func (l *Limiter) elsewhere(g Guess, devices []string, strange []int) (out []bucket) {
	client := address.ClientNetwork(g.Client)
	for i, user := range g.Users {
		narrow, wide := l.name("sign-in elsewhere pair", user.String()+" "+client), l.name("sign-in elsewhere", user.String())
		if id := devices[i]; id != "" {
			narrow, wide = l.name("sign-in elsewhere device", user.String()+" "+id), l.name("sign-in elsewhere known", user.String())
		}
		out = append(out,
			bucket{name: narrow, limit: PairFailures, window: AttemptWindow, apart: true, whose: []int{i}},
			bucket{name: wide, limit: AddressFailures, window: AddressWindow, apart: true, whose: []int{i}})
	}
	if len(strange) > 0 {
		out = append(out, bucket{name: l.name("sign-in elsewhere client", client), limit: ClientFailures, window: AttemptWindow,
			lasting: true, apart: true, whose: strange})
	}
	return out
}

// family is what the names of an address's narrow buckets begin with, so that
// they can be found for somebody who asks whether a user is locked out.
func (l *Limiter) family(who string) string { return l.name("sign-in family", who)[:familyDigits] }

// familyDigits is how long a family is.
const familyDigits = 32

// narrow names the bucket of one client, device or session of an address.
func (l *Limiter) narrow(who, label, id string) string {
	return l.family(who) + l.name(label, who+" "+id)
}

// name hides what is counted. It uses the oldest pepper, which never leaves
// the ring: under the newest one a rotation would empty every bucket.
func (l *Limiter) name(label, text string) string {
	peppers := l.ring.All(keyring.Pepper)
	return hex.EncodeToString(mac(peppers[len(peppers)-1], label, text))
}
