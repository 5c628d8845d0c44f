package limits

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/internal/domain"
)

// slowestLoad is longer than it takes to read a count and to Load it.
const slowestLoad = 10 * time.Second

// Used is how many quota units of a period were taken and not yet stored.
type Used struct {
	Organization, Subscription uuid.UUID
	// Account is the counter of the account whose app it was; zero: none is kept.
	Account                uuid.UUID
	PeriodStart, PeriodEnd time.Time
	N                      int64
	// apart is how many of N the account's ledger does not count yet.
	apart int64
}

// ledger counts what an app, or all apps of an account, used of a product's quota. The
// units taken here are first pending, then in flight to the database, then part
// of stored. Those of an account come to the database as its apps'.
type ledger struct {
	organization, account uuid.UUID
	per                   domain.QuotaPeriod
	location              *time.Location
	start, end            time.Time
	// known: stored was loaded for this period, last at the tick loaded.
	known  bool
	loaded int64
	// journaled is when units were last kept safe that the database does not
	// answer yet; 0: never.
	journaled int64
	// owed is how many rows were drained, of whatever period, that are not known
	// to be safe.
	owed int
	// stored is the highest count the database is known to have, of all nodes.
	stored, flying, pending int64
	// apart is how many of the pending units the account's ledger does not count:
	// those that were taken from a quota of the app's own.
	apart int64
	// seen is the highest count the shared store has told, and what came since;
	// it may be ahead of what the other nodes have stored.
	seen int64
	// left are pending units of periods that are over, or of another account.
	left []Used
}

func (q *ledger) used() int64 { return max(q.stored+q.flying+q.pending, q.seen) }

// settled tells that the database answers everything, and that whoever read it
// before it did has told by now and cannot bring back the older count. Folded
// is up to when it answers what was journaled.
func (q *ledger) settled(tick, folded int64) bool {
	return q.owed == 0 && q.pending == 0 && q.flying == 0 && len(q.left) == 0 &&
		(q.journaled == 0 || q.journaled < folded) &&
		(!q.known || tick-q.loaded > slowestLoad.Microseconds())
}

// enter brings the ledger into the period that holds now. A period that was
// left is never entered again because the clock went back; it is when the
// quota itself is counted over another time.
func (q *ledger) enter(a *Ask, now time.Time) {
	q.organization = a.Organization
	if q.account != a.Account {
		q.move(a.Account)
	}
	same := q.per == a.Quota.Per && sameZone(q.location, a.Location)
	if same && now.Before(q.end) {
		return
	}
	start, end := a.Quota.Period(now, a.Location)
	q.per, q.location = a.Quota.Per, a.Location
	if start.Equal(q.start) {
		q.end = end
		return
	}
	q.keep(q.unstored())
	*q = ledger{
		organization: q.organization, account: q.account, per: q.per, location: q.location, start: start, end: end,
		left: q.left, owed: q.owed, journaled: q.journaled, // the period that is left may come again
	}
	q.pending, q.apart = q.reclaim(start)
}

// move lets the units to come be another account's, or of its quotas over
// another period. Those that are pending go the old way; as they will be
// stored, they count as if they were.
func (q *ledger) move(account uuid.UUID) {
	q.keep(q.unstored())
	q.stored += q.pending
	q.account, q.pending, q.apart = account, 0, 0
}

// unstored is what is pending, for the next Drain. What is in flight is the
// flusher's.
func (q *ledger) unstored() Used {
	return Used{Account: q.account, PeriodStart: q.start, PeriodEnd: q.end, N: q.pending, apart: q.apart}
}

// keep adds units that are not counted with those to come.
func (q *ledger) keep(u Used) {
	if u.N == 0 {
		return
	}
	for i := range q.left {
		if l := &q.left[i]; l.PeriodStart.Equal(u.PeriodStart) && l.Account == u.Account {
			l.N, l.apart = l.N+u.N, l.apart+u.apart
			return
		}
	}
	q.left = append(q.left, u)
}

// reclaim returns back what was kept of a period that comes again.
func (q *ledger) reclaim(start time.Time) (n, apart int64) {
	q.left = slices.DeleteFunc(q.left, func(u Used) bool {
		if !u.PeriodStart.Equal(start) || u.Account != q.account {
			return false
		}
		n, apart = n+u.N, apart+u.apart
		return true
	})
	return n, apart
}

// take counts a call that passed here by this ledger; l is the level after it.
func (q *ledger) take(l *Level, cost int64) {
	q.pending, q.apart = q.pending+cost, q.apart+cost
	if q.seen > 0 {
		q.seen = l.Used
	}
}

// join takes over what an app took from a quota of its own until now. Other apps
// of the account may have done so too: the count is to be read again, when all
// is stored.
func (q *ledger) join(app *ledger) {
	if app.apart == 0 {
		return
	}
	if q.start.Equal(app.start) {
		q.pending += app.apart
	}
	q.known, app.apart = false, 0
}

// part counts for an app what passed by its account's ledger, at l; counted
// reports whether that counts it still.
func (q *ledger) part(l *Level, cost int64, counted bool) {
	u := Used{Account: q.account, PeriodStart: l.Start, PeriodEnd: l.End, N: cost}
	if !counted {
		u.apart = cost
	}
	if !q.start.Equal(l.Start) {
		q.keep(u)
		return
	}
	q.pending, q.apart = q.pending+u.N, q.apart+u.apart
	if q.seen > 0 {
		q.seen += cost
	}
}

// follow takes over the shared store's count.
func (q *ledger) follow(l *Level, cost int64, taken bool) {
	if !taken {
		cost = 0
	}
	if !q.start.Equal(l.Start) {
		q.keep(Used{Account: q.account, PeriodStart: l.Start, PeriodEnd: l.End, N: cost, apart: cost})
		return
	}
	q.pending, q.apart = q.pending+cost, q.apart+cost
	q.seen = max(q.seen, l.Used)
}

// load takes over what the database knows. A batch in flight may or may not be
// in its count; taken off, it cannot be counted twice.
func (q *ledger) load(used, tick int64) {
	q.stored = max(q.stored, used-q.flying)
	q.known, q.loaded = true, tick
}

// drain moves what is pending into flight.
func (q *ledger) drain(subscription uuid.UUID, into []Used) []Used {
	row := func(u Used) {
		u.Organization, u.Subscription = q.organization, subscription
		into = append(into, u)
		q.owed++
	}
	for _, u := range q.left {
		row(u)
	}
	q.left = nil
	if q.pending > 0 {
		row(q.unstored())
		q.flying, q.pending, q.apart = q.flying+q.pending, 0, 0
	}
	return into
}

// fly takes over that a row of one of the account's apps is in flight.
func (q *ledger) fly(u *Used) {
	q.owed++
	if q.start.Equal(u.PeriodStart) {
		q.flying, q.pending = q.flying+u.N, max(0, q.pending-(u.N-u.apart))
	}
}

// settle: u is stored, and the database's count is total now, -1 if unknown.
func (q *ledger) settle(u *Used, total int64) {
	q.owed = max(0, q.owed-1)
	if !q.start.Equal(u.PeriodStart) {
		return
	}
	n := min(u.N, q.flying)
	q.flying -= n
	q.stored = max(q.stored+n, total)
}

// sameZone compares by name, as each load of a zone has its own address.
func sameZone(a, b *time.Location) bool { return a == b || a.String() == b.String() }
