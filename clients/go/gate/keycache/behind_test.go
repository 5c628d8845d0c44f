package keycache_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
)

// revised is what a database would have: a plan that is revised, and an app with a
// subscription by it, which is moved, ended and made anew.
type revised struct {
	plan    keycache.Plan
	terms   []*access.Quota // by the number of the revision, from 1
	product uuid.UUID
	app     keycache.App
	by      int32 // the revision of the subscription
	had     []int // the limits that the subscription had, in their order
}

func (r *revised) revise(limit int) {
	r.terms = append(r.terms, &access.Quota{Limit: limit, Per: access.PerDay})
	r.plan.Revision, r.plan.Quota = int32(len(r.terms)), r.terms[len(r.terms)-1]
}

func (r *revised) bind() {
	r.by = r.plan.Revision
	r.app.Subscriptions = []keycache.Subscription{{ID: uuid.New(), ProductID: r.product, PlanID: r.plan.ID, PlanRevision: r.by, Status: access.SubscriptionApproved}}
	r.had = append(r.had, r.plan.Quota.Limit)
}

// catalogue reads the catalogue as a server does: with the older terms by which the
// subscription goes, where they differ.
func (r *revised) catalogue() *keycache.Catalogue {
	p := r.plan
	if old := r.terms[r.by-1]; r.by != p.Revision {
		p.Revisions = []keycache.PlanRevision{{Revision: r.by, Quota: old}}
	}
	return &keycache.Catalogue{Products: []keycache.Product{{ID: r.product, Name: "weather", Plans: []keycache.Plan{p}}}}
}

// In whichever order and how late the events of a plan and of its subscription are applied,
// calls pass by terms that the subscription had at some time since the last event that was
// applied; and when all are, by those that it has.
func TestTermsInAnyOrder(t *testing.T) {
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		r := &revised{plan: keycache.Plan{ID: uuid.New(), Name: "free"}, product: uuid.New()}
		account := keycache.Account{ID: uuid.New(), Status: access.AccountActive}
		r.app = keycache.App{ID: uuid.New(), AccountID: account.ID}
		k := key(account.ID, &r.app.ID)
		r.revise(1)
		r.bind()
		s := keycache.New(0)
		s.Apply(&keycache.Change{Position: 1, Catalogue: r.catalogue(), Accounts: []keycache.Account{account}, Apps: []keycache.App{r.app}, Credentials: []keycache.Credential{k}})
		var events []bool // whether each is of the plan, else it is of the subscription
		since := []int{0} // for each event, the place in had of what the subscription had then
		applied := 0
		check := func() {
			t.Helper()
			var f verdict.Facts
			if !s.Facts(k.Username, &f) || len(f.Apps) != 1 {
				t.Fatal("the key is unknown")
			}
			limit := int(f.Catalogue.PlanOf(&f.Apps[0].Subscriptions[0]).Quota.Limit)
			from := r.had[since[min(applied, len(since)-1)]:]
			if applied == len(events) {
				from = r.had[len(r.had)-1:]
			}
			for _, had := range from {
				if limit == had {
					return
				}
			}
			t.Fatalf("seed %d: a limit of %d, where the subscription had %v", seed, limit, from)
		}
		for range 12 {
			switch rnd.IntN(3) {
			case 0:
				r.revise(1 + rnd.IntN(5))
				events = append(events, true)
			case 1:
				r.bind()
				events = append(events, false)
			case 2:
				for n := rnd.IntN(3); n > 0 && applied < len(events); n-- {
					c := &keycache.Change{Position: int64(2 + applied)}
					if events[applied] {
						c.Catalogue = r.catalogue()
					} else if c.Apps = []keycache.App{r.app}; s.IsBehind(c.Apps) {
						c.Catalogue = r.catalogue()
					}
					s.Apply(c)
					applied++
					check()
				}
			}
			for len(since) <= len(events) {
				since = append(since, len(r.had)-1)
			}
		}
		for ; applied < len(events); applied++ {
			c := &keycache.Change{Position: int64(2 + applied)}
			if events[applied] {
				c.Catalogue = r.catalogue()
			} else {
				c.Apps = []keycache.App{r.app}
			}
			s.Apply(c)
		}
		check()
	}
}
