package keycache

// stride is how many credentials the clock hand passes before it lets the Cache's
// other writers go on.
const stride = 1024

// hands is a Cache's part of the CLOCK algorithm: a credential that was used since
// the hand's last visit stays, one that was not is evicted. Those that stay keep
// their order, and those added during a round are visited in the next.
type hands struct {
	slots         []*slot
	at, kept, end int // of the round under way: slots[kept:at] is empty
}

func (h *hands) add(s *slot) { h.slots = append(h.slots, s) }

// begin starts a round if none is under way.
func (h *hands) begin() {
	if h.end == 0 {
		h.end = len(h.slots)
	}
}

// next moves the hand by one. It takes out and returns the slot if it is to be
// evicted, and else returns nil; but always stays.
func (h *hands) next(but *slot) *slot {
	s := h.slots[h.at]
	h.slots[h.at] = nil
	h.at++
	switch {
	case s.key.Load() == nil: // it was dropped before
		return nil
	case s.used.Swap(0) > 0, s == but:
		h.slots[h.kept] = s
		h.kept++
		return nil
	}
	return s
}

// finish ends the round and closes the gap before the slots added meanwhile.
func (h *hands) finish() {
	n := h.kept + copy(h.slots[h.kept:], h.slots[h.end:])
	clear(h.slots[n:])
	h.slots, h.at, h.kept, h.end = h.slots[:n], 0, 0, 0
}

// makeRoom evicts credentials until the budget is met, but never the slot but. One
// hand goes round the Caches, and in each round its credentials: a busy
// organization takes the room of an idle one. The caller must have no Cache
// locked, so that no two wait for each other.
func (b *Budget) makeRoom(but *slot) {
	if b.max == 0 || b.used.Load() <= b.max {
		return
	}
	b.sweeping.Lock()
	defer b.sweeping.Unlock()
	for passed := false; b.used.Load() > b.max; {
		s := b.current(passed)
		if s == nil {
			return
		}
		passed = s.sweep(but)
	}
}

// current returns the Cache that the hand is in, or the next one if that was
// passed.
func (b *Budget) current(passed bool) *Cache {
	b.mu.Lock()
	defer b.mu.Unlock()
	if passed {
		b.at++
	}
	if b.at >= len(b.stores) {
		b.at = 0
	}
	if len(b.stores) == 0 {
		return nil
	}
	return b.stores[b.at]
}

// sweep moves the hand over at most stride credentials until the budget is met.
// passed is true if the hand has come to the last.
func (s *Cache) sweep(but *slot) (passed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.rebuildLists()
	s.clock.begin()
	for range stride {
		if s.clock.at == s.clock.end {
			s.clock.finish()
			return true
		}
		if place := s.clock.next(but); place != nil {
			if s.removeCredential(place); s.budget.used.Load() <= s.budget.max {
				return false
			}
		}
	}
	return false
}

// join adds a Cache to those that share the budget.
func (b *Budget) join(s *Cache) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stores = append(b.stores, s)
}

// leave removes a Cache. The caller returns its share first.
func (b *Budget) leave(s *Cache) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, other := range b.stores {
		if other == s {
			last := len(b.stores) - 1
			b.stores[i], b.stores[last] = b.stores[last], nil
			b.stores = b.stores[:last]
			return
		}
	}
}
