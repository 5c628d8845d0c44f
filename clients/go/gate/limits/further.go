package limits

import (
	"time"

	"github.com/google/uuid"
)

// MaxFurther is how many further limits an Ask may have.
const MaxFurther = 2

// The places of an Ask's further limits.
const (
	// OfEndpoint is the place of the limits that the plan has for the called endpoint.
	OfEndpoint = iota
	// OfSpending is the place of the calls that the month's spending cap allows.
	OfSpending
)

// Counted is a further limit of an Ask, counted by a counter of its own: always the
// app's, never the account's. The zero Counted means no limit.
type Counted struct {
	Counter uuid.UUID
	Rate    Rate
	Quota   Quota
	// Single counts each call as one, whatever the Ask's Cost.
	Single bool
}

// None reports whether there is no limit.
func (c *Counted) None() bool { return c.Rate.None() && c.Quota.None() }

// CostOf returns what a call takes from c.
func (c *Counted) CostOf(a *Ask) int64 {
	if c.Single {
		return 1
	}
	return a.cost()
}

// hasFurther reports whether a has a further limit.
func (a *Ask) hasFurther() bool { return !a.Further[0].None() || !a.Further[1].None() }

// FurtherLevel is the state of a further limit.
type FurtherLevel struct {
	Debt Debt
	Count
}

// Count is the state of a quota.
type Count struct {
	// Used is the number of units taken of the quota in the period from Start to End.
	Used       int64
	Start, End time.Time
	// Left is the time from now until End.
	Left time.Duration
	// Known reports whether the database's count was loaded for this period, and
	// Fresh whether that was so recent that a shared store without a count may
	// start from Used.
	Known, Fresh bool

	loaded int64
}

// window returns the state of the quota for callers.
func (c *Count) window(q *Quota) Window {
	return Window{Limit: q.Limit, Remaining: max(0, q.Limit-c.Used), ResetAt: c.End, Per: c.End.Sub(c.Start)}
}

// age sets what depends on the present moment.
func (c *Count) age(now time.Time, tick int64) {
	c.Left = c.End.Sub(now)
	c.Fresh = c.Known && tick-c.loaded <= freshFor.Microseconds()
}

// furtherRoom reports whether the further rate limits have room.
func (l *Level) furtherRoom(a *Ask) bool {
	for i := range a.Further {
		if c := &a.Further[i]; !c.Rate.None() && !l.Further[i].Debt.room(c.Rate, c.CostOf(a)) {
			return false
		}
	}
	return true
}

// furtherExceeded reports whether one of the further quotas refuses.
func (l *Level) furtherExceeded(a *Ask) bool {
	for i := range a.Further {
		if c := &a.Further[i]; !c.Quota.None() && l.Further[i].Used > c.Quota.Limit-c.CostOf(a) {
			return true
		}
	}
	return false
}

// addFurther consumes the cost of a from the further limits.
func (l *Level) addFurther(a *Ask) {
	for i := range a.Further {
		c, to := &a.Further[i], &l.Further[i]
		if !c.Rate.None() {
			to.Debt += Debt(c.CostOf(a) * c.Rate.Unit())
		}
		if !c.Quota.None() {
			to.Used += c.CostOf(a)
		}
	}
}

// lockFurther locks the states of the further limits and advances them.
func (m *Memory) lockFurther(h *lockedStates, a *Ask, tick int64, now time.Time) {
	for i := range a.Further {
		c := &a.Further[i]
		if c.None() {
			continue
		}
		s := m.counters.lock(c.Counter, tick, !c.Quota.None())
		s.advance(c.Rate, tick)
		if !c.Quota.None() {
			s.ledger().enterPeriod(a, &uuid.Nil, &c.Quota, now)
		}
		h.further[i], h.more = s, true
	}
}

// unlockFurther unlocks the states of the further limits.
func (h *lockedStates) unlockFurther() {
	for _, s := range h.further {
		if s != nil {
			s.mu.Unlock()
		}
	}
}

// readFurther sets the level of the further limits.
func (h *lockedStates) readFurther(a *Ask, l *Level) {
	l.more = true
	for i, s := range h.further {
		if s == nil {
			continue
		}
		if !a.Further[i].Rate.None() {
			l.Further[i].Debt = s.debt
		}
		if !a.Further[i].Quota.None() {
			s.quota.read(&l.Further[i].Count)
		}
	}
}

// storeFurther stores the level of the further limits after a call that passed.
func (h *lockedStates) storeFurther(counters *table, a *Ask, l *Level) {
	for i, s := range h.further {
		if s == nil {
			continue
		}
		c := &a.Further[i]
		if !c.Rate.None() {
			s.debt = l.Further[i].Debt
		}
		if !c.Quota.None() {
			s.quota.take(&l.Further[i].Count, c.CostOf(a))
			counters.list(s)
		}
	}
}

// followFurther adopts a shared store's decision, as Follow does.
func (h *lockedStates) followFurther(counters *table, a *Ask, l *Level, outcome Outcome, taken bool) {
	for i, s := range h.further {
		if s == nil {
			continue
		}
		c := &a.Further[i]
		if !c.Rate.None() {
			s.debt = max(s.debt, l.Further[i].Debt)
		}
		if c.Quota.None() || outcome == QuotaUnknown {
			continue
		}
		s.quota.adopt(&l.Further[i].Count, c.CostOf(a), taken)
		if taken {
			counters.list(s)
		}
	}
}
