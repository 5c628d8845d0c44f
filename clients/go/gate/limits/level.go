package limits

import "time"

// freshFor is how long after a Load its count may replace one that the shared store
// has lost.
const freshFor = 2 * time.Second

// Level is the state of the limits of one Ask at a moment: the initial values for a
// shared store, and its answer.
type Level struct {
	// Key and App are the debts of KeyRate and AppRate.
	Key, App Debt
	// Count is the state of the Quota.
	Count
	Further [MaxFurther]FurtherLevel

	// more reports whether there are further limits.
	more bool
}

// Unknown reports whether the count of one of a's quotas is not known.
func (l *Level) Unknown(a *Ask) bool {
	if !a.Quota.None() && !l.Known {
		return true
	}
	if !l.more {
		return false
	}
	for i := range a.Further {
		if !a.Further[i].Quota.None() && !l.Further[i].Known {
			return true
		}
	}
	return false
}

// outcome decides about a call. The script of redislimits contains the same
// rules in Lua; there is no other copy.
func (l *Level) outcome(a *Ask) Outcome {
	if l.Unknown(a) {
		return QuotaUnknown
	}
	cost := a.cost()
	if !a.KeyRate.None() && !l.Key.room(a.KeyRate, cost) || !a.AppRate.None() && !l.App.room(a.AppRate, cost) {
		return RateExceeded
	}
	if l.more && !l.furtherRoom(a) {
		return RateExceeded
	}
	if !a.Continue && !a.Quota.None() && l.Used > a.Quota.Limit-cost || l.more && l.furtherExceeded(a) {
		return QuotaExceeded
	}
	return Passed
}

// add consumes the cost of a.
func (l *Level) add(a *Ask) {
	cost := a.cost()
	if !a.KeyRate.None() {
		l.Key += Debt(cost * a.KeyRate.Unit())
	}
	if !a.AppRate.None() {
		l.App += Debt(cost * a.AppRate.Unit())
	}
	if !a.Quota.None() {
		l.Used += cost
	}
	if l.more {
		l.addFurther(a)
	}
}

// answer sets out to the answer for the caller.
func (l *Level) answer(a *Ask, outcome Outcome, now time.Time, out *Answer) {
	*out = Answer{Outcome: outcome}
	if outcome == QuotaUnknown {
		return
	}
	l.answerRate(a, outcome == RateExceeded, now, out)
	l.answerQuota(a, outcome == QuotaExceeded, now, out)
}

// Level returns this node's state of a's limits, as the initial values for a shared
// store.
func (m *Memory) Level(a *Ask) (l Level) {
	now := m.clock.Now()
	h := m.lockStates(a, now)
	defer h.unlock()
	h.level(a, &l)
	tick := m.tick()
	l.age(now, tick)
	for i := range l.Further {
		l.Further[i].age(now, tick)
	}
	return l
}

// Follow adopts a shared store's decision about a and sets out to the answer. l is
// the level after the decision, with the periods of the Level that it started from;
// taken reports whether the cost was consumed. Quota units of it are returned by
// Drain like any others.
func (m *Memory) Follow(a *Ask, l *Level, outcome Outcome, taken bool, out *Answer) {
	now := m.clock.Now()
	l.answer(a, outcome, now, out)
	h := m.lockStates(a, now)
	defer h.unlock()
	// Answers may arrive out of order: the higher level is the later one.
	if h.key != nil {
		h.key.debt = max(h.key.debt, l.Key)
	}
	h.followFurther(&m.counters, a, l, outcome, taken)
	if h.app == nil {
		return
	}
	if !a.AppRate.None() {
		h.app.debt = max(h.app.debt, l.App)
	}
	if a.Quota.None() || outcome == QuotaUnknown {
		return
	}
	h.quotaLedger().adopt(&l.Count, a.cost(), taken)
	if !taken {
		return
	}
	if h.account != nil {
		h.account.quota.earlier = nil // its apps count them
		h.app.quota.takeForAccount(&l.Count, a.cost(), h.account.quota.start.Equal(l.Start))
	}
	m.counters.list(h.app)
}
