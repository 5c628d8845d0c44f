package report

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/clock"
	"portico/internal/testdb"
	"portico/internal/usage"
	"portico/internal/usage/counts"
	"portico/internal/usage/usagetest"
)

// reference counts calls by summing all of them.
type reference struct {
	calls []countedCall
}

type countedCall struct {
	usage.Call
	at time.Time
	n  int64
}

func (r *reference) sum(q *usage.Query, s span, by func(countedCall)) (total int64) {
	for _, m := range r.calls {
		if m.Organization != q.Organization || m.at.Before(s.from) || !m.at.Before(s.to) ||
			q.Account != nil && m.Account != *q.Account || !in(q.Apps, m.App) || !in(q.Products, m.Product) || !in(q.Credentials, m.Credential) {
			continue
		}
		total += m.n
		if by != nil {
			by(m)
		}
	}
	return total
}

func in(list []uuid.UUID, id uuid.UUID) bool {
	if len(list) == 0 {
		return true
	}
	for _, l := range list {
		if l == id {
			return true
		}
	}
	return false
}

// For random calls around changes of the clock and starts of days, stored and rolled up
// at random moments, every result is that of the reference.
func TestReportsEqualTheReferenceAtAnyMoment(t *testing.T) {
	zones := []string{"Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Beirut", "UTC"}
	// Calls are around these changes of the clock, which are in some of the zones.
	around := []time.Time{usagetest.At("2026-03-29T01:00:00Z"), usagetest.At("2026-03-08T07:00:00Z"), usagetest.At("2026-10-25T01:00:00Z"), usagetest.At("2026-04-04T15:00:00Z"), usagetest.At("2026-03-28T22:00:00Z")}
	testdb.Each(t, func(t *testing.T, url string) {
		for seed := range uint64(7) {
			r := rand.New(rand.NewPCG(seed, 1))
			middle := around[r.IntN(len(around))]
			w := newWorld(t, url, zones[seed%uint64(len(zones))], middle.Add(60*time.Hour))
			compareRandomly(t, w, r, middle, zones, fmt.Sprintf("seed %d", seed))
		}
	})
}

// compareSince compares the calls of each credential since two times.
func compareSince(t *testing.T, w *world, ref *reference, from time.Time, name string) {
	t.Helper()
	now, asked := w.Clock.Now(), []usage.Since{}
	for _, m := range ref.calls {
		asked = append(asked, usage.Since{Credential: m.Credential, From: from}, usage.Since{Credential: m.Credential, From: now.Add(-36 * time.Hour)})
	}
	got, err := w.reports.CallsSince(context.Background(), w.Organization, w.Zone, asked)
	require.NoError(t, err, name)
	for i, of := range asked {
		since := span{usage.Minute.Start(of.From, time.UTC), usage.Minute.Ceil(now, time.UTC)}
		want := ref.sum(&usage.Query{Organization: w.Organization, Credentials: []uuid.UUID{of.Credential}}, since, nil)
		require.Equal(t, want, got[i], name)
	}
}

// compareOf compares the calls that were let through of each account's app with a product in
// times that begin and end in any minute.
func compareOf(t *testing.T, w *world, ref *reference, from time.Time, name string) {
	t.Helper()
	asked := []usage.Of{}
	for i, m := range ref.calls {
		start := usage.Minute.Start(from.Add(time.Duration(i)*7*time.Minute), time.UTC)
		for _, long := range []time.Duration{0, 11 * time.Minute, 3 * time.Hour, 77 * time.Hour} {
			asked = append(asked, usage.Of{Account: m.Account, App: m.App, Product: m.Product, From: start, To: start.Add(long)})
		}
	}
	got, _, err := w.reports.CallsOf(context.Background(), w.Organization, w.Zone, asked)
	require.NoError(t, err, name)
	for i, of := range asked {
		var want int64
		for _, m := range ref.calls {
			if m.Organization == w.Organization && m.Account == of.Account && m.App == of.App && m.Product == of.Product && m.Code == usage.CodePassed && !m.at.Before(of.From) && m.at.Before(of.To) {
				want += m.n
			}
		}
		require.Equal(t, want, got[i], name)
	}
}

func compareRandomly(t *testing.T, w *world, r *rand.Rand, middle time.Time, zones []string, name string) {
	t.Helper()
	w.Exec(`UPDATE organizations SET usage_retention = '{"minutes": 300, "hours": 300, "days": 300}'`)
	other := w.AddOrganization("UTC")
	ids := []uuid.UUID{usagetest.RandomID(r), usagetest.RandomID(r), usagetest.RandomID(r)}
	codes := []string{"VALID", "RATE_LIMITED"}
	ref := &reference{}
	pick := func() uuid.UUID { return ids[r.IntN(len(ids))] }
	for range 20 {
		for range r.IntN(30) {
			c := usage.Call{Organization: w.Organization, Account: pick(), App: pick(), Credential: pick(), Product: pick(), Code: codes[r.IntN(2)]}
			if r.IntN(9) == 0 {
				c.Organization = other
			}
			when := middle.Add(time.Duration(r.Int64N(int64(100*time.Hour))) - 50*time.Hour)
			n := 1 + r.Int64N(5)
			w.counter.Add(&c, when, n)
			ref.calls = append(ref.calls, countedCall{c, when, n})
		}
		w.flush()
		switch r.IntN(4) {
		case 0:
			w.rollUp()
		case 1:
			w.rollUpPart()
		}
		q := randomQuery(w, r, middle, zones, pick)
		compare(t, w, ref, q, name)
	}
}

// rollUpPart rolls up only what is older than 60 hours.
func (w *world) rollUpPart() {
	w.T.Helper()
	require.NoError(w.T, counts.NewStore(w.DB, clock.NewFake(w.Clock.Now().Add(-60*time.Hour))).RollUp(context.Background()))
}

func randomQuery(w *world, r *rand.Rand, middle time.Time, zones []string, pick func() uuid.UUID) usage.Query {
	loc, _ := time.LoadLocation(zones[r.IntN(len(zones))])
	if r.IntN(2) == 0 {
		loc = w.Zone
	}
	from := middle.Add(-time.Duration(r.Int64N(int64(60 * time.Hour))))
	q := usage.Query{Organization: w.Organization, Location: loc, OrganizationLocation: w.Zone, From: from}
	switch r.IntN(4) {
	case 0:
		q.Interval, q.To = usage.Minute, from.Add(time.Duration(1+r.Int64N(int64(6*time.Hour))))
	case 1:
		q.Interval, q.To = usage.Hour, from.Add(time.Duration(1+r.Int64N(int64(100*time.Hour))))
	case 2:
		q.Interval, q.To = usage.Day, from.Add(time.Duration(1+r.Int64N(int64(100*time.Hour))))
	default:
		q.Interval, q.To = usage.Month, from.Add(time.Duration(1+r.Int64N(int64(100*time.Hour))))
	}
	if r.IntN(2) == 0 {
		q.From = q.Interval.Start(q.From, loc)
	}
	if r.IntN(2) == 0 {
		q.To = q.Interval.Ceil(q.To, loc)
	}
	if r.IntN(3) == 0 {
		account := pick()
		q.Account = &account
	}
	for _, list := range []*[]uuid.UUID{&q.Apps, &q.Products, &q.Credentials} {
		if r.IntN(3) == 0 {
			*list = []uuid.UUID{pick(), pick()}
		}
	}
	return q
}

// compare compares all results of a query with the reference.
func compare(t *testing.T, w *world, ref *reference, q usage.Query, name string) {
	t.Helper()
	name = fmt.Sprintf("%s: %s %s – %s in %s, organization in %s", name, q.Interval, q.From, q.To, q.Location, q.OrganizationLocation)
	ctx := context.Background()
	report, err := w.reports.Report(ctx, q)
	require.NoError(t, err, name)
	all := span{usage.Minute.Start(q.From, time.UTC), usage.Minute.Ceil(q.To, time.UTC)}
	totals := map[string]int64{}
	require.Equal(t, ref.sum(&q, all, func(m countedCall) { totals[m.Code] += m.n }), report.Total, name)
	require.Equal(t, totals, report.Totals, name)
	before := span{all.from.Add(-all.to.Sub(all.from)), all.from}
	require.NotNil(t, report.Previous, name)
	require.Equal(t, ref.sum(&q, before, nil), *report.Previous, name)
	end := all.from
	for _, p := range report.Points {
		require.Equal(t, end, p.Start, name)
		end = p.End
		codes := map[string]int64{}
		require.Equal(t, ref.sum(&q, span{p.Start, p.End}, func(m countedCall) { codes[m.Code] += m.n }), p.Calls, "%s: point %s", name, p.Start)
		require.Equal(t, codes, p.Codes, name)
	}
	require.Equal(t, all.to, end, name)
	compareBreakdowns(t, w, ref, q, all, name)
}

// wholeInterval reports whether a point begins and ends where a query that reaches further
// has a point, too.
func wholeInterval(q *usage.Query, p span) bool {
	wider := *q
	wider.From, wider.To = p.from.Add(-time.Minute), p.to.Add(time.Minute)
	points, err := pointsOf(&wider)
	return err == nil && slices.Contains(points, p)
}

func compareBreakdowns(t *testing.T, w *world, ref *reference, q usage.Query, all span, name string) {
	t.Helper()
	ctx := context.Background()
	apps := map[uuid.UUID]int64{}
	ref.sum(&q, all, func(m countedCall) { apps[m.App] += m.n })
	top, err := w.reports.TopApps(ctx, q, 100)
	require.NoError(t, err, name)
	got := map[uuid.UUID]int64{}
	for i, a := range top {
		got[a.App] = a.Calls
		require.True(t, i == 0 || top[i-1].Calls >= a.Calls, name)
	}
	require.Equal(t, apps, got, name)

	want, rows := map[usage.Row]int64{}, map[usage.Row]int64{}
	points, err := pointsOf(&q)
	require.NoError(t, err)
	ref.sum(&q, all, func(m countedCall) {
		p := points[pointOf(points, m.at)]
		want[usage.Row{Start: p.from, End: p.to, Account: m.Account, App: m.App, Credential: m.Credential, Product: m.Product, Code: m.Code, Whole: wholeInterval(&q, p)}] += m.n
	})
	last := time.Time{}
	require.NoError(t, w.reports.Rows(ctx, q, func(r usage.Row) error {
		require.False(t, r.Start.Before(last))
		last = r.Start
		n := r.Calls
		r.Calls = 0
		require.Zero(t, rows[r], "a row comes once")
		rows[r] += n
		return nil
	}), name)
	require.Equal(t, want, rows, name)

	now := w.Clock.Now()
	day := span{usage.Minute.Ceil(now, time.UTC).Add(-24 * time.Hour), usage.Minute.Ceil(now, time.UTC)}
	for by, of := range map[usage.Dimension]func(countedCall) uuid.UUID{usage.ByApp: func(m countedCall) uuid.UUID { return m.App }, usage.ByCredential: func(m countedCall) uuid.UUID { return m.Credential }} {
		last24 := map[uuid.UUID]int64{}
		ref.sum(&usage.Query{Organization: w.Organization}, day, func(m countedCall) { last24[of(m)] += m.n })
		var ids []uuid.UUID
		for _, m := range ref.calls {
			ids = append(ids, m.App, m.Credential)
		}
		got, err := w.reports.CallsLast24h(ctx, w.Organization, w.Zone, by, ids)
		require.NoError(t, err, name)
		require.Equal(t, last24, got, name)
	}
	compareSince(t, w, ref, q.From, name)
	compareOf(t, w, ref, q.From, name)
}
