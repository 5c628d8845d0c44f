package usage

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/limits"
	"portico/internal/fault"
	"portico/internal/testdb"
)

// The sums of the proof in bounds.go.
func TestNoSumOverflowsWithinItsRetention(t *testing.T) {
	const longestDay, longestKept = 25 * 60, 3660 + 1 // minutes, days
	require.Less(t, int64(mostInMinute*longestDay), int64(Most))
	require.Less(t, float64(mostInMinute)*longestDay*longestKept, float64(math.MaxInt64))
	require.LessOrEqual(t, int64(MaxReported*MaxCalls), int64(mostInMinute), "a batch of the greatest rows fits")
	require.Less(t, float64(MaxReported)*float64(MaxLatency.Microseconds()), float64(math.MaxInt64), "and so does what Go sums up")
	require.Less(t, int64(slowest/time.Microsecond), int64(mostMicros))
	require.EqualValues(t, Most, plus(Most, 1))
	require.EqualValues(t, Most, plus(math.MaxInt64, math.MaxInt64))
	require.EqualValues(t, 5, plus(2, 3))
}

func (w *world) accept(batch string, rows ...Reported) error {
	_, err := w.store.Accept(w.t.Context(), Reporter{Organization: w.org}, batch, rows)
	return err
}

// refusedRow wants a batch to be refused for one of its rows, for good.
func (w *world) refusedRow(row int, rows ...Reported) {
	w.t.Helper()
	err := w.accept("refused", rows...)
	require.True(w.t, fault.Is(err, fault.CodeBadUserInput), "%v", err)
	require.Contains(w.t, err.Error(), fmt.Sprintf("Row %d:", row))
}

func TestReportsAtTheirEdges(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		one := Reported{Call: Call{Code: "NOT_FOUND"}, At: noon, Calls: 1, StatusClass: 1}
		for name, c := range map[string]struct{ at, beyond func(*Reported) }{
			"calls":       {func(r *Reported) { r.Calls = MaxCalls }, func(r *Reported) { r.Calls = MaxCalls + 1 }},
			"no calls":    {func(r *Reported) { r.Calls = 1 }, func(r *Reported) { r.Calls = 0 }},
			"class":       {func(r *Reported) { r.StatusClass = 5 }, func(r *Reported) { r.StatusClass = 6 }},
			"no class":    {func(r *Reported) { r.StatusClass = 0 }, func(r *Reported) { r.StatusClass, r.Code = 0, "" }},
			"below class": {func(r *Reported) { r.StatusClass = 1 }, func(r *Reported) { r.StatusClass = -1 }},
			"mean":        {func(r *Reported) { r.Calls, r.Latency = 2, 2*slowest }, func(r *Reported) { r.Calls, r.Latency = 2, 2*slowest+1 }},
			"few":         {func(r *Reported) { r.Calls, r.Latency = 27777, 27777*slowest }, func(r *Reported) { r.Calls, r.Latency = 27777, 27777*slowest+1 }},
			"latency":     {func(r *Reported) { r.Calls, r.Latency = 27778, MaxLatency }, func(r *Reported) { r.Calls, r.Latency = MaxCalls, MaxLatency+1 }},
			"many":        {func(r *Reported) { r.Calls, r.Latency = 3_000_000, MaxLatency }, func(r *Reported) { r.Calls, r.Latency = 3_000_000, MaxLatency+1 }},
			"negative":    {func(r *Reported) { r.Latency = 0 }, func(r *Reported) { r.Latency = -1 }},
			"past":        {func(r *Reported) { r.At = noon.Add(-24 * time.Hour) }, func(r *Reported) { r.At = noon.Add(-24*time.Hour - 1) }},
			"future":      {func(r *Reported) { r.At = noon.Add(5 * time.Minute) }, func(r *Reported) { r.At = noon.Add(5*time.Minute + 1) }},
		} {
			at, beyond := one, one
			c.at(&at)
			c.beyond(&beyond)
			require.NoError(t, w.accept(strings.ReplaceAll(name, " ", ""), one, at), name)
			w.refusedRow(1, one, beyond)
		}
		require.NoError(t, w.accept(strings.Repeat("a", MaxBatchID), one))
		require.True(t, fault.Is(w.accept(strings.Repeat("a", MaxBatchID+1), one), fault.CodeBadUserInput))
		many := make([]Reported, MaxReported+1)
		for i := range many {
			many[i] = one
		}
		require.NoError(t, w.accept("many", many[1:]...))
		require.True(t, fault.Is(w.accept("more", many...), fault.CodeBadUserInput))
	})
}

// The greatest reports are taken until their rows are full, are refused from
// then on, and answer with the right mean all the time.
func TestTheGreatestReportsFillTheirRowsAndNoMore(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		great := Reported{Call: Call{Code: "NOT_FOUND"}, At: noon, Calls: MaxCalls, StatusClass: 2, Latency: MaxLatency}
		const fits = mostMicros / int(MaxLatency/time.Microsecond)
		rows := make([]Reported, fits)
		for i := range rows {
			rows[i] = great
		}
		require.NoError(t, w.accept("first", rows...))
		w.refusedRow(0, great)
		w.refusedRow(fits, func() []Reported { // an hour that is empty yet
			all := make([]Reported, fits+1)
			for i := range all {
				all[i] = great
				all[i].At = noon.Add(-time.Hour)
			}
			return all
		}()...)
		found, err := w.store.Upstream(t.Context(), w.query(Hour, noon.Add(-time.Hour), noon.Add(time.Hour)))
		require.NoError(t, err)
		require.Equal(t, []Upstream{{StatusClass: 2, Calls: int64(fits) * MaxCalls, Latency: 100 * time.Millisecond}}, found)

		decided := Reported{Call: Call{Code: "NOT_FOUND"}, At: noon, Calls: MaxCalls}
		left := make([]Reported, mostInMinute/MaxCalls-fits)
		for i := range left {
			left[i] = decided
		}
		require.NoError(t, w.accept("second", left...))
		w.refusedRow(0, Reported{Call: Call{Code: "NOT_FOUND"}, At: noon, Calls: 1})
		w.clock.Advance(2 * time.Minute)
		w.rollUp()
		r := w.report(w.query(Day, noon.Add(-time.Hour), noon.Add(time.Hour)))
		require.EqualValues(t, mostInMinute, r.Total)
	})
}

// Every hour of the longest retention full, and what an older program left
// behind: what is read is right or stops at the greatest number, and what comes
// is counted on.
func TestWhatIsStoredTooLargeIsReadAndCountedOn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		for i := range 1001 {
			w.exec(`INSERT INTO usage_upstreams (id, organization_id, at, account_id, app_id, credential_id, product_id, status_class, calls, latency_us)
				VALUES ($1, $2, $3, $4, $4, $4, $4, 2, $5, $6)`, uuid.New(), w.org, noon.Add(-time.Duration(i)*time.Hour), uuid.Nil, int64(mostMicros/1000), int64(mostMicros))
		}
		q := w.query(Day, noon.AddDate(0, 0, -50), noon)
		found, err := w.store.Upstream(t.Context(), q)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.EqualValues(t, Most, found[0].Calls)
		require.InDelta(t, time.Millisecond, found[0].Latency, 1)

		c := Call{Organization: w.org, Code: "VALID"}
		minute, day := noon.Truncate(time.Minute), noon.Truncate(24*time.Hour)
		for _, row := range []struct {
			table string
			at    time.Time
		}{{"usage_minutes", minute}, {"usage_hours", noon.Truncate(time.Hour)}, {"usage_days", day}, {"usage_days", day.AddDate(0, 0, -1)}} {
			w.exec(`INSERT INTO `+row.table+` (id, organization_id, at, account_id, app_id, credential_id, product_id, endpoint_id, code, calls)
				VALUES ($1, $2, $3, $4, $4, $4, $4, $4, 'VALID', $5)`, c.id(row.at), w.org, row.at, uuid.Nil, int64(math.MaxInt64))
		}
		w.counter.Add(&c, noon, 1)
		w.flush()
		w.clock.Advance(2 * time.Minute)
		w.rollUp()
		r := w.report(w.query(Day, day.AddDate(0, 0, -1), day.AddDate(0, 0, 1)))
		require.EqualValues(t, Most, r.Total)
		require.EqualValues(t, Most, r.Points[1].Calls)
	})
}

// An older program's sums on SQLite became floating-point numbers.
func TestFloatingPointSumsAreRead(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t), "UTC", noon)
	c := Call{Organization: w.org, Code: "VALID"}
	minute := noon.Truncate(time.Minute)
	w.exec(`INSERT INTO usage_minutes (id, organization_id, at, account_id, app_id, credential_id, product_id, endpoint_id, code, calls)
		VALUES ($1, $2, $3, $4, $4, $4, $4, $4, 'VALID', 1e19)`, c.id(minute), w.org, minute, uuid.Nil)
	w.clock.Advance(2 * time.Minute)
	w.rollUp()
	require.EqualValues(t, Most, w.report(w.query(Day, noon.Add(-time.Hour), noon)).Total)
	w.refusedRow(0, Reported{Call: Call{Code: "VALID"}, At: noon, Calls: 1})
}

// A quota that is used up stays so.
func TestQuotasStopAtTheGreatestNumber(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		q := &quotas{totals: map[uuid.UUID]int64{}}
		f := w.newFlusher(w.counter, q)
		u := limits.Used{Organization: w.org, Subscription: uuid.New(), PeriodStart: noon.Add(-time.Hour), PeriodEnd: noon.Add(time.Hour), N: Most}
		for range 3 {
			q.pending = []limits.Used{u, u}
			require.NoError(t, f.Flush(t.Context()))
		}
		require.EqualValues(t, Most, q.totals[u.Subscription])
		w.exec(`UPDATE quota_counts SET used = $1`, int64(math.MaxInt64))
		found, err := w.store.quotaUsed(t.Context(), []uuid.UUID{u.Subscription}, noon)
		require.NoError(t, err)
		require.EqualValues(t, Most, found[u.Subscription].N)
	})
}
