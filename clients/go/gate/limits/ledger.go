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

// Used is the number of quota units of a period that were taken and not yet stored.
type Used struct {
	Organization, Subscription uuid.UUID
	// Account is the counter of the app's account; zero: the account is not counted.
	Account                uuid.UUID
	PeriodStart, PeriodEnd time.Time
	N                      int64
	// unshared is the part of N that the account's ledger does not count yet.
	unshared int64
}

// ledger counts the use of a product's quota by an app, or by all apps of an account
// that share it. Units taken here are first pending, then in flight to the
// database, then part of stored. The units of an account are written to the
// database as those of its apps.
type ledger struct {
	organization, account uuid.UUID
	per                   access.QuotaPeriod
	location              *time.Location
	start, end            time.Time
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
	// unshared is the number of pending units that the account's ledger does not
	// count: those that were taken from the app's own quota.
	unshared int64
	// sharedCount is the highest count that the shared store has returned, and the units
	// taken since; it may be ahead of what the other nodes have stored.
	sharedCount int64
	// leftover contains pending units of periods that are over, or of another account.
	leftover []Used
}

func (q *ledger) used() int64 { return max(q.stored+q.inFlight+q.pending, q.sharedCount) }

// settled reports whether the database's count contains every unit of the ledger,
// and a reader that read it before has called Load by now and so cannot bring back
// the older count. The database's counts contain what was journaled before the tick
// folded.
func (q *ledger) settled(tick, folded int64) bool {
	return q.unsettled == 0 && q.pending == 0 && q.inFlight == 0 && len(q.leftover) == 0 &&
		(q.journaled == 0 || q.journaled < folded) &&
		(!q.known || tick-q.loaded > slowestLoad.Microseconds())
}

// enter advances the ledger to the period that contains now. It does not return to
// an earlier period when the clock is set back, but it does when the quota's period
// or time zone has changed, or when its own period is far ahead.
func (q *ledger) enter(a *Ask, now time.Time) {
	q.organization = a.Organization
	if q.account != a.Account {
		q.setAccount(a.Account)
	}
	same := q.per == a.Quota.Per && sameZone(q.location, a.Location)
	if same && now.Before(q.end) && !q.isFarAhead(now) {
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
		leftover: q.leftover, unsettled: q.unsettled, journaled: q.journaled, // the previous period may be entered again
	}
	q.pending, q.unshared = q.reclaim(start)
}

// isFarAhead reports whether the clock was so far ahead that the ledger has to follow
// it back: otherwise it would count for a false period until that is over. It stays
// while units are on their way to the database, whose count does not contain them.
func (q *ledger) isFarAhead(now time.Time) bool {
	return q.unsettled == 0 && q.start.Sub(now) > farthestAhead
}

// setAccount sets the account's counter for the units that follow: another account's, or
// the account's for another period. Pending units stay with the previous counter;
// they count as stored, as they will be.
func (q *ledger) setAccount(account uuid.UUID) {
	q.keep(q.unstored())
	q.stored += q.pending
	q.account, q.pending, q.unshared = account, 0, 0
}

// unstored returns the pending units, for the next Drain. Units in flight belong to
// the flusher.
func (q *ledger) unstored() Used {
	return Used{Account: q.account, PeriodStart: q.start, PeriodEnd: q.end, N: q.pending, unshared: q.unshared}
}

// keep adds u to leftover, apart from the units that follow.
func (q *ledger) keep(u Used) {
	if u.N == 0 {
		return
	}
	for i := range q.leftover {
		if l := &q.leftover[i]; l.PeriodStart.Equal(u.PeriodStart) && l.Account == u.Account {
			l.N, l.unshared = l.N+u.N, l.unshared+u.unshared
			return
		}
	}
	q.leftover = append(q.leftover, u)
}

// reclaim removes from leftover what was kept of a period that is entered again, and
// returns it.
func (q *ledger) reclaim(start time.Time) (n, apart int64) {
	q.leftover = slices.DeleteFunc(q.leftover, func(u Used) bool {
		if !u.PeriodStart.Equal(start) || u.Account != q.account {
			return false
		}
		n, apart = n+u.N, apart+u.unshared
		return true
	})
	return n, apart
}

// take counts a call that this ledger allowed; l is the level after it.
func (q *ledger) take(l *Level, cost int64) {
	q.pending, q.unshared = q.pending+cost, q.unshared+cost
	if q.sharedCount > 0 {
		q.sharedCount = l.Used
	}
}

// join adds what an app has taken from its own quota until now. Other apps of the
// account may have taken units so too: the count has to be loaded again, once all
// of it is stored.
func (q *ledger) join(app *ledger) {
	if app.unshared == 0 {
		return
	}
	if q.start.Equal(app.start) {
		q.pending += app.unshared
	}
	q.known, app.unshared = false, 0
}

// takeForAccount counts for an app a call that its account's ledger allowed at the level l.
// counted reports whether the account's ledger still counts it.
func (q *ledger) takeForAccount(l *Level, cost int64, counted bool) {
	u := Used{Account: q.account, PeriodStart: l.Start, PeriodEnd: l.End, N: cost}
	if !counted {
		u.unshared = cost
	}
	if !q.start.Equal(l.Start) {
		q.keep(u)
		return
	}
	q.pending, q.unshared = q.pending+u.N, q.unshared+u.unshared
	if q.sharedCount > 0 {
		q.sharedCount += cost
	}
}

// follow adopts the shared store's count, after a call for which taken reports
// whether its cost was consumed.
func (q *ledger) follow(l *Level, cost int64, taken bool) {
	if !taken {
		cost = 0
	}
	if !q.start.Equal(l.Start) {
		q.keep(Used{Account: q.account, PeriodStart: l.Start, PeriodEnd: l.End, N: cost, unshared: cost})
		return
	}
	q.pending, q.unshared = q.pending+cost, q.unshared+cost
	q.sharedCount = max(q.sharedCount, l.Used)
}

// load adopts the database's count. Units in flight may or may not be part of it;
// load subtracts them, so that they cannot be counted twice.
func (q *ledger) load(used, tick int64) {
	q.stored = max(q.stored, used-q.inFlight)
	q.known, q.loaded = true, tick
}

// drain moves the pending units into flight, and appends them to into.
func (q *ledger) drain(subscription uuid.UUID, into []Used) []Used {
	row := func(u Used) {
		u.Organization, u.Subscription = q.organization, subscription
		into = append(into, u)
		q.unsettled++
	}
	for _, u := range q.leftover {
		row(u)
	}
	q.leftover = nil
	if q.pending > 0 {
		row(q.unstored())
		q.inFlight, q.pending, q.unshared = q.inFlight+q.pending, 0, 0
	}
	return into
}

// startFlight records in an account's ledger that a row of one of its apps is in flight.
func (q *ledger) startFlight(u *Used) {
	q.unsettled++
	if q.start.Equal(u.PeriodStart) {
		q.inFlight, q.pending = q.inFlight+u.N, max(0, q.pending-(u.N-u.unshared))
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
