package limits

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
)

// slowestLoad is longer than reading a count and passing it to Load takes.
const slowestLoad = 10 * time.Second

// farthestAhead is the most by which the period of a ledger may begin after now. A
// ledger that is further ahead entered its period by a clock that was wrong.
const farthestAhead = time.Hour

// Used is the number of quota units that an app has taken in a period.
type Used struct {
	Organization uuid.UUID
	// AppCounter and AccountCounter are those of the Ask; zero: the account is not
	// counted.
	AppCounter, AccountCounter uuid.UUID
	PeriodStart, PeriodEnd     time.Time
	N                          int64
	// outsideAccount is the part of N that the account's ledger does not count yet.
	outsideAccount int64
}

// ledger counts the use of a product's quota by an app, or by all apps of an account
// that share it. Units taken here are first pending, then in flight to the
// database, then part of stored. The units of an account are written to the
// database as those of its apps.
type ledger struct {
	organization, accountCounter uuid.UUID
	per                          access.QuotaPeriod
	location                     *time.Location
	start, end                   time.Time
	// known reports whether stored was loaded for this period, last at the tick
	// loaded.
	known  bool
	loaded int64
	// journaled is the tick of the last Journal, whose units the database's counts
	// may not contain yet; 0: never.
	journaled int64
	// unsettled is the number of drained rows, of any period, that are not known to be
	// stored or journaled.
	unsettled int
	// stored is the highest count that the database is known to have, over all
	// nodes.
	stored, inFlight, pending int64
	// outsideAccount is the number of pending units that the account's ledger does not
	// count: those that were taken from the app's own quota.
	outsideAccount int64
	// storeCount is the highest count that the shared store of the nodes' limits has
	// returned, and the units taken since. It may be higher than the database's, which
	// the other nodes bring up to date later.
	storeCount int64
	// earlier has the pending units of periods that are over, and of another account.
	earlier []Used
}

func (q *ledger) used() int64 { return max(q.stored+q.inFlight+q.pending, q.storeCount) }

// read sets the state of the quota.
func (q *ledger) read(to *Count) {
	to.Used, to.Start, to.End, to.Known, to.loaded = q.used(), q.start, q.end, q.known, q.loaded
}

// evictable reports whether the ledger may be forgotten: the database's count has
// every unit of it, and whoever read that count before has called Load by now, so
// that no older count can come back. The database's counts contain what was journaled
// before the tick folded.
func (q *ledger) evictable(tick, folded int64) bool {
	return q.unsettled == 0 && q.pending == 0 && q.inFlight == 0 && len(q.earlier) == 0 &&
		(q.journaled == 0 || q.journaled < folded) &&
		(!q.known || tick-q.loaded > slowestLoad.Microseconds())
}

// enterPeriod advances the ledger to the period of the quota that contains now. It does not return to
// an earlier period when the clock is set back, but it does when the quota's period
// or time zone has changed, or when its own period is far ahead.
func (q *ledger) enterPeriod(a *Ask, account *uuid.UUID, quota *Quota, now time.Time) {
	q.organization = a.Organization
	if q.accountCounter != *account {
		q.setAccountCounter(*account)
	}
	same := q.per == quota.Per && sameZone(q.location, a.Location)
	if same && now.Before(q.end) && !q.isFarAhead(now) {
		return
	}
	start, end := quota.Period(now, a.Location)
	q.per, q.location = quota.Per, a.Location
	if start.Equal(q.start) {
		q.end = end
		return
	}
	q.setAside(q.unstored())
	*q = ledger{
		organization: q.organization, accountCounter: q.accountCounter, per: q.per, location: q.location, start: start, end: end,
		earlier: q.earlier, unsettled: q.unsettled, journaled: q.journaled, // the previous period may be entered again
	}
	q.pending, q.outsideAccount = q.takeBack(start)
}

// isFarAhead reports whether the clock was so far ahead that the ledger has to follow
// it back: otherwise it would count for a false period until that is over. It stays
// while units are on their way to the database, whose count does not contain them.
func (q *ledger) isFarAhead(now time.Time) bool {
	return q.unsettled == 0 && q.start.Sub(now) > farthestAhead
}

// setAccountCounter sets the account's counter for the units that follow: another
// account's, or the account's for another period. Pending units stay with the previous counter;
// they count as stored, as they will be.
func (q *ledger) setAccountCounter(counter uuid.UUID) {
	q.setAside(q.unstored())
	q.stored += q.pending
	q.accountCounter, q.pending, q.outsideAccount = counter, 0, 0
}

// unstored returns the pending units, for the next Drain. Units in flight belong to
// the flusher.
func (q *ledger) unstored() Used {
	return Used{AccountCounter: q.accountCounter, PeriodStart: q.start, PeriodEnd: q.end, N: q.pending, outsideAccount: q.outsideAccount}
}

// setAside adds u to earlier, so that the units that follow are not mixed with it.
func (q *ledger) setAside(u Used) {
	if u.N == 0 {
		return
	}
	for i := range q.earlier {
		if l := &q.earlier[i]; l.PeriodStart.Equal(u.PeriodStart) && l.AccountCounter == u.AccountCounter {
			l.N, l.outsideAccount = l.N+u.N, l.outsideAccount+u.outsideAccount
			return
		}
	}
	q.earlier = append(q.earlier, u)
}

// takeBack removes from earlier the units of a period that is entered again, and
// returns them, with the part of them that the account's ledger does not count.
func (q *ledger) takeBack(start time.Time) (n, outside int64) {
	q.earlier = slices.DeleteFunc(q.earlier, func(u Used) bool {
		if !u.PeriodStart.Equal(start) || u.AccountCounter != q.accountCounter {
			return false
		}
		n, outside = n+u.N, outside+u.outsideAccount
		return true
	})
	return n, outside
}

// take counts a call that this ledger allowed; l is the level after it.
func (q *ledger) take(l *Count, cost int64) {
	q.pending, q.outsideAccount = q.pending+cost, q.outsideAccount+cost
	if q.storeCount > 0 {
		q.storeCount = l.Used
	}
}

// takeOver adds to an account's ledger what one of its apps has taken from a quota of
// its own until now. Other apps of the account may have done so too: the count has to
// be loaded again, once all of it is stored.
func (q *ledger) takeOver(app *ledger) {
	if app.outsideAccount == 0 {
		return
	}
	if q.start.Equal(app.start) {
		q.pending += app.outsideAccount
	}
	q.known, app.outsideAccount = false, 0
}

// takeForAccount counts for an app a call that its account's ledger allowed at the level l.
// counted reports whether the account's ledger still counts it.
func (q *ledger) takeForAccount(l *Count, cost int64, counted bool) {
	u := Used{AccountCounter: q.accountCounter, PeriodStart: l.Start, PeriodEnd: l.End, N: cost}
	if !counted {
		u.outsideAccount = cost
	}
	if !q.start.Equal(l.Start) {
		q.setAside(u)
		return
	}
	q.pending, q.outsideAccount = q.pending+u.N, q.outsideAccount+u.outsideAccount
	if q.storeCount > 0 {
		q.storeCount += cost
	}
}

// adopt adopts the shared store's count, after a call for which taken reports
// whether its cost was consumed.
func (q *ledger) adopt(l *Count, cost int64, taken bool) {
	if !taken {
		cost = 0
	}
	if !q.start.Equal(l.Start) {
		q.setAside(Used{AccountCounter: q.accountCounter, PeriodStart: l.Start, PeriodEnd: l.End, N: cost, outsideAccount: cost})
		return
	}
	q.pending, q.outsideAccount = q.pending+cost, q.outsideAccount+cost
	q.storeCount = max(q.storeCount, l.Used)
}

// load adopts the database's count. Units in flight may or may not be part of it;
// load subtracts them, so that they cannot be counted twice.
func (q *ledger) load(used, tick int64) {
	q.stored = max(q.stored, used-q.inFlight)
	q.known, q.loaded = true, tick
}

// drain moves the pending units into flight, and appends them to into.
func (q *ledger) drain(counter uuid.UUID, into []Used) []Used {
	row := func(u Used) {
		u.Organization, u.AppCounter = q.organization, counter
		into = append(into, u)
		q.unsettled++
	}
	for _, u := range q.earlier {
		row(u)
	}
	q.earlier = nil
	if q.pending > 0 {
		row(q.unstored())
		q.inFlight, q.pending, q.outsideAccount = q.inFlight+q.pending, 0, 0
	}
	return into
}

// startFlight records in an account's ledger that a row of one of its apps is in flight.
func (q *ledger) startFlight(u *Used) {
	q.unsettled++
	if q.start.Equal(u.PeriodStart) {
		q.inFlight, q.pending = q.inFlight+u.N, max(0, q.pending-(u.N-u.outsideAccount))
	}
}

// settle records that u is stored and that the database's count is now total, -1 if
// unknown.
func (q *ledger) settle(u *Used, total int64) {
	q.unsettled = max(0, q.unsettled-1)
	if !q.start.Equal(u.PeriodStart) {
		return
	}
	n := min(u.N, q.inFlight)
	q.inFlight -= n
	q.stored = max(q.stored+n, total)
}

// sameZone compares zones by name, as each time.LoadLocation returns a new pointer.
func sameZone(a, b *time.Location) bool { return a == b || a.String() == b.String() }
