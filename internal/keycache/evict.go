package keycache

// stride is how many keys the hand passes before it lets the Store's other
// writers go on.
const stride = 1024

// hands is a Store's part of the CLOCK: a key that was used since the hand's
// last visit stays, one that was not makes room. Those that stay keep their
// order, and those that come during a round are visited in the next.
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

// next moves the hand by one. It gives the key's place if that is to make room,
// and takes it out; but stays.
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

// finish ends the round: those that came meanwhile move up.
func (h *hands) finish() {
	n := h.kept + copy(h.slots[h.kept:], h.slots[h.end:])
	clear(h.slots[n:])
	h.slots, h.at, h.kept, h.end = h.slots[:n], 0, 0, 0
}

// makeRoom forgets keys until the budget is kept, all but the one that needs
// the room. One hand goes round the Stores, and in each round its keys: who is
// busy gets the room of who is not. The caller holds no Store's lock, so that
// no two wait for each other.
func (b *Budget) makeRoom(but *slot) {
	if b.max == 0 || b.used.Load() <= b.max {
		return
	}
	b.sweeping.Lock()
	defer b.sweeping.Unlock()
	for passed := false; b.used.Load() > b.max; {
		s := b.under(passed)
		if s == nil {
			return
		}
		passed = s.sweep(but)
	}
}

// under returns the Store under the hand, or the next one when that was passed.
func (b *Budget) under(passed bool) *Cache {
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

// sweep moves the hand on until the budget is kept, but no more than stride
// keys; passed tells that it has come to the last.
func (s *Cache) sweep(but *slot) (passed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.listAgain()
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

// join puts a Store among those that share the budget.
func (b *Budget) join(s *Cache) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stores = append(b.stores, s)
}

// leave takes one out. It is the caller's to give its keys' share back first.
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
