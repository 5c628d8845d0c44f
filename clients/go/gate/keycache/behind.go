package keycache

// IsBehind reports whether apps were read that go by terms which the copy's catalogue does
// not know yet, since the event of these comes after those that have been applied: the
// catalogue is to be read again before the apps are applied.
func (s *Cache) IsBehind(apps []App) bool {
	c := s.catalogue.Load()
	for i := range apps {
		for _, sub := range apps[i].Subscriptions {
			if p := c.Plan(sub.PlanID); p == nil || sub.PlanRevision > p.Revision {
				return true
			}
		}
	}
	return false
}

// putCatalogue replaces the catalogue. Apps that are not read again yet go on by the terms
// that they had.
func (s *Cache) putCatalogue(c *Catalogue) {
	next := catalogueOf(c)
	next.KeepRevisions(s.catalogue.Load())
	s.catalogue.Store(next)
}
