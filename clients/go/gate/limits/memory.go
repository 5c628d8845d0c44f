package limits

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// DefaultStates is the default number of states that a Memory keeps.
const DefaultStates = 2 << 20

// Clock returns the time, in UTC and in whole microseconds.
type Clock interface{ Now() time.Time }

// Memory keeps limits in this process. It implements Limiter. Take does not allocate
// for a key and a counter that it has seen before. Memory is safe for
// concurrent use.
type Memory struct {
	clock Clock
	mono  func() time.Duration
	// keys has the states by Ask.Key, counters those by AppCounter and AccountCounter.
	// A call locks its key's before its app's, that before its account's, and that before
	// those of its further limits in their order, so that calls cannot deadlock: no counter
	// is used in two of these places.
	keys, counters table
}

// NewMemory returns an empty Memory. Quota periods follow c. Rate limits follow mono,
// the time since any fixed moment, which never goes back, so that they do not depend
// on changes of the clock; nil means this process's monotonic clock. max bounds the
// number of states, half for keys and half for counters; 0 means DefaultStates.
// The bound is soft: states whose loss would change a decision are kept beyond it,
// namely buckets that are not empty and quota counts that are not yet stored.
func NewMemory(c Clock, mono func() time.Duration, max int) *Memory {
	if mono == nil {
		began := time.Now()
		mono = func() time.Duration { return time.Since(began) }
	}
	if max <= 0 {
		max = DefaultStates
	}
	m := &Memory{clock: c, mono: mono}
	m.keys.init(max / 2)
	m.counters.init(max / 2)
	return m
}

// Take implements Limiter.
func (m *Memory) Take(_ context.Context, a *Ask, out *Answer) { m.decide(a, out, true) }

// Peek implements Limiter.
func (m *Memory) Peek(_ context.Context, a *Ask, out *Answer) { m.decide(a, out, false) }

// Return gives the cost that a Take of a has consumed back to its rate limits. It is
// called when the call turns out to have cost nothing. Quotas are not changed.
func (m *Memory) Return(a *Ask) {
	tick := m.tick()
	if !a.KeyRate.None() {
		m.keys.refund(a.Key, a.KeyRate, a.cost(), tick)
	}
	if !a.AppRate.None() {
		m.counters.refund(a.AppCounter, a.AppRate, a.cost(), tick)
	}
	for i := range a.Further {
		if c := &a.Further[i]; !c.Rate.None() {
			m.counters.refund(c.Counter, c.Rate, c.CostOf(a), tick)
		}
	}
}

func (m *Memory) decide(a *Ask, out *Answer, take bool) {
	now := m.clock.Now()
	h := m.lockStates(a, now)
	defer h.unlock()
	var l Level
	h.level(a, &l)
	outcome := l.outcome(a)
	if take && outcome == Passed {
		l.add(a)
		h.store(&m.counters, a, &l)
	}
	l.answer(a, outcome, now, out)
}

// lockedStates contains the locked states of one call; a state that no limit needs is nil.
// account is set if the quota is the account's.
type lockedStates struct {
	key, app, account *state
	further           [MaxFurther]*state
	more              bool // there are further ones
}

// lockStates locks the states of a call and advances them to the present moment.
func (m *Memory) lockStates(a *Ask, now time.Time) (h lockedStates) {
	tick := m.tick()
	if !a.KeyRate.None() {
		h.key = m.keys.lock(a.Key, tick, false)
		h.key.advance(a.KeyRate, tick)
	}
	if !a.AppRate.None() || !a.Quota.None() {
		h.app = m.counters.lock(a.AppCounter, tick, !a.Quota.None())
		h.app.advance(a.AppRate, tick)
	}
	if !a.Quota.None() {
		h.app.ledger().enterPeriod(a, &a.AccountCounter, &a.Quota, now)
		if a.PerAccount {
			h.account = m.counters.lock(a.AccountCounter, tick, true)
			h.account.ledger().enterPeriod(a, &a.AccountCounter, &a.Quota, now)
			h.account.quota.earlier = nil // its apps count them
			h.account.quota.takeOver(h.app.quota)
		}
	}
	if a.hasFurther() {
		m.lockFurther(&h, a, tick, now)
	}
	return h
}

// quotaLedger returns the ledger that the quota applies to.
func (h *lockedStates) quotaLedger() *ledger {
	if h.account != nil {
		return h.account.quota
	}
	return h.app.quota
}

func (h *lockedStates) unlock() {
	if h.more {
		h.unlockFurther()
	}
	if h.account != nil {
		h.account.mu.Unlock()
	}
	if h.app != nil {
		h.app.mu.Unlock()
	}
	if h.key != nil {
		h.key.mu.Unlock()
	}
}

// level sets l, which is zero, to the level of the locked states.
func (h *lockedStates) level(a *Ask, l *Level) {
	if h.key != nil {
		l.Key = h.key.debt
	}
	if h.more {
		h.readFurther(a, l)
	}
	if h.app == nil {
		return
	}
	if !a.AppRate.None() {
		l.App = h.app.debt
	}
	if !a.Quota.None() {
		h.quotaLedger().read(&l.Count)
	}
}

// store stores the level after a call that passed.
func (h *lockedStates) store(counters *table, a *Ask, l *Level) {
	if h.key != nil {
		h.key.debt = l.Key
	}
	if h.more {
		h.storeFurther(counters, a, l)
	}
	if h.app == nil {
		return
	}
	if !a.AppRate.None() {
		h.app.debt = l.App
	}
	if a.Quota.None() {
		return
	}
	h.quotaLedger().take(&l.Count, a.cost())
	if h.account != nil {
		h.app.quota.takeForAccount(&l.Count, a.cost(), true)
	}
	counters.list(h.app)
}

// tick returns the monotonic time in microseconds.
func (m *Memory) tick() int64 { return m.mono().Microseconds() }

// Holds reports whether m has a state of counter, without which Load has no effect.
func (m *Memory) Holds(counter uuid.UUID) bool { return m.counters.has(counter) }

// Load sets the database's count of a quota's counter, of an app, of an account or of
// a further limit, in the period that began at periodStart. It never lowers the count known here.
// It ignores periods other than the counter's present one.
func (m *Memory) Load(counter uuid.UUID, periodStart time.Time, used int64) {
	tick := m.tick()
	s := m.counters.lockExisting(counter)
	if s == nil {
		return
	}
	defer s.mu.Unlock()
	if s.quota != nil && s.quota.start.Equal(periodStart) {
		s.quota.load(used, tick)
	}
}
