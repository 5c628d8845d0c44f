package limits

import "github.com/google/uuid"

// Drain appends the quota units taken since the last Drain to into, a row for
// each app's counter and period, and returns the extended slice. The units stay
// counted until the rows are passed to Settle or Journal; the caller must call one
// of them.
func (m *Memory) Drain(into []Used) []Used {
	first := len(into)
	for _, s := range m.counters.takeListed(nil) {
		s.mu.Lock()
		s.listed = false
		into = s.quota.drain(s.id, into)
		s.mu.Unlock()
	}
	for i := range into[first:] {
		u := &into[first+i]
		m.withAccount(u, func(q *ledger) { q.startFlight(u) })
		u.outsideAccount = 0
	}
	return into
}

// withAccount calls do with the ledger of u's account, locked, if there is one in memory.
func (m *Memory) withAccount(u *Used, do func(*ledger)) {
	if u.AccountCounter == uuid.Nil {
		return
	}
	if s := m.counters.lockExisting(u.AccountCounter); s != nil {
		do(s.ledger())
		s.mu.Unlock()
	}
}

// Settle records that drained rows are stored. totals[i] is the database's present
// count, over all nodes, for done[i]'s counter and period; it is unknown if it
// is -1 or missing. The counts of accounts are set by Load.
func (m *Memory) Settle(done []Used, totals []int64) {
	for i := range done {
		total := int64(-1)
		if i < len(totals) {
			total = totals[i]
		}
		if s := m.counters.lockExisting(done[i].AppCounter); s != nil {
			s.ledger().settle(&done[i], total)
			s.mu.Unlock()
		}
		m.withAccount(&done[i], func(q *ledger) { q.settle(&done[i], -1) })
	}
}

// Journal records that drained rows are stored durably but not yet part of the
// counts that the database returns. They stay counted here until they are, see
// Folded.
func (m *Memory) Journal(done []Used) {
	tick := m.tick()
	for i := range done {
		journal := func(q *ledger) {
			q.settle(&done[i], -1)
			q.journaled = max(1, tick)
		}
		s := m.counters.lock(done[i].AppCounter, tick, true)
		journal(s.ledger())
		s.mu.Unlock()
		m.withAccount(&done[i], journal)
	}
}

// Mark returns the present moment, for Folded.
func (m *Memory) Mark() int64 { return m.tick() }

// Folded records that the database's counts contain everything that was journaled
// before mark, a result of Mark.
func (m *Memory) Folded(mark int64) { m.counters.folded.Store(mark) }
