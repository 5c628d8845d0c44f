package usage

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/fault"
	"portico/internal/testdb"
)

func TestEmptyPointsAndDaysOfOtherLengths(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "Europe/Berlin", at("2026-04-02T12:00:00Z"))
		w.counter.Add(w.call(uuid.UUID{5}, "VALID"), at("2026-03-29T21:59:59Z"), 4) // 23:59 there
		w.counter.Add(w.call(uuid.UUID{5}, "VALID"), at("2026-03-29T22:00:00Z"), 2)
		w.flush()
		w.rollUp()
		r := w.report(w.query(Day, at("2026-03-27T23:00:00Z"), at("2026-03-31T22:00:00Z")))
		var calls []int64
		var hours []float64
		for _, p := range r.Points {
			calls, hours = append(calls, p.Calls), append(hours, p.End.Sub(p.Start).Hours())
		}
		require.Equal(t, []int64{0, 4, 2, 0}, calls)
		require.Equal(t, []float64{24, 23, 24, 24}, hours)
		require.EqualValues(t, 6, r.Total)
		require.EqualValues(t, 0, *r.Previous)
		require.Equal(t, w.clock.Now(), r.AsOf, "there is no node that counts")
	})
}

func TestAsOf(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		w.exec(`INSERT INTO gate_nodes (id, name, started_at, seen_at, flushed_at) VALUES ($1, 'a', $3, $3, $4), ($2, 'b', $5, $5, $5)`,
			uuid.New(), uuid.New(), noon, noon.Add(-700*time.Millisecond), noon.Add(-2*time.Minute))
		r := w.report(w.query(Day, noon.Add(-time.Hour), noon))
		require.Equal(t, noon.Add(-700*time.Millisecond), r.AsOf, "of the node that lives")
	})
}

func TestWhatCannotBeAsked(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t), "Europe/Berlin", noon)
	day := func(text string) time.Time { return at(text + "T22:00:00Z") } // midnight there
	for name, c := range map[string]struct {
		change func(*Query)
		words  string
	}{
		"backwards":       {func(q *Query) { q.From, q.To = q.To, q.From }, "must be after its beginning"},
		"nothing":         {func(q *Query) { q.To = q.From }, "must be after its beginning"},
		"without an end":  {func(q *Query) { q.To = time.Time{} }, "1970 to 9999"},
		"the first day":   {func(q *Query) { q.From = at("0001-01-01T00:00:00Z") }, "1970 to 9999"},
		"before counts":   {func(q *Query) { q.From = at("1969-12-31T23:59:59Z") }, "1970 to 9999"},
		"no interval":     {func(q *Query) { q.Interval = "WEEK" }, "MINUTE, HOUR, DAY or MONTH"},
		"no zone":         {func(q *Query) { q.Location = nil }, "time zone"},
		"too many points": {func(q *Query) { q.Interval, q.From = Minute, q.To.Add(-401*time.Minute) }, "more than 400 points"},
		"far too many":    {func(q *Query) { q.Interval, q.To = Minute, at("9999-01-01T00:00:00Z") }, "more than 400 points"},
		"old minutes": {func(q *Query) {
			q.Interval, q.From, q.To = Minute, noon.AddDate(0, 0, -8), noon.AddDate(0, 0, -8).Add(time.Hour/2)
		}, "minutes are kept since 2026-06-08T12:00:30Z"},
		"old hours":    {func(q *Query) { q.Interval, q.From, q.To = Hour, day("2025-01-01"), day("2025-01-02") }, "hours are kept since 2025-05-11T12:00:30Z"},
		"old days":     {func(q *Query) { q.Interval, q.From, q.To = Day, day("2020-06-01"), day("2020-06-03") }, "Calls are kept since 2021-06-11T12:00:30Z"},
		"old quarters": {func(q *Query) { q.Location, _ = time.LoadLocation("Asia/Kathmandu"); q.From = noon.AddDate(0, 0, -20) }, "minutes are kept"},
	} {
		q := w.query(Day, noon.AddDate(0, 0, -3), noon)
		c.change(&q)
		_, err := w.store.Report(context.Background(), q)
		require.True(t, fault.Is(err, fault.CodeBadUserInput), "%s: %v", name, err)
		require.Contains(t, fault.From(err).Message, c.words, name)
	}
	q := w.query(Day, noon.AddDate(0, 0, -3), noon)
	q.Organization = uuid.New()
	_, err := w.store.Report(context.Background(), q)
	require.True(t, fault.Is(err, fault.CodeNotFound))
}

// What is too old for its own table is answered by a coarser one where that is
// exact; the time before the report is left out where it cannot be.
func TestOldTimesAreAnsweredWhereThatIsExact(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "Europe/Berlin", noon)
		when := at("2025-01-10T10:00:00Z")
		w.counter.Add(w.call(uuid.UUID{5}, "VALID"), when, 4)
		w.flush()
		w.rollUp()
		_, err := w.store.Purge(context.Background())
		require.NoError(t, err)
		require.EqualValues(t, 0, w.number(`SELECT COUNT(*) FROM usage_hours`))
		r := w.report(w.query(Month, at("2024-12-31T23:00:00Z"), at("2025-01-31T23:00:00Z")))
		require.EqualValues(t, 4, r.Total)
		require.NotNil(t, r.Previous)
		r = w.report(w.query(Month, at("2024-12-31T23:00:00Z"), at("2025-04-30T22:00:00Z")))
		require.EqualValues(t, 4, r.Total)
		require.Nil(t, r.Previous, "120 days and 23 hours earlier it was 1:00 there, and the hours are gone")
	})
}

// Days that were rolled up by a zone which the organization has left are not
// taken for its days: hours or minutes answer.
func TestTheOrganizationMoves(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		w.counter.Add(w.call(uuid.UUID{5}, "VALID"), at("2026-06-14T23:30:00Z"), 4) // the 15th in Berlin
		w.flush()
		w.rollUp()
		for _, zone := range []string{"Europe/Berlin", "Asia/Kathmandu"} {
			loc, err := time.LoadLocation(zone)
			require.NoError(t, err)
			w.zone = loc
			from := Day.floor(noon.AddDate(0, 0, -1), loc)
			r := w.report(w.query(Day, from, Day.ceil(noon, loc)))
			require.EqualValues(t, 0, r.Points[0].Calls, zone)
			require.EqualValues(t, 4, r.Points[1].Calls, zone)
		}
	})
}

func TestCallsOfRegistrations(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		account, app, product, plan, sub, other := uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New()
		w.exec(`INSERT INTO accounts (id, created_at, updated_at, name, name_folded, profile, organization_id) VALUES ($1, $2, $2, 'a', 'a', '{}', $3)`, account, noon, w.org)
		w.exec(`INSERT INTO apps (id, created_at, updated_at, reference_id, name, name_folded, labels, account_id, organization_id) VALUES ($1, $2, $2, $1, 'a', 'a', '[]', $3, $4)`, app, noon, account, w.org)
		w.exec(`INSERT INTO products (id, created_at, updated_at, name, title, title_folded, auth_types, organization_id) VALUES ($1, $2, $2, 'p', 'p', 'p', '[]', $3)`, product, noon, w.org)
		w.exec(`INSERT INTO plans (id, created_at, updated_at, name, kind, product_id, organization_id) VALUES ($1, $2, $2, 'p', 'FREE', $3, $4)`, plan, noon, product, w.org)
		w.exec(`INSERT INTO subscriptions (id, created_at, updated_at, status, app_id, account_id, product_id, plan_id, organization_id) VALUES ($1, $2, $2, 'APPROVED', $3, $4, $5, $6, $7)`, sub, noon, app, account, product, plan, w.org)
		for _, p := range []uuid.UUID{product, other} {
			c := w.call(app, "VALID")
			c.Product = p
			w.counter.Add(c, noon.Add(-time.Hour), 2)
			w.counter.Add(c, noon, 1)
			w.counter.Add(c, noon.Add(-25*time.Hour), 100)
		}
		w.flush()
		w.rollUp()
		got, err := w.store.CallsLast24h(context.Background(), w.org, w.zone, BySubscription, []uuid.UUID{sub, uuid.New()})
		require.NoError(t, err)
		require.Equal(t, map[uuid.UUID]int64{sub: 3}, got)
	})
}

func TestTopAppsBounds(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t), "UTC", noon)
	for i := range byte(5) {
		w.counter.Add(w.call(uuid.UUID{1 + i}, "VALID"), noon, int64(i+1))
	}
	w.counter.Add(w.call(uuid.Nil, "NOT_FOUND"), noon, 100)
	w.flush()
	q := w.query(Day, noon.Add(-time.Hour), noon.Add(time.Hour))
	top, err := w.store.TopApps(context.Background(), q, 2)
	require.NoError(t, err)
	require.Equal(t, []AppCalls{{uuid.UUID{5}, 5}, {uuid.UUID{4}, 4}}, top)
	for _, n := range []int{0, 101} {
		_, err := w.store.TopApps(context.Background(), q, n)
		require.True(t, fault.Is(err, fault.CodeBadUserInput))
	}
}
