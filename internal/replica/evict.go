package replica

// hands is the CLOCK over the slots of a Store with a limit: a key that was
// used since the hand's last visit stays, one that was not makes room.
type hands struct {
	slots []*slot
	at    int
}

func (h *hands) add(s *slot) { h.slots = append(h.slots, s) }

// next gives the slot that is to make room, and takes it out; nil when there
// is none.
func (h *hands) next() *slot {
	for len(h.slots) > 0 {
		if h.at >= len(h.slots) {
			h.at = 0
		}
		s := h.slots[h.at]
		if s.key.Load() != nil && s.used.Swap(false) {
			h.at++
			continue
		}
		last := len(h.slots) - 1
		h.slots[h.at], h.slots[last] = h.slots[last], nil
		h.slots = h.slots[:last]
		if s.key.Load() != nil {
			h.at++ // the one that was moved here is the newest: it is not next
			return s
		}
	}
	return nil
}

// makeRoom forgets keys until the budget is kept. A Store that has few leaves
// it to the others.
func (s *Store) makeRoom() {
	least := int(min(leastKeys, s.budget.max))
	for s.budget.max > 0 && s.budget.used.Load() > s.budget.max && len(s.clock.slots) > least {
		if s.evict(); len(s.clock.slots) == 0 {
			return
		}
	}
}

func (s *Store) evict() {
	if place := s.clock.next(); place != nil {
		s.removeKey(place)
	}
}
