package limits

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/internal/clock"
)

// DefaultStates is how many states a Memory holds unless told otherwise.
const DefaultStates = 2 << 20

// Memory keeps limits in this process. It implements Limiter, and its Take
// does not allocate once a key and a subscription were seen. It is safe for
// concurrent use.
type Memory struct {
	clock clock.Clock
	mono  func() time.Duration
	// keys are locked before subscriptions, and of those an app's before its
	// account's, so that calls cannot block each other.
	keys, subscriptions table
}

// NewMemory returns an empty Memory. Quota periods follow c. Rates follow mono,
// the time since any fixed moment, which never goes back, so that a changed
// clock does not matter to them; nil is this process's own. max bounds the
// states held, a half for keys and a half for subscriptions; 0 is
// DefaultStates. States that would lose something are kept beyond it: buckets
// that are not empty again, and quota counts not yet stored.
func NewMemory(c clock.Clock, mono func() time.Duration, max int) *Memory {
	if mono == nil {
		began := time.Now()
		mono = func() time.Duration { return time.Since(began) }
	}
	if max <= 0 {
		max = DefaultStates
	}
	m := &Memory{clock: c, mono: mono}
	m.keys.init(max / 2)
	m.subscriptions.init(max / 2)
	return m
}

// Take implements Limiter.
func (m *Memory) Take(_ context.Context, a *Ask, out *Answer) { m.decide(a, out, true) }

// Peek implements Limiter.
func (m *Memory) Peek(_ context.Context, a *Ask, out *Answer) { m.decide(a, out, false) }

// Return returns back the cost that a Take of a has consumed from its rates, where
// the call turns out to have cost nothing. Quotas are left alone.
func (m *Memory) Return(a *Ask) {
	tick := m.tick()
	if !a.KeyRate.None() {
		m.keys.giveBack(a.Key, a.KeyRate, a.cost(), tick)
	}
	if !a.SubscriptionRate.None() {
		m.subscriptions.giveBack(a.Subscription, a.SubscriptionRate, a.cost(), tick)
	}
}

func (m *Memory) decide(a *Ask, out *Answer, take bool) {
	now := m.clock.Now()
	h := m.hold(a, now)
	defer h.release()
	l := h.level(a)
	outcome := l.outcome(a)
	if take && outcome == Passed {
		l.add(a)
		h.took(&m.subscriptions, a, &l)
	}
	l.answer(a, outcome, now, out)
}

// held are the locked states of one call; what no limit needs is nil. account
// is there when it binds the quota.
type held struct{ key, subscription, account *state }

// hold locks the states of a call and brings them up to this moment.
func (m *Memory) hold(a *Ask, now time.Time) (h held) {
	tick := m.tick()
	if !a.KeyRate.None() {
		h.key = m.keys.lock(a.Key, tick, false)
		h.key.advance(a.KeyRate, tick)
	}
	if !a.SubscriptionRate.None() || !a.Quota.None() {
		h.subscription = m.subscriptions.lock(a.Subscription, tick, !a.Quota.None())
		h.subscription.advance(a.SubscriptionRate, tick)
	}
	if !a.Quota.None() {
		h.subscription.ledger().enter(a, now)
		if a.PerAccount {
			h.account = m.subscriptions.lock(a.Account, tick, true)
			h.account.ledger().enter(a, now)
			h.account.quota.left = nil // its apps have them
			h.account.quota.join(h.subscription.quota)
		}
	}
	return h
}

// binding is the ledger that a quota is held against.
func (h held) binding() *ledger {
	if h.account != nil {
		return h.account.quota
	}
	return h.subscription.quota
}

func (h held) release() {
	if h.account != nil {
		h.account.mu.Unlock()
	}
	if h.subscription != nil {
		h.subscription.mu.Unlock()
	}
	if h.key != nil {
		h.key.mu.Unlock()
	}
}

// level reads the states.
func (h held) level(a *Ask) (l Level) {
	if h.key != nil {
		l.Key = h.key.debt
	}
	if h.subscription == nil {
		return l
	}
	if !a.SubscriptionRate.None() {
		l.Subscription = h.subscription.debt
	}
	if !a.Quota.None() {
		q := h.binding()
		l.Used, l.Start, l.End, l.Known, l.loaded = q.used(), q.start, q.end, q.known, q.loaded
	}
	return l
}

// took writes a level back after a call has passed.
func (h held) took(subscriptions *table, a *Ask, l *Level) {
	if h.key != nil {
		h.key.debt = l.Key
	}
	if h.subscription == nil {
		return
	}
	if !a.SubscriptionRate.None() {
		h.subscription.debt = l.Subscription
	}
	if a.Quota.None() {
		return
	}
	h.binding().take(l, a.cost())
	if h.account != nil {
		h.subscription.quota.part(l, a.cost(), true)
	}
	subscriptions.note(h.subscription)
}

// tick is the monotonic time in microseconds.
func (m *Memory) tick() int64 { return m.mono().Microseconds() }

// Holds reports whether a counter is kept here, so that Load is of use.
func (m *Memory) Holds(counter uuid.UUID) bool { return m.subscriptions.has(counter) }

// Load returns what the database knows to be counted by a quota's counter, of an
// app or of an account, in the period that began at periodStart. It never lowers
// what is known here. Periods other than the counter's present one are ignored.
func (m *Memory) Load(counter uuid.UUID, periodStart time.Time, used int64) {
	tick := m.tick()
	s := m.subscriptions.present(counter)
	if s == nil {
		return
	}
	defer s.mu.Unlock()
	if s.quota != nil && s.quota.start.Equal(periodStart) {
		s.quota.load(used, tick)
	}
}
