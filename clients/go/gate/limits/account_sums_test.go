package limits_test

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
)

// With many accounts at once, flushes that fail, days that pass, and evictions,
// each unit is stored once, and no account exceeds its quota.
func TestEveryUnitOfAccountsIsStoredOnce(t *testing.T) {
	const accounts, apps, limit = 60, 4, 25
	all := make([]*accountFixture, accounts)
	w, b := newFixture(64), newFakeStore()
	for i := range all {
		all[i] = newAccountFixture(1, apps, limits.Quota{Limit: limit, Per: access.PerDay})
		all[i].fixture, all[i].fakeStore = w, b
	}
	stop := flushAndPass(w, b)
	var passed [accounts]atomic.Int64
	together(func(n int) {
		random := rand.New(rand.NewPCG(2, uint64(n)))
		for range 1000 {
			i := random.IntN(accounts)
			a := *all[i].apps[random.IntN(apps)]
			a.Cost = int64(1 + random.IntN(3))
			if all[i].take(&a).Outcome == limits.Passed {
				passed[i].Add(a.Cost)
			}
		}
	})
	stop()
	b.store(w.Memory)
	for i := range all {
		var stored int64
		for start, n := range b.periods(all[i].apps[0].AccountCounter) {
			if stored += n; n > limit {
				t.Errorf("%d of %d passed on %v", n, limit, start)
			}
		}
		want(t, "stored", stored, passed[i].Load())
	}
}

// In any order of calls, flushes, failures, journals, days and changes of the plan,
// the stored units equal those taken.
func TestAccountSumsInAnyOrder(t *testing.T) {
	const limit = 20
	rapid.Check(t, func(t *rapid.T) {
		f := newAccountFixture(2, 3, limits.Quota{Limit: limit, Per: access.PerDay})
		passed, today := map[uuid.UUID]int64{}, map[time.Time]int64{}
		t.Repeat(map[string]func(*rapid.T){
			"take": func(t *rapid.T) {
				a := f.apps[rapid.IntRange(0, 2).Draw(t, "app")]
				a.Cost = int64(rapid.IntRange(1, 6).Draw(t, "cost"))
				start := f.Level(a).Start
				if f.take(a).Outcome != limits.Passed {
					return
				}
				passed[a.AppCounter] += a.Cost
				if today[start] += a.Cost; a.PerAccount && today[start] > limit {
					t.Fatalf("%d passed in the period from %v", today[start], start)
				}
			},
			"flush": func(t *rapid.T) { f.flush(f.Memory, rapid.Bool().Draw(t, "stored")) },
			"fold":  func(*rapid.T) { f.journal(f.Memory); f.fold(f.Memory) },
			"wait":  func(t *rapid.T) { f.pass(time.Duration(rapid.IntRange(0, 30).Draw(t, "hours")) * time.Hour) },
			"plan": func(t *rapid.T) {
				f.store(f.Memory)
				f.per(rapid.Bool().Draw(t, "per account"))
			},
			"": func(*rapid.T) {},
		})
		f.store(f.Memory)
		for _, a := range f.apps {
			var stored int64
			for _, n := range f.periods(a.AppCounter) {
				stored += n
			}
			if stored != passed[a.AppCounter] {
				t.Fatalf("%d units of an app passed, %d are stored", passed[a.AppCounter], stored)
			}
		}
		for start, n := range today {
			if f.used(f.apps[0].AccountCounter, start) != n {
				t.Fatalf("%d units passed, the account's are %d", n, f.used(f.apps[0].AccountCounter, start))
			}
		}
	})
}
