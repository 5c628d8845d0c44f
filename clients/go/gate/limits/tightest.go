package limits

import "time"

// Which names a limit of an Ask.
type Which uint8

// The limits of an Ask.
const (
	// OfNone: there is no limit.
	OfNone Which = iota
	// OfKey is KeyRate.
	OfKey
	// OfPlan is AppRate, or Quota.
	OfPlan
	// OfPlansEndpoint is what the plan has for the called endpoint.
	OfPlansEndpoint
	// OfPlansSpending is the spending cap of the plan.
	OfPlansSpending
)

// bucket is one of the rate limits of a call.
type bucket struct {
	of   Which
	rate *Rate
	debt Debt
	cost int64
}

// tighterThan reports whether b is tighter than another: for a refused call it has the longer
// wait, else fewer calls remaining.
func (b *bucket) tighterThan(o *bucket, refused bool) bool {
	switch {
	case b.rate.None():
		return false
	case o.of == OfNone:
		return true
	case refused:
		theirs, ever := o.debt.wait(*o.rate, o.cost)
		ours, either := b.debt.wait(*b.rate, b.cost)
		return ever && (!either || ours > theirs)
	}
	if ours, theirs := b.debt.remaining(*b.rate), o.debt.remaining(*o.rate); ours != theirs {
		return ours < theirs
	}
	return microseconds(int64(b.debt), *b.rate) > microseconds(int64(o.debt), *o.rate)
}

// answerRate sets the window of the tightest rate limit and, for a refused call, the time
// until it has room, which is the longest of all.
func (l *Level) answerRate(a *Ask, refused bool, now time.Time, out *Answer) {
	var tightest bucket
	if b := (bucket{OfKey, &a.KeyRate, l.Key, a.cost()}); b.tighterThan(&tightest, refused) {
		tightest = b
	}
	if b := (bucket{OfPlan, &a.AppRate, l.App, a.cost()}); b.tighterThan(&tightest, refused) {
		tightest = b
	}
	if l.more {
		for i := range a.Further {
			c := &a.Further[i]
			if b := (bucket{OfPlansEndpoint + Which(i), &c.Rate, l.Further[i].Debt, c.CostOf(a)}); b.tighterThan(&tightest, refused) {
				tightest = b
			}
		}
	}
	if tightest.of == OfNone {
		return
	}
	out.Rate, out.RateOf = tightest.debt.window(*tightest.rate, now), tightest.of
	if refused {
		out.RetryAfter, _ = tightest.debt.wait(*tightest.rate, tightest.cost) // 0: never
	}
}

// quota is one of the quotas of a call.
type quota struct {
	of    Which
	quota *Quota
	count *Count
	cost  int64
	// counts: the quota refuses nothing.
	counts bool
}

// exceeded reports whether the quota refuses the call.
func (q *quota) exceeded() bool {
	return !q.counts && q.count.Used > q.quota.Limit-q.cost
}

// ever reports whether such a call fits at all.
func (q *quota) ever() bool { return q.cost <= q.quota.Limit }

// tighterThan reports whether q is tighter than another: of those that refuse a call it is the
// one that does so for longer, else it has fewer calls remaining.
func (q *quota) tighterThan(o *quota, refused bool) bool {
	if o.of == OfNone {
		return true
	}
	if refused {
		if ours, theirs := q.exceeded(), o.exceeded(); ours != theirs || !ours {
			return ours && !theirs
		}
		if ours, theirs := q.ever(), o.ever(); ours != theirs {
			return !ours
		}
		return q.count.End.After(o.count.End)
	}
	if ours, theirs := max(0, q.quota.Limit-q.count.Used), max(0, o.quota.Limit-o.count.Used); ours != theirs {
		return ours < theirs
	}
	return q.count.End.After(o.count.End)
}

// answerQuota sets the window of the tightest quota, the counts of all and, for a refused
// call, the time until it has room, which is the longest of all.
func (l *Level) answerQuota(a *Ask, refused bool, now time.Time, out *Answer) {
	if l.more {
		l.answerQuotas(a, refused, now, out)
		return
	}
	if a.Quota.None() {
		return
	}
	out.Quota, out.QuotaOf, out.Used[0] = l.window(&a.Quota), OfPlan, l.Used
	if refused && a.cost() <= a.Quota.Limit {
		out.RetryAfter = l.End.Sub(now)
	}
}

// answerQuotas is answerQuota where there are further limits.
func (l *Level) answerQuotas(a *Ask, refused bool, now time.Time, out *Answer) {
	all := [...]quota{
		{OfPlan, &a.Quota, &l.Count, a.cost(), a.Continue},
		{OfPlansEndpoint, &a.Further[OfEndpoint].Quota, &l.Further[OfEndpoint].Count, a.Further[OfEndpoint].CostOf(a), false},
		{OfPlansSpending, &a.Further[OfSpending].Quota, &l.Further[OfSpending].Count, a.Further[OfSpending].CostOf(a), false},
	}
	var tightest quota
	for i := range all {
		q := &all[i]
		if q.quota.None() {
			continue
		}
		out.Used[i] = q.count.Used
		out.Several = out.Several || i > 0
		if q.tighterThan(&tightest, refused) {
			tightest = *q
		}
	}
	if tightest.of == OfNone {
		return
	}
	out.Quota, out.QuotaOf = tightest.count.window(tightest.quota), tightest.of
	if refused && tightest.ever() {
		out.RetryAfter = tightest.count.End.Sub(now)
	}
}
