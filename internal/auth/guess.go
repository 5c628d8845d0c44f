package auth

import (
	"encoding/hex"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/internal/address"
	"portico/internal/identity"
	"portico/internal/keyring"
)

const (
	// AttemptWindow is the period in which most failed sign-ins are counted.
	AttemptWindow = 15 * time.Minute
	// PairFailures is how many sign-ins may fail in an AttemptWindow for one
	// address from one client, from one known device, or in one session.
	PairFailures = 10
	// ClientFailures is how many sign-ins may fail in an AttemptWindow from one
	// client, whatever the addresses.
	ClientFailures = 100
	// A second factor has PairFailures in an AddressWindow, wherever they come from:
	// its codes are short.
	//
	// AddressWindow and AddressFailures bound the guesses at one address by all
	// unknown clients together, and at one user by all known devices together.
	// The bound is loose and recovers slowly, because unknown clients can
	// exhaust it.
	AddressWindow   = time.Hour
	AddressFailures = 100
)

const (
	// pairConcurrency, knownConcurrency and clientConcurrency bound the attempts
	// that one node checks at the same time. An attempt counts as failed until it
	// has succeeded, so without this bound the right password, sent twenty times at
	// once, would be refused ten times. No password waits until those of unknown
	// clients elsewhere have been checked: an address alone has no such bound.
	pairConcurrency   = 1
	knownConcurrency  = 2
	clientConcurrency = 16
)

// bucket is a set of attempts that are counted together.
type bucket struct {
	name   string
	limit  int
	window time.Duration
	// concurrency is how many attempts are checked at a time; 0 means no bound.
	concurrency int64
	// unforgivable failures cannot be forgiven: they are the client's.
	unforgivable bool
	// perUser: an attempt that was right for one user still counts for the
	// others, for whom it was wrong. See Limiter.perUserBuckets.
	perUser bool
	// users are the indices in Guess.Users of those for whom this counts.
	users []int
}

// usersOf returns for how many users the guess is counted: for one if there is
// none.
func usersOf(g identity.Guess) int { return max(1, len(g.Users), len(g.Since)) }

// buckets returns the buckets in which a guess counts. A device on which a user
// has signed in before, and a session, count separately from unknown clients,
// which therefore cannot lock them out. So does a second factor: only those who know
// the password can exhaust it. For the other users of the address, who
// do not know the device, the same guess is an unknown client's. The order is
// the same for all guesses; see Limiter.acquireSlots.
func (l *Limiter) buckets(g identity.Guess) []bucket {
	who := g.Address.String()
	known := func(label string, user uuid.UUID, id string, place int) []bucket {
		whose := []int{place}
		return []bucket{
			{name: l.narrowName(who, label, id), limit: PairFailures, window: AttemptWindow, concurrency: pairConcurrency, users: whose},
			{name: l.bucketName("sign-in known", who+" "+user.String()), limit: AddressFailures, window: AddressWindow, concurrency: knownConcurrency, users: whose},
		}
	}
	if g.SecondFactor != uuid.Nil {
		return []bucket{{
			name: l.bucketName("second factor", g.SecondFactor.String()), limit: PairFailures, window: AddressWindow,
			concurrency: pairConcurrency, users: []int{0},
		}}
	}
	if g.Session != uuid.Nil {
		return known("sign-in session", g.Session, g.Session.String(), 0)
	}
	var out []bucket
	devices, unknownTo := l.knownDevices(g)
	for i, id := range devices {
		if id != "" {
			out = append(out, known("sign-in device", g.Users[i], g.Users[i].String()+" "+id, i)...)
		}
	}
	if len(unknownTo) > 0 {
		client := address.ClientNetwork(g.Client)
		out = append(out,
			bucket{name: l.narrowName(who, "sign-in pair", client), limit: PairFailures, window: AttemptWindow, concurrency: pairConcurrency, users: unknownTo},
			bucket{name: l.bucketName("sign-in address", who), limit: AddressFailures, window: AddressWindow, users: unknownTo},
			bucket{name: l.bucketName("sign-in client", client), limit: ClientFailures, window: AttemptWindow, concurrency: clientConcurrency, unforgivable: true, users: unknownTo})
	}
	if g.NoOrganization {
		out = append(out, l.perUserBuckets(g, devices, unknownTo)...)
	}
	return out
}

// knownDevices returns, for each of the users, the identity of the device if it
// has signed in as that user before, and the indices of the users who do not
// know it: a single one if there are no users.
func (l *Limiter) knownDevices(g identity.Guess) (ids []string, unknownTo []int) {
	ids = make([]string, usersOf(g))
	for i := range ids {
		if i < len(g.Users) {
			ids[i], _ = l.devices.identify(g.Address, g.Users[i], g.Devices)
		}
		if ids[i] == "" {
			unknownTo = append(unknownTo, i)
		}
	}
	return ids, unknownTo
}

// knows reports whether a guess counts as known for one of the users. A device's token
// is made for a user who has signed in: nobody learns by it who else exists.
func (l *Limiter) knows(g identity.Guess) bool {
	if g.SecondFactor != uuid.Nil || g.Session != uuid.Nil {
		return true
	}
	ids, _ := l.knownDevices(g)
	return slices.ContainsFunc(ids, func(id string) bool { return id != "" })
}

// perUserBuckets returns the buckets of each user alone, for guesses that are
// tried on several users at once. An attacker who sets the password of a
// namesake in an organization of his own could otherwise try any password on
// all other users of the address as often as he likes, and learn from his own
// success that it is wrong for them. The buckets block only such guesses: a
// count that also limited sign-ins to a named organization would reveal which
// users know the device.
func (l *Limiter) perUserBuckets(g identity.Guess, devices []string, unknownTo []int) (out []bucket) {
	client := address.ClientNetwork(g.Client)
	for i, user := range g.Users {
		narrow, wide := l.bucketName("sign-in elsewhere pair", user.String()+" "+client), l.bucketName("sign-in elsewhere", user.String())
		if id := devices[i]; id != "" {
			narrow, wide = l.bucketName("sign-in elsewhere device", user.String()+" "+id), l.bucketName("sign-in elsewhere known", user.String())
		}
		out = append(out,
			bucket{name: narrow, limit: PairFailures, window: AttemptWindow, perUser: true, users: []int{i}},
			bucket{name: wide, limit: AddressFailures, window: AddressWindow, perUser: true, users: []int{i}})
	}
	if len(unknownTo) > 0 {
		out = append(out, bucket{name: l.bucketName("sign-in elsewhere client", client), limit: ClientFailures, window: AttemptWindow,
			unforgivable: true, perUser: true, users: unknownTo})
	}
	return out
}

// addressPrefix returns the prefix of the names of an address's narrow buckets,
// by which Lockout finds them.
func (l *Limiter) addressPrefix(who string) string {
	return l.bucketName("sign-in family", who)[:addressPrefixDigits]
}

// addressPrefixDigits is the length of an addressPrefix.
const addressPrefixDigits = 32

// narrowName returns the name of the bucket of one client, device or session of
// an address.
func (l *Limiter) narrowName(who, label, id string) string {
	return l.addressPrefix(who) + l.bucketName(label, who+" "+id)
}

// bucketName returns a keyed hash that hides what is counted. It uses the
// oldest pepper, which never leaves the ring: with the newest one a rotation
// would empty every bucket.
func (l *Limiter) bucketName(label, text string) string {
	peppers := l.ring.All(keyring.Pepper)
	return hex.EncodeToString(mac(peppers[len(peppers)-1], label, text))
}
