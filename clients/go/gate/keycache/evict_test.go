package keycache_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
)

// use looks a credential up as the gateway does: in memory, or else by a fill. It
// reports whether it was in memory.
func use(s *keycache.Cache, username uuid.UUID, c *keycache.Change) bool {
	var facts verdict.Facts
	if s.Facts(username, &facts) {
		return true
	}
	s.Fill(username, c, s.Position())
	s.Facts(username, &facts)
	return false
}

// keyring is an organization's copy and the keys that it is asked for.
type keyring struct {
	store   *keycache.Cache
	names   []uuid.UUID
	changes []*keycache.Change
}

// keyrings makes n organizations of so many keys each in one budget; every
// third key is one of an account.
func keyrings(b *keycache.Budget, n, keys int) []*keyring {
	out := make([]*keyring, n)
	for i := range out {
		r := &keyring{store: keycache.NewWithBudget(b)}
		for k := range keys {
			from := filled
			if k%3 == 0 {
				from = ofAccount
			}
			name, c := from()
			r.names, r.changes = append(r.names, name), append(r.changes, c)
		}
		out[i] = r
	}
	return out
}

// misses looks all credentials up in turn, and returns how many were not in
// memory.
func (r *keyring) misses() (n int) {
	for i, name := range r.names {
		if !use(r.store, name, r.changes[i]) {
			n++
		}
	}
	return n
}

func credentialsIn(all []*keyring) (n int) {
	for _, r := range all {
		n += r.store.Len()
	}
	return n
}

// A busy organization takes the room of an idle one, whichever came first.
func TestABusyOrganizationDisplacesAnIdleOne(t *testing.T) {
	const room = 2000
	b := keycache.NewBudget(room)
	all := keyrings(b, 3, room-10)
	for round := range 2 { // one after the other has its busy time
		for _, busy := range all {
			for range 3 {
				busy.misses()
			}
			if n := busy.misses(); n > 0 {
				t.Errorf("round %d: a busy organization's keys were read from the database %d times in %d", round, n, len(busy.names))
			}
			if n := credentialsIn(all); n > room || n != b.Used() {
				t.Errorf("%d keys are kept, %d counted, %d may be", n, b.Used(), room)
			}
		}
	}
}

// A filled credential is present when Fill returns, wherever the clock hand is and
// however small the budget.
func TestAFillMakesRoomForItself(t *testing.T) {
	for room := 1; room < 5; room++ {
		b := keycache.NewBudget(room)
		all := keyrings(b, 3, 5)
		r := rand.New(rand.NewPCG(uint64(room), 1))
		for range 500 {
			ring := all[r.IntN(len(all))]
			k := r.IntN(len(ring.names))
			ring.store.Fill(ring.names[k], ring.changes[k], ring.store.Position())
			if !ring.store.Facts(ring.names[k], new(verdict.Facts)) || b.Used() > room {
				t.Fatalf("with room for %d, the key that was filled is not there, or %d are kept", room, b.Used())
			}
		}
	}
}

// Any number of organizations stay within the budget together, and what is used
// all the time stays.
func TestManyOrganizationsShareABudget(t *testing.T) {
	const room = 1000
	b := keycache.NewBudget(room)
	all := keyrings(b, 100, 100)
	often := all[0]
	often.names, often.changes = often.names[:50], often.changes[:50]
	often.misses()
	for _, r := range all[1:] {
		r.misses()
		if n := often.misses(); n > 0 {
			t.Fatalf("%d keys that are always in use were pushed out", n)
		}
		if n := credentialsIn(all); n > room || n != b.Used() {
			t.Fatalf("%d keys are kept, %d counted, %d may be", n, b.Used(), room)
		}
	}
}

// Concurrent fills, changes, removals and Close neither deadlock nor exceed the
// budget, and what is kept is complete.
func TestTheBudgetIsKeptWhateverHappens(t *testing.T) {
	const room, askers = 40, 4
	b := keycache.NewBudget(room)
	all := keyrings(b, 8, 30)
	var running sync.WaitGroup
	for i := range askers {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		running.Go(func() {
			for range 5000 {
				ring := all[r.IntN(len(all))]
				k := r.IntN(len(ring.names))
				use(ring.store, ring.names[k], ring.changes[k])
				if n := b.Used(); n > room+askers {
					t.Errorf("%d keys are kept, %d may be", n, room)
					return
				}
			}
		})
	}
	running.Go(func() {
		r := rand.New(rand.NewPCG(99, 1))
		for position := range int64(2000) {
			ring := all[r.IntN(len(all))]
			c := *ring.changes[r.IntN(len(ring.changes))]
			if r.IntN(5) == 0 {
				c = keycache.Change{GoneCredentials: []uuid.UUID{c.Credentials[0].ID}}
			}
			c.Position = ring.store.Position() + position
			ring.store.Apply(&c)
		}
		all[0].store.Close()
	})
	running.Wait()
	for _, ring := range all[1:] {
		for i, name := range ring.names {
			var facts verdict.Facts
			if c := ring.changes[i]; ring.store.Facts(name, &facts) && (facts.Account == nil || len(facts.Apps) != len(c.Apps)) {
				t.Errorf("account %v and %d of %d apps", facts.Account, len(facts.Apps), len(c.Apps))
			}
		}
	}
	if n := credentialsIn(all[1:]); n > room || n != b.Used() {
		t.Errorf("%d keys are kept, %d counted, %d may be", n, b.Used(), room)
	}
}

// A closed Cache uses nothing of the budget.
func TestCloseReturnsTheBudget(t *testing.T) {
	b := keycache.NewBudget(100)
	all := keyrings(b, 2, 100)
	all[0].misses()
	all[0].store.Close()
	all[0].store.Close()
	if n := b.Used(); n != 0 {
		t.Errorf("%d keys are counted", n)
	}
	all[0].store.Apply(&keycache.Change{Position: 1, GoneCredentials: []uuid.UUID{all[0].changes[0].Credentials[0].ID}})
	all[1].misses()
	if n := all[1].misses(); n > 0 || b.Used() != 100 {
		t.Errorf("%d of 100 keys did not find room; %d are counted", n, b.Used())
	}
}

// BenchmarkFill is a fill that must make room, among many organizations.
func BenchmarkFill(b *testing.B) {
	budget := keycache.NewBudget(100_000)
	all := keyrings(budget, 1000, 200)
	for _, r := range all {
		r.misses()
	}
	r := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	for b.Loop() {
		ring := all[r.IntN(len(all))]
		k := r.IntN(len(ring.names))
		use(ring.store, ring.names[k], ring.changes[k])
	}
}
