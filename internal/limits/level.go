package limits

import "time"

// freshFor is how long a Load vouches for a count that the shared store lost.
const freshFor = 2 * time.Second

// Level is where the limits of one Ask stand at a moment: what a shared store
// is seeded with, and what it answers.
type Level struct {
	// Key and Subscription are the debts of the two rates.
	Key, Subscription Debt
	// Used is what was taken of the quota in the period from Start until End.
	Used       int64
	Start, End time.Time
	// Left is the time from now until End.
	Left time.Duration
	// Known: the database's count was loaded for this period. Fresh: so
	// recently that a shared store which has no count may trust Used.
	Known, Fresh bool

	loaded int64
}

// outcome decides. It is the only place that does, but for the script of
// limits/redislimits, which says the same in Lua.
func (l *Level) outcome(a *Ask) Outcome {
	cost := a.cost()
	switch {
	case !a.Quota.None() && !l.Known:
		return QuotaUnknown
	case !a.KeyRate.None() && !l.Key.room(a.KeyRate, cost),
		!a.SubscriptionRate.None() && !l.Subscription.room(a.SubscriptionRate, cost):
		return RateExceeded
	case !a.Quota.None() && l.Used > a.Quota.Limit-cost:
		return QuotaExceeded
	}
	return Passed
}

// add consumes the cost.
func (l *Level) add(a *Ask) {
	cost := a.cost()
	if !a.KeyRate.None() {
		l.Key += Debt(cost * a.KeyRate.Unit())
	}
	if !a.SubscriptionRate.None() {
		l.Subscription += Debt(cost * a.SubscriptionRate.Unit())
	}
	if !a.Quota.None() {
		l.Used += cost
	}
}

// answer returns what level and outcome mean for the caller.
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

// rate returns the tighter window: of a refused call that of the longer wait,
// else that with less left.
func (l *Level) rate(a *Ask, refused bool, now time.Time) Window {
	switch {
	case a.KeyRate.None() && a.SubscriptionRate.None():
		return Window{}
	case a.KeyRate.None():
		return l.Subscription.window(a.SubscriptionRate, now)
	case a.SubscriptionRate.None():
		return l.Key.window(a.KeyRate, now)
	}
	if l.keyBinds(a, refused) {
		return l.Key.window(a.KeyRate, now)
	}
	return l.Subscription.window(a.SubscriptionRate, now)
}

// keyBinds returns which of two rates is the tighter.
func (l *Level) keyBinds(a *Ask, refused bool) bool {
	if refused {
		key, ever := l.Key.wait(a.KeyRate, a.cost())
		subscription, either := l.Subscription.wait(a.SubscriptionRate, a.cost())
		return !ever || either && key >= subscription
	}
	key, subscription := l.Key.remaining(a.KeyRate), l.Subscription.remaining(a.SubscriptionRate)
	if key == subscription {
		return microseconds(int64(l.Key), a.KeyRate) >= microseconds(int64(l.Subscription), a.SubscriptionRate)
	}
	return key < subscription
}

// wait is the time until both rates have room, zero if one never has.
func (l *Level) wait(a *Ask) (longest time.Duration) {
	if !a.KeyRate.None() {
		wait, ever := l.Key.wait(a.KeyRate, a.cost())
		if !ever {
			return 0
		}
		longest = wait
	}
	if !a.SubscriptionRate.None() {
		wait, ever := l.Subscription.wait(a.SubscriptionRate, a.cost())
		if !ever {
			return 0
		}
		longest = max(longest, wait)
	}
	return longest
}

// Level returns what this node knows about a's limits, for a shared store to
// start from.
func (m *Memory) Level(a *Ask) Level {
	now := m.clock.Now()
	h := m.hold(a, now)
	defer h.release()
	l := h.level(a)
	l.Left = l.End.Sub(now)
	l.Fresh = l.Known && m.tick()-l.loaded <= freshFor.Microseconds()
	return l
}

// Follow takes over what a shared store decided about a: l is the level after
// the decision, with the period of the Level it began from; taken tells that
// the cost was consumed. The quota's part of it is drained like any other. The
// answer is written to out.
func (m *Memory) Follow(a *Ask, l *Level, outcome Outcome, taken bool, out *Answer) {
	now := m.clock.Now()
	l.answer(a, outcome, now, out)
	h := m.hold(a, now)
	defer h.release()
	// Answers may overtake one another: the higher level is the later one.
	if h.key != nil {
		h.key.debt = max(h.key.debt, l.Key)
	}
	if h.subscription == nil {
		return
	}
	if !a.SubscriptionRate.None() {
		h.subscription.debt = max(h.subscription.debt, l.Subscription)
	}
	if a.Quota.None() || outcome == QuotaUnknown {
		return
	}
	h.binding().follow(l, a.cost(), taken)
	if !taken {
		return
	}
	if h.account != nil {
		h.account.quota.left = nil // its apps have them
		h.subscription.quota.part(l, a.cost(), h.account.quota.start.Equal(l.Start))
	}
	m.subscriptions.note(h.subscription)
}
