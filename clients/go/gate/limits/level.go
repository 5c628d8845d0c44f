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

// outcome decides about a call. The script of limits/redislimits contains the same
// rules in Lua; there is no other copy.
func (l *Level) outcome(a *Ask) Outcome {
	cost := a.cost()
	switch {
	case !a.Quota.None() && !l.Known:
		return QuotaUnknown
	case !a.KeyRate.None() && !l.Key.room(a.KeyRate, cost),
		!a.AppRate.None() && !l.App.room(a.AppRate, cost):
		return RateExceeded
	case !a.Quota.None() && l.Used > a.Quota.Limit-cost:
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
}

// answer sets out to the answer for the caller.
func (l *Level) answer(a *Ask, outcome Outcome, now time.Time, out *Answer) {
	*out = Answer{Outcome: outcome}
	if outcome == QuotaUnknown {
		return
	}
	out.Rate = l.rate(a, outcome == RateExceeded, now)
	if !a.Quota.None() {
		out.Quota = Window{
			Limit: a.Quota.Limit, Remaining: max(0, a.Quota.Limit-l.Used),
			ResetAt: l.End, Per: l.End.Sub(l.Start),
		}
	}
	switch outcome {
	case RateExceeded:
		out.RetryAfter = l.wait(a)
	case QuotaExceeded:
		if a.cost() <= a.Quota.Limit {
			out.RetryAfter = l.End.Sub(now)
		}
	}
}

// rate returns the window of the tighter rate limit: for a refused call the one
// with the longer wait, else the one with fewer calls remaining.
func (l *Level) rate(a *Ask, refused bool, now time.Time) Window {
	switch {
	case a.KeyRate.None() && a.AppRate.None():
		return Window{}
	case a.KeyRate.None():
		return l.App.window(a.AppRate, now)
	case a.AppRate.None():
		return l.Key.window(a.KeyRate, now)
	}
	if l.keyIsTighter(a, refused) {
		return l.Key.window(a.KeyRate, now)
	}
	return l.App.window(a.AppRate, now)
}

// keyIsTighter reports whether the key's rate limit is the tighter one.
func (l *Level) keyIsTighter(a *Ask, refused bool) bool {
	if refused {
		key, ever := l.Key.wait(a.KeyRate, a.cost())
		app, either := l.App.wait(a.AppRate, a.cost())
		return !ever || either && key >= app
	}
	key, app := l.Key.remaining(a.KeyRate), l.App.remaining(a.AppRate)
	if key == app {
		return microseconds(int64(l.Key), a.KeyRate) >= microseconds(int64(l.App), a.AppRate)
	}
	return key < app
}

// wait returns the time until both rate limits have room, or zero if one never will.
func (l *Level) wait(a *Ask) (longest time.Duration) {
	if !a.KeyRate.None() {
		wait, ever := l.Key.wait(a.KeyRate, a.cost())
		if !ever {
			return 0
		}
		longest = wait
	}
	if !a.AppRate.None() {
		wait, ever := l.App.wait(a.AppRate, a.cost())
		if !ever {
			return 0
		}
		longest = max(longest, wait)
	}
	return longest
}

// Level returns this node's state of a's limits, as the initial values for a shared
// store.
func (m *Memory) Level(a *Ask) Level {
	now := m.clock.Now()
	h := m.lockStates(a, now)
	defer h.unlock()
	l := h.level(a)
	l.Left = l.End.Sub(now)
	l.Fresh = l.Known && m.tick()-l.loaded <= freshFor.Microseconds()
	return l
}

// Follow adopts a shared store's decision about a and sets out to the answer. l is
// the level after the decision, with the period of the Level that it started from;
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
	if h.app == nil {
		return
	}
	if !a.AppRate.None() {
		h.app.debt = max(h.app.debt, l.App)
	}
	if a.Quota.None() || outcome == QuotaUnknown {
		return
	}
	h.quotaLedger().adopt(l, a.cost(), taken)
	if !taken {
		return
	}
	if h.account != nil {
		h.account.quota.earlier = nil // its apps count them
		h.app.quota.takeForAccount(l, a.cost(), h.account.quota.start.Equal(l.Start))
	}
	m.counters.list(h.app)
}
