package report

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/fault"
	"portico/internal/testdb"
	"portico/internal/usage"
	"portico/internal/usage/usagetest"
)

func TestReportHasEmptyPointsAndDaysOf23Hours(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "Europe/Berlin", usagetest.At("2026-04-02T12:00:00Z"))
		w.counter.Add(w.Call(uuid.UUID{5}, "VALID"), usagetest.At("2026-03-29T21:59:59Z"), 4) // 23:59 there
		w.counter.Add(w.Call(uuid.UUID{5}, "VALID"), usagetest.At("2026-03-29T22:00:00Z"), 2)
		w.flush()
		w.rollUp()
		r := w.report(w.Query(usage.Day, usagetest.At("2026-03-27T23:00:00Z"), usagetest.At("2026-03-31T22:00:00Z")))
		var calls []int64
		var hours []float64
		for _, p := range r.Points {
			calls, hours = append(calls, p.Calls), append(hours, p.End.Sub(p.Start).Hours())
		}
		require.Equal(t, []int64{0, 4, 2, 0}, calls)
		require.Equal(t, []float64{24, 23, 24, 24}, hours)
		require.EqualValues(t, 6, r.Total)
		require.EqualValues(t, 0, *r.Previous)
		require.Equal(t, w.Clock.Now(), r.AsOf, "no node counts")
	})
}

func TestReportRefusesInvalidQueries(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t), "Europe/Berlin", noon)
	day := func(text string) time.Time { return usagetest.At(text + "T22:00:00Z") } // midnight there
	for name, c := range map[string]struct {
		change func(*usage.Query)
		words  string
	}{
		"backwards":       {func(q *usage.Query) { q.From, q.To = q.To, q.From }, "must be after its beginning"},
		"nothing":         {func(q *usage.Query) { q.To = q.From }, "must be after its beginning"},
		"without an end":  {func(q *usage.Query) { q.To = time.Time{} }, "1970 to 9999"},
		"the first day":   {func(q *usage.Query) { q.From = usagetest.At("0001-01-01T00:00:00Z") }, "1970 to 9999"},
		"before counts":   {func(q *usage.Query) { q.From = usagetest.At("1969-12-31T23:59:59Z") }, "1970 to 9999"},
		"no interval":     {func(q *usage.Query) { q.Interval = "WEEK" }, "MINUTE, HOUR, DAY or MONTH"},
		"no zone":         {func(q *usage.Query) { q.Location = nil }, "time zone"},
		"too many points": {func(q *usage.Query) { q.Interval, q.From = usage.Minute, q.To.Add(-401*time.Minute) }, "more than 400 points"},
		"far too many":    {func(q *usage.Query) { q.Interval, q.To = usage.Minute, usagetest.At("9999-01-01T00:00:00Z") }, "more than 400 points"},
		"old minutes": {func(q *usage.Query) {
			q.Interval, q.From, q.To = usage.Minute, noon.AddDate(0, 0, -8), noon.AddDate(0, 0, -8).Add(time.Hour/2)
		}, "minutes are kept since 2026-06-08T12:00:30Z"},
		"old hours": {func(q *usage.Query) { q.Interval, q.From, q.To = usage.Hour, day("2025-01-01"), day("2025-01-02") }, "hours are kept since 2025-05-11T12:00:30Z"},
		"old days":  {func(q *usage.Query) { q.Interval, q.From, q.To = usage.Day, day("2020-06-01"), day("2020-06-03") }, "Calls are kept since 2021-06-11T12:00:30Z"},
		"old quarters": {func(q *usage.Query) {
			q.Location, _ = time.LoadLocation("Asia/Kathmandu")
			q.From = noon.AddDate(0, 0, -20)
		}, "minutes are kept"},
	} {
		q := w.Query(usage.Day, noon.AddDate(0, 0, -3), noon)
		c.change(&q)
		_, err := w.reports.Report(context.Background(), q)
		require.True(t, fault.Is(err, fault.CodeBadUserInput), "%s: %v", name, err)
		require.Contains(t, fault.From(err).Message, c.words, name)
	}
	q := w.Query(usage.Day, noon.AddDate(0, 0, -3), noon)
	q.Organization = uuid.New()
	_, err := w.reports.Report(context.Background(), q)
	require.True(t, fault.Is(err, fault.CodeNotFound))
}

// Times that are too old for a table are read from a coarser one if that is exact. If it
// is not for the time before the report, Previous is nil.
func TestOldTimesAreReadFromCoarserTables(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "Europe/Berlin", noon)
		when := usagetest.At("2025-01-10T10:00:00Z")
		w.counter.Add(w.Call(uuid.UUID{5}, "VALID"), when, 4)
		w.flush()
		w.rollUp()
		_, err := w.counts.Purge(context.Background())
		require.NoError(t, err)
		require.EqualValues(t, 0, w.Number(`SELECT COUNT(*) FROM usage_hours`))
		r := w.report(w.Query(usage.Month, usagetest.At("2024-12-31T23:00:00Z"), usagetest.At("2025-01-31T23:00:00Z")))
		require.EqualValues(t, 4, r.Total)
		require.NotNil(t, r.Previous)
		r = w.report(w.Query(usage.Month, usagetest.At("2024-12-31T23:00:00Z"), usagetest.At("2025-04-30T22:00:00Z")))
		require.EqualValues(t, 4, r.Total)
		require.Nil(t, r.Previous, "120 days and 23 hours earlier it was 1:00 there, and the hours are gone")
	})
}

// Days that were rolled up in an earlier time zone of the organization are not counted
// as its days: hours or minutes are read instead.
func TestReportAfterTheOrganizationChangedItsTimeZone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		w.counter.Add(w.Call(uuid.UUID{5}, "VALID"), usagetest.At("2026-06-14T23:30:00Z"), 4) // the 15th in Berlin
		w.flush()
		w.rollUp()
		for _, zone := range []string{"Europe/Berlin", "Asia/Kathmandu"} {
			loc, err := time.LoadLocation(zone)
			require.NoError(t, err)
			w.Zone = loc
			from := usage.Day.Start(noon.AddDate(0, 0, -1), loc)
			r := w.report(w.Query(usage.Day, from, usage.Day.Ceil(noon, loc)))
			require.EqualValues(t, 0, r.Points[0].Calls, zone)
			require.EqualValues(t, 4, r.Points[1].Calls, zone)
		}
	})
}

func TestCallsOfSubscriptionsInTheLast24Hours(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		s, other := w.AddSubscription(uuid.New(), "null"), uuid.New()
		for _, product := range []uuid.UUID{s.Product, other} {
			c := w.Call(s.App, "VALID")
			c.Product = product
			w.counter.Add(c, noon.Add(-time.Hour), 2)
			w.counter.Add(c, noon, 1)
			w.counter.Add(c, noon.Add(-25*time.Hour), 100)
		}
		w.flush()
		w.rollUp()
		got, err := w.reports.CallsLast24h(context.Background(), w.Organization, w.Zone, usage.BySubscription, []uuid.UUID{s.ID, uuid.New()})
		require.NoError(t, err)
		require.Equal(t, map[uuid.UUID]int64{s.ID: 3}, got)
	})
}

func TestTopAppsReturnsAtMost100Apps(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t), "UTC", noon)
	for i := range byte(5) {
		w.counter.Add(w.Call(uuid.UUID{1 + i}, "VALID"), noon, int64(i+1))
	}
	w.counter.Add(w.Call(uuid.Nil, "NOT_FOUND"), noon, 100)
	w.flush()
	q := w.Query(usage.Day, noon.Add(-time.Hour), noon.Add(time.Hour))
	top, err := w.reports.TopApps(context.Background(), q, 2)
	require.NoError(t, err)
	require.Equal(t, []usage.AppCalls{{App: uuid.UUID{5}, Calls: 5}, {App: uuid.UUID{4}, Calls: 4}}, top)
	for _, n := range []int{0, 101} {
		_, err := w.reports.TopApps(context.Background(), q, n)
		require.True(t, fault.Is(err, fault.CodeBadUserInput))
	}
}
