package verdict

import (
	"cmp"
	"slices"
)

// MaxKept is how many revisions of a plan a catalogue keeps that it does not list itself: an
// app goes by one of these until its own event is applied, which is so long only if the plan
// is changed as often meanwhile.
const MaxKept = 64

// PlanOf returns the terms by which a subscription goes, or nil. Where the plan does not
// list them, they are its own: the subscription has been moved to these meanwhile, or is
// newer than this copy of the catalogue.
func (c *Catalogue) PlanOf(s *Subscription) *Plan {
	p := c.Plan(s.PlanID)
	if p == nil {
		return nil
	}
	return p.termsOf(s)
}

// SetRevisions sets the older terms that the plan lists, in whatever order.
func (p *Plan) SetRevisions(listed []*Plan) {
	p.revisions, p.kept = slices.SortedFunc(slices.Values(listed), byRevision), nil
}

func byRevision(a, b *Plan) int { return cmp.Compare(a.Revision, b.Revision) }

// termsOf returns the terms of the plan of s by which s goes.
func (p *Plan) termsOf(s *Subscription) *Plan {
	if s.Revision != 0 {
		if r := p.revision(s.Revision); r != nil {
			return r
		}
	}
	return p
}

// revision returns older terms, or nil.
func (p *Plan) revision(number int32) *Plan {
	i, found := slices.BinarySearchFunc(p.revisions, number, func(r *Plan, n int32) int { return cmp.Compare(r.Revision, n) })
	if !found {
		return nil
	}
	return p.revisions[i]
}

// KeepRevisions adds the terms that an earlier catalogue knew, and this one, which nobody
// has seen yet, lists no more: an app that was read before may go by them until its own
// event is applied. Terms never change. Of a plan, the last MaxKept are kept.
func (c *Catalogue) KeepRevisions(before *Catalogue) {
	if before == nil {
		return
	}
	for id, p := range c.plans {
		if old := before.plans[id]; old != nil {
			p.keep(old)
		}
	}
}

// keep keeps what a plan, as it was, knew. Those that were kept before come first: they are the
// first to go.
func (p *Plan) keep(old *Plan) {
	has := map[int32]bool{}
	for _, r := range slices.Concat(old.kept, old.revisions, []*Plan{old}) {
		if r.Revision == 0 || r.Revision >= p.Revision || p.revision(r.Revision) != nil || has[r.Revision] {
			continue
		}
		has[r.Revision] = true
		kept := *r
		kept.Name, kept.revisions, kept.kept = p.Name, nil, nil
		p.kept = append(p.kept, &kept)
	}
	if more := len(p.kept) - MaxKept; more > 0 {
		p.kept = slices.Delete(p.kept, 0, more)
	}
	if len(p.kept) > 0 {
		p.revisions = slices.SortedFunc(slices.Values(slices.Concat(p.revisions, p.kept)), byRevision)
	}
}
