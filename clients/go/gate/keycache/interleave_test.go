package keycache_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
)

// ground is what a database would have: accounts, each with a key of its own, and apps
// with a key each that go from one account to another, are deleted and come back.
type ground struct {
	accounts []keycache.Account
	apps     []keycache.App
	gone     []bool // by app
	keys     []keycache.Credential
	position int64
	log      []func() *keycache.Change // of each position, reads the state when it is applied
}

func newGround() *ground {
	g := &ground{}
	for range 3 {
		a := keycache.Account{ID: uuid.New(), Status: "ACTIVE"}
		g.accounts = append(g.accounts, a)
		g.keys = append(g.keys, key(a.ID, nil))
	}
	for i := range 6 {
		a := keycache.App{ID: uuid.New(), AccountID: g.accounts[i%3].ID}
		g.apps, g.gone = append(g.apps, a), append(g.gone, false)
		g.keys = append(g.keys, key(a.AccountID, &a.ID))
	}
	return g
}

// change lets an app go to another account, or ends it or brings it back.
func (g *ground) change(r *rand.Rand) {
	i := r.IntN(len(g.apps))
	if g.gone[i] || r.IntN(4) == 0 {
		g.gone[i] = !g.gone[i]
	} else {
		g.apps[i].AccountID = g.accounts[r.IntN(len(g.accounts))].ID
		g.keys[len(g.accounts)+i].AccountID = g.apps[i].AccountID
	}
	g.position++
	at := g.position
	g.log = append(g.log, func() *keycache.Change {
		c := &keycache.Change{Position: at, Credentials: []keycache.Credential{g.keys[len(g.accounts)+i]}}
		c.Accounts = []keycache.Account{g.accountOf(g.apps[i].AccountID)}
		if g.gone[i] {
			c.GoneApps = []uuid.UUID{g.apps[i].ID}
		} else {
			c.Apps = []keycache.App{g.apps[i]}
		}
		return c
	})
}

func (g *ground) accountOf(id uuid.UUID) keycache.Account {
	return g.accounts[slices.IndexFunc(g.accounts, func(a keycache.Account) bool { return a.ID == id })]
}

// read is what was read for a key while the copy had a position: its credential first, its
// apps and its account later.
type read struct {
	of    int
	since int64
	c     *keycache.Change
}

func (g *ground) begin(s *keycache.Cache, i int) *read {
	return &read{i, s.Position(), &keycache.Change{Credentials: []keycache.Credential{g.keys[i]}}}
}

func (g *ground) finish(r *read) {
	k := r.c.Credentials[0]
	r.c.Accounts, r.c.Apps = []keycache.Account{g.accountOf(k.AccountID)}, nil
	for j, a := range g.apps {
		if !g.gone[j] && (k.AppID == nil && a.AccountID == k.AccountID || k.AppID != nil && a.ID == *k.AppID) {
			r.c.Apps = append(r.c.Apps, a)
		}
	}
}

// check compares the facts of every key that the cache has with those that there are.
func (g *ground) check(t *testing.T, s *keycache.Cache) {
	t.Helper()
	for i, k := range g.keys {
		var have verdict.Facts
		if !s.Facts(k.Username, &have) {
			continue
		}
		want := map[uuid.UUID]bool{}
		now := g.begin(s, i)
		g.finish(now)
		for _, a := range now.c.Apps {
			want[a.ID] = true
		}
		if have.Account == nil || have.Account.ID != k.AccountID || have.Credential.AccountID != k.AccountID || len(have.Apps) != len(want) {
			t.Fatalf("key %d has %d apps, want %d; account %+v, want %v", i, len(have.Apps), len(want), have.Account, k.AccountID)
		}
		for _, a := range have.Apps {
			if !want[a.ID] || a.AccountID != k.AccountID {
				t.Fatalf("key %d has app %+v", i, a)
			}
		}
	}
}

// Whatever the order is in which reads begin, end and are delivered, keys are pushed out and
// changes are applied: once the log is, the copy shows what there is.
func TestAnyInterleaving(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		g, s := newGround(), keycache.New(1+r.IntN(5))
		s.Apply(&keycache.Change{Catalogue: &keycache.Catalogue{}})
		var reads []*read
		applied := 0
		apply := func() {
			if applied < len(g.log) {
				s.Apply(g.log[applied]())
				applied++
			}
		}
		for range 60 {
			switch r.IntN(6) {
			case 0:
				g.change(r)
			case 1:
				apply()
			case 2, 3:
				reads = append(reads, g.begin(s, r.IntN(len(g.keys))))
			case 4:
				if len(reads) > 0 {
					g.finish(reads[r.IntN(len(reads))])
				}
			case 5:
				if i := slices.IndexFunc(reads, func(x *read) bool { return x.c.Accounts != nil && r.IntN(3) > 0 }); i >= 0 {
					s.Fill(g.keys[reads[i].of].Username, reads[i].c, reads[i].since)
					reads = slices.Delete(reads, i, i+1)
				}
			}
		}
		for applied < len(g.log) {
			apply()
		}
		g.check(t, s)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
