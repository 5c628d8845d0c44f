package limits

import "github.com/google/uuid"

// Drain appends the quota units taken since the last Drain to into, a row for
// each subscription and period. They stay counted until Settle or Journal is
// called with them; one of them must be.
func (m *Memory) Drain(into []Used) []Used {
	first := len(into)
	for _, s := range m.subscriptions.noted(nil) {
		s.mu.Lock()
		s.noted = false
		into = s.quota.drain(s.id, into)
		s.mu.Unlock()
	}
	for i := range into[first:] {
		u := &into[first+i]
		m.ofAccount(u, func(q *ledger) { q.fly(u) })
		u.apart = 0
	}
	return into
}

// ofAccount hands the count of a row's account over, if there is one here.
func (m *Memory) ofAccount(u *Used, do func(*ledger)) {
	if u.Account == uuid.Nil {
		return
	}
	if s := m.subscriptions.present(u.Account); s != nil {
		do(s.ledger())
		s.mu.Unlock()
	}
}

// Settle tells that drained rows are stored. totals[i] is what the database
// counts now for done[i]'s subscription and period, of all nodes; -1, or a
// missing total: unknown. What it counts for accounts is told by Load.
func (m *Memory) Settle(done []Used, totals []int64) {
	for i := range done {
		total := int64(-1)
		if i < len(totals) {
			total = totals[i]
		}
		if s := m.subscriptions.present(done[i].Subscription); s != nil {
			s.ledger().settle(&done[i], total)
			s.mu.Unlock()
		}
		m.ofAccount(&done[i], func(q *ledger) { q.settle(&done[i], -1) })
	}
}

// Journal tells that drained rows are safe, and that the database will answer
// them later: they stay counted here until then, see Folded.
func (m *Memory) Journal(done []Used) {
	tick := m.tick()
	for i := range done {
		journal := func(q *ledger) {
			q.settle(&done[i], -1)
			q.journaled = max(1, tick)
		}
		s := m.subscriptions.lock(done[i].Subscription, tick, true)
		journal(s.ledger())
		s.mu.Unlock()
		m.ofAccount(&done[i], journal)
	}
}

// Mark is the present moment, for Folded.
func (m *Memory) Mark() int64 { return m.tick() }

// Folded tells that the database answers what was journaled before a Mark.
func (m *Memory) Folded(mark int64) { m.subscriptions.folded.Store(mark) }
