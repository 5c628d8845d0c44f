package intake

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
	"portico/internal/usage"
)

func (w *world) accept(batch string, rows ...usage.Reported) error {
	_, err := w.store.Accept(w.T.Context(), usage.Reporter{Organization: w.Organization}, batch, rows)
	return err
}

// requireRefused requires that a batch is refused, and that the error names a row.
func (w *world) requireRefused(row int, rows ...usage.Reported) {
	w.T.Helper()
	err := w.accept("refused", rows...)
	require.True(w.T, fault.Is(err, fault.CodeBadUserInput), "%v", err)
	require.Contains(w.T, err.Error(), fmt.Sprintf("Row %d:", row))
}

func TestBoundsOfReportedCalls(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		one := usage.Reported{Call: usage.Call{Code: "NOT_FOUND"}, At: noon, Calls: 1, StatusClass: 1}
		for name, c := range map[string]struct{ at, beyond func(*usage.Reported) }{
			"calls":       {func(r *usage.Reported) { r.Calls = usage.MaxCalls }, func(r *usage.Reported) { r.Calls = usage.MaxCalls + 1 }},
			"no calls":    {func(r *usage.Reported) { r.Calls = 1 }, func(r *usage.Reported) { r.Calls = 0 }},
			"class":       {func(r *usage.Reported) { r.StatusClass = 5 }, func(r *usage.Reported) { r.StatusClass = 6 }},
			"no class":    {func(r *usage.Reported) { r.StatusClass = 0 }, func(r *usage.Reported) { r.StatusClass, r.Code = 0, "" }},
			"below class": {func(r *usage.Reported) { r.StatusClass = 1 }, func(r *usage.Reported) { r.StatusClass = -1 }},
			"mean":        {func(r *usage.Reported) { r.Calls, r.Latency = 2, 2*usage.MaxMeanLatency }, func(r *usage.Reported) { r.Calls, r.Latency = 2, 2*usage.MaxMeanLatency+1 }},
			"few":         {func(r *usage.Reported) { r.Calls, r.Latency = 27777, 27777*usage.MaxMeanLatency }, func(r *usage.Reported) { r.Calls, r.Latency = 27777, 27777*usage.MaxMeanLatency+1 }},
			"latency":     {func(r *usage.Reported) { r.Calls, r.Latency = 27778, usage.MaxLatency }, func(r *usage.Reported) { r.Calls, r.Latency = usage.MaxCalls, usage.MaxLatency+1 }},
			"many":        {func(r *usage.Reported) { r.Calls, r.Latency = 3_000_000, usage.MaxLatency }, func(r *usage.Reported) { r.Calls, r.Latency = 3_000_000, usage.MaxLatency+1 }},
			"negative":    {func(r *usage.Reported) { r.Latency = 0 }, func(r *usage.Reported) { r.Latency = -1 }},
			"past":        {func(r *usage.Reported) { r.At = noon.Add(-24 * time.Hour) }, func(r *usage.Reported) { r.At = noon.Add(-24*time.Hour - 1) }},
			"future":      {func(r *usage.Reported) { r.At = noon.Add(5 * time.Minute) }, func(r *usage.Reported) { r.At = noon.Add(5*time.Minute + 1) }},
		} {
			at, beyond := one, one
			c.at(&at)
			c.beyond(&beyond)
			require.NoError(t, w.accept(strings.ReplaceAll(name, " ", ""), one, at), name)
			w.requireRefused(1, one, beyond)
		}
		require.NoError(t, w.accept(strings.Repeat("a", usage.MaxBatchID), one))
		require.True(t, fault.Is(w.accept(strings.Repeat("a", usage.MaxBatchID+1), one), fault.CodeBadUserInput))
		many := make([]usage.Reported, usage.MaxReported+1)
		for i := range many {
			many[i] = one
		}
		require.NoError(t, w.accept("many", many[1:]...))
		require.True(t, fault.Is(w.accept("more", many...), fault.CodeBadUserInput))
	})
}

// The largest reports are accepted until their rows are full and refused from then on,
// and the mean is right all the time.
func TestLargestReportsFillTheirRows(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		great := usage.Reported{Call: usage.Call{Code: "NOT_FOUND"}, At: noon, Calls: usage.MaxCalls, StatusClass: 2, Latency: usage.MaxLatency}
		const fits = usage.MaxMicrosPerHour / int(usage.MaxLatency/time.Microsecond)
		rows := make([]usage.Reported, fits)
		for i := range rows {
			rows[i] = great
		}
		require.NoError(t, w.accept("first", rows...))
		w.requireRefused(0, great)
		w.requireRefused(fits, func() []usage.Reported { // an hour that is still empty
			all := make([]usage.Reported, fits+1)
			for i := range all {
				all[i] = great
				all[i].At = noon.Add(-time.Hour)
			}
			return all
		}()...)
		found, err := w.reports.Upstream(t.Context(), w.Query(usage.Hour, noon.Add(-time.Hour), noon.Add(time.Hour)))
		require.NoError(t, err)
		require.Equal(t, []usage.Upstream{{StatusClass: 2, Calls: int64(fits) * usage.MaxCalls, Latency: 100 * time.Millisecond}}, found)

		decided := usage.Reported{Call: usage.Call{Code: "NOT_FOUND"}, At: noon, Calls: usage.MaxCalls}
		left := make([]usage.Reported, usage.MaxPerMinute/usage.MaxCalls-fits)
		for i := range left {
			left[i] = decided
		}
		require.NoError(t, w.accept("second", left...))
		w.requireRefused(0, usage.Reported{Call: usage.Call{Code: "NOT_FOUND"}, At: noon, Calls: 1})
		w.Clock.Advance(2 * time.Minute)
		w.rollUp()
		r := w.report(w.Query(usage.Day, noon.Add(-time.Hour), noon.Add(time.Hour)))
		require.EqualValues(t, usage.MaxPerMinute, r.Total)
	})
}

// With every hour of the longest retention full, and larger counts of an older version,
// results are right or usage.MaxCount, and further calls are counted.
func TestTooLargeStoredCounts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		for i := range 1001 {
			w.Exec(`INSERT INTO usage_upstreams (id, organization_id, at, account_id, app_id, credential_id, product_id, status_class, calls, latency_us)
				VALUES ($1, $2, $3, $4, $4, $4, $4, 2, $5, $6)`, uuid.New(), w.Organization, noon.Add(-time.Duration(i)*time.Hour), uuid.Nil, int64(usage.MaxMicrosPerHour/1000), int64(usage.MaxMicrosPerHour))
		}
		q := w.Query(usage.Day, noon.AddDate(0, 0, -50), noon)
		found, err := w.reports.Upstream(t.Context(), q)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.EqualValues(t, usage.MaxCount, found[0].Calls)
		require.InDelta(t, time.Millisecond, found[0].Latency, 1)

		c := usage.Call{Organization: w.Organization, Code: "VALID"}
		minute, day := noon.Truncate(time.Minute), noon.Truncate(24*time.Hour)
		for _, row := range []struct {
			table string
			at    time.Time
		}{{"usage_minutes", minute}, {"usage_hours", noon.Truncate(time.Hour)}, {"usage_days", day}, {"usage_days", day.AddDate(0, 0, -1)}} {
			w.Exec(`INSERT INTO `+row.table+` (id, organization_id, at, account_id, app_id, credential_id, product_id, endpoint_id, code, calls)
				VALUES ($1, $2, $3, $4, $4, $4, $4, $4, 'VALID', $5)`, c.ID(row.at), w.Organization, row.at, uuid.Nil, int64(math.MaxInt64))
		}
		w.counter.Add(&c, noon, 1)
		w.flush()
		w.Clock.Advance(2 * time.Minute)
		w.rollUp()
		r := w.report(w.Query(usage.Day, day.AddDate(0, 0, -1), day.AddDate(0, 0, 1)))
		require.EqualValues(t, usage.MaxCount, r.Total)
		require.EqualValues(t, usage.MaxCount, r.Points[1].Calls)
	})
}

// On SQLite, the sums of an older version became floating-point numbers.
func TestFloatingPointCountsAreRead(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t), "UTC", noon)
	c := usage.Call{Organization: w.Organization, Code: "VALID"}
	minute := noon.Truncate(time.Minute)
	w.Exec(`INSERT INTO usage_minutes (id, organization_id, at, account_id, app_id, credential_id, product_id, endpoint_id, code, calls)
		VALUES ($1, $2, $3, $4, $4, $4, $4, $4, 'VALID', 1e19)`, c.ID(minute), w.Organization, minute, uuid.Nil)
	w.Clock.Advance(2 * time.Minute)
	w.rollUp()
	require.EqualValues(t, usage.MaxCount, w.report(w.Query(usage.Day, noon.Add(-time.Hour), noon)).Total)
	w.requireRefused(0, usage.Reported{Call: usage.Call{Code: "VALID"}, At: noon, Calls: 1})
}

// A quota that is used up remains so.
func TestQuotaCountsStopAtMaxCount(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		q := &fakeQuotas{totals: map[uuid.UUID]int64{}}
		f := w.newFlusher(w.counter, q)
		u := limits.Used{Organization: w.Organization, AppCounter: uuid.New(), PeriodStart: noon.Add(-time.Hour), PeriodEnd: noon.Add(time.Hour), N: usage.MaxCount}
		for range 3 {
			q.pending = []limits.Used{u, u}
			require.NoError(t, f.Flush(t.Context()))
		}
		require.EqualValues(t, usage.MaxCount, q.totals[u.AppCounter])
		w.Exec(`UPDATE quota_counts SET used = $1`, int64(math.MaxInt64))
		found, err := w.store.quotaUsed(t.Context(), []uuid.UUID{u.AppCounter}, noon)
		require.NoError(t, err)
		require.EqualValues(t, usage.MaxCount, found[u.AppCounter].N)
	})
}
