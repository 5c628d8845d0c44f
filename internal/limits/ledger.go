package limits

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/internal/term"
)

// slowestLoad is longer than it takes to read a count and to Load it.
const slowestLoad = 10 * time.Second

// Used is how many quota units of a period were taken and not yet stored.
type Used struct {
	Organization, Subscription uuid.UUID
	PeriodStart, PeriodEnd     time.Time
	N                          int64
}

// ledger counts a subscription's quota. The units taken here are first
// pending, then in flight to the database, then part of stored.
type ledger struct {
	organization uuid.UUID
	per          term.QuotaPeriod
	location     *time.Location
	start, end   time.Time
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
	// seen is the highest count the shared store has told, and what came since;
	// it may be ahead of what the other nodes have stored.
	seen int64
	// left are pending units of periods that are over.
	left []Used
}

func (q *ledger) used() int64 { return max(q.stored+q.flying+q.pending, q.seen) }

// settled tells that the database answers everything, and that whoever read it
// before it did has told by now and cannot bring back the older count. Folded
// is up to when it answers what was journaled.
func (q *ledger) settled(tick, folded int64) bool {
	return q.owed == 0 && q.pending == 0 && len(q.left) == 0 &&
		(q.journaled == 0 || q.journaled < folded) &&
		(!q.known || tick-q.loaded > slowestLoad.Microseconds())
}

// enter brings the ledger into the period that holds now. A period that was
// left is never entered again because the clock went back; it is when the
// quota itself is counted over another time.
func (q *ledger) enter(a *Ask, now time.Time) {
	q.organization = a.Organization
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
	q.leave()
	*q = ledger{
		organization: q.organization, per: q.per, location: q.location, start: start, end: end,
		left: q.left, owed: q.owed, journaled: q.journaled, // the period that is left may come again
	}
	q.pending = q.reclaim(start)
}

// leave keeps what is pending for the next Drain. What is in flight is the
// flusher's.
func (q *ledger) leave() { q.keep(q.start, q.end, q.pending) }

// keep adds units of a period that is not the present one.
func (q *ledger) keep(start, end time.Time, n int64) {
	if n == 0 {
		return
	}
	for i := range q.left {
		if q.left[i].PeriodStart.Equal(start) {
			q.left[i].N += n
			return
		}
	}
	q.left = append(q.left, Used{PeriodStart: start, PeriodEnd: end, N: n})
}

// reclaim gives back what was kept of a period that comes again.
func (q *ledger) reclaim(start time.Time) (n int64) {
	q.left = slices.DeleteFunc(q.left, func(u Used) bool {
		if !u.PeriodStart.Equal(start) {
			return false
		}
		n += u.N
		return true
	})
	return n
}

// take counts a call that passed here; l is the level after it.
func (q *ledger) take(l *Level, cost int64) {
	q.pending += cost
	if q.seen > 0 {
		q.seen = l.Used
	}
}

// follow takes over the shared store's count.
func (q *ledger) follow(l *Level, cost int64, taken bool) {
	if !taken {
		cost = 0
	}
	if !q.start.Equal(l.Start) {
		q.keep(l.Start, l.End, cost)
		return
	}
	q.pending += cost
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
	for _, u := range q.left {
		u.Organization, u.Subscription = q.organization, subscription
		into = append(into, u)
	}
	q.owed += len(q.left)
	q.left = nil
	if q.pending > 0 {
		into = append(into, Used{
			Organization: q.organization, Subscription: subscription,
			PeriodStart: q.start, PeriodEnd: q.end, N: q.pending,
		})
		q.flying, q.pending = q.flying+q.pending, 0
		q.owed++
	}
	return into
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
