package verdict

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
	for _, r := range p.Revisions {
		if r.Revision == number {
			return r
		}
	}
	return nil
}

// KeepRevisions adds the terms that an earlier catalogue knew, and this one, which nobody
// has seen yet, lists no more: an app that was read before may go by them until its own
// event is applied. Terms never change.
func (c *Catalogue) KeepRevisions(before *Catalogue) {
	if before == nil {
		return
	}
	for id, p := range c.plans {
		old := before.plans[id]
		if old == nil {
			continue
		}
		p.keep(old)
		for _, r := range old.Revisions {
			p.keep(r)
		}
	}
}

func (p *Plan) keep(r *Plan) {
	if r.Revision == 0 || r.Revision >= p.Revision || p.revision(r.Revision) != nil {
		return
	}
	kept := *r
	kept.Name, kept.Revisions = p.Name, nil
	p.Revisions = append(p.Revisions, &kept)
}
