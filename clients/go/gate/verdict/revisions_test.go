package verdict

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
)

// revised returns a catalogue whose only plan has a revision, and lists older ones. Each
// revision has its number as its quota.
func revised(id uuid.UUID, newest int32, listed ...int32) *Catalogue {
	by := func(n int32) *Plan { return &Plan{ID: id, Revision: n, Quota: limits.Quota{Limit: int64(n)}} }
	p := by(newest)
	var all []*Plan
	for _, n := range listed {
		all = append(all, by(n))
	}
	p.SetRevisions(all)
	return NewCatalogue(uuid.New(), "one", time.UTC, []*Product{{ID: uuid.New(), Plans: []*Plan{p}}})
}

// goesBy returns the quota of a subscription that has a revision of the plan.
func goesBy(c *Catalogue, id uuid.UUID, revision int32) int64 {
	return c.PlanOf(&Subscription{PlanID: id, Revision: revision}).Quota.Limit
}

// What is listed is found in whatever order it came, and everything else is the plan as it is.
func TestPlanOf(t *testing.T) {
	id := uuid.New()
	c := revised(id, 9, 7, 2, 5)
	for revision, want := range map[int32]int64{0: 9, 1: 9, 2: 2, 3: 9, 5: 5, 7: 7, 8: 9, 9: 9, 12: 9} {
		if got := goesBy(c, id, revision); got != want {
			t.Errorf("revision %d has the terms of %d, want %d", revision, got, want)
		}
	}
	if c.PlanOf(&Subscription{PlanID: uuid.New()}) != nil {
		t.Error("an unknown plan has terms")
	}
}

// A plan that is changed all the time keeps a bounded number of the revisions that nobody goes
// by any more: those that were listed last, whatever their numbers.
func TestKeepRevisionsIsBounded(t *testing.T) {
	id := uuid.New()
	c := revised(id, 2, 1)
	const changes = 20 * MaxKept
	for n := int32(3); n < changes; n++ {
		next := revised(id, n, 1)
		next.KeepRevisions(c)
		c = next
	}
	p := c.Plan(id)
	if len(p.kept) != MaxKept || len(p.revisions) != MaxKept+1 {
		t.Fatalf("%d are kept, and %d are known", len(p.kept), len(p.revisions))
	}
	for revision, want := range map[int32]int64{1: 1, 2: changes - 1, changes - 2: changes - 2, changes - 1 - MaxKept: changes - 1 - MaxKept, changes - 2 - MaxKept: changes - 1} {
		if got := goesBy(c, id, revision); got != want {
			t.Errorf("revision %d has the terms of %d, want %d", revision, got, want)
		}
	}
	// An app whose event comes later goes by what the plan has just ceased to list.
	next := revised(id, changes, changes-1)
	next.KeepRevisions(c)
	if got := goesBy(next, id, 1); got != 1 {
		t.Errorf("the revision that was listed has the terms of %d", got)
	}
	// Reading the same catalogue again keeps nothing more.
	again := revised(id, changes, changes-1)
	again.KeepRevisions(next)
	if n := len(again.Plan(id).kept); n != MaxKept {
		t.Errorf("%d are kept", n)
	}
}

func BenchmarkPlanOf(b *testing.B) {
	for _, n := range []int32{0, 99, 4999} {
		id := uuid.New()
		var listed []int32
		for i := range n {
			listed = append(listed, i+1)
		}
		c := revised(id, n+1, listed...)
		for name, s := range map[string]*Subscription{"newest": {PlanID: id, Revision: n + 1}, "oldest": {PlanID: id, Revision: 1}} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					c.PlanOf(s)
				}
			})
		}
	}
}

// A change of a plan that has been changed very often.
func BenchmarkKeepRevisions(b *testing.B) {
	id := uuid.New()
	c, n := revised(id, 1), int32(2)
	for b.Loop() {
		next := revised(id, n)
		next.KeepRevisions(c)
		c = next
		n++
	}
}
