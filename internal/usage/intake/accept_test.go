package intake

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/fault"
	"portico/internal/testdb"
	"portico/internal/usage"
	"portico/internal/usage/usagetest"
)

func TestAccept(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "Europe/Berlin", noon)
		app := uuid.UUID{5}
		w.AddObjectsOf(app)
		report := []usage.Reported{
			{Call: *w.Call(app, "VALID"), At: noon, Calls: 2},
			{Call: *w.Call(app, "VALID"), At: noon.Add(time.Second), Calls: 3, StatusClass: 2, Latency: 30 * time.Millisecond},
			{Call: *w.Call(app, ""), At: noon, Calls: 1, StatusClass: 2, Latency: 50 * time.Millisecond},
			{Call: *w.Call(app, ""), At: noon, Calls: 1, StatusClass: 5, Latency: time.Second},
		}
		report[0].Organization = uuid.New() // the caller's organization is the one that counts
		for n := range 3 {
			replayed, err := w.store.Accept(ctx, usage.Reporter{Organization: w.Organization}, "batch-1", report)
			require.NoError(t, err)
			require.Equal(t, n > 0, replayed)
		}
		other := w.AddOrganization("UTC")
		replayed, err := w.store.Accept(ctx, usage.Reporter{Organization: other}, "batch-1", []usage.Reported{{Call: usage.Call{Code: "NOT_FOUND"}, At: noon, Calls: 1}})
		require.NoError(t, err)
		require.False(t, replayed, "ids are unique in the organization only")
		q := w.Query(usage.Hour, noon.Add(-time.Hour), noon.Add(time.Hour))
		q.Apps = []uuid.UUID{app}
		require.Equal(t, map[string]int64{"VALID": 5}, w.report(q).Totals)
		q.From = usagetest.At("2026-06-15T12:00:00Z")
		up, err := w.reports.Upstream(ctx, q)
		require.NoError(t, err)
		require.Equal(t, []usage.Upstream{{StatusClass: 2, Calls: 4, Latency: 20 * time.Millisecond}, {StatusClass: 5, Calls: 1, Latency: time.Second}}, up)
		unknown := uuid.New()
		q.Account = &unknown
		up, err = w.reports.Upstream(ctx, q)
		require.NoError(t, err)
		require.Empty(t, up)

		good := usage.Reported{Call: *w.Call(app, "VALID"), At: noon, Calls: 1}
		for name, change := range map[string]func(*usage.Reported){
			"none": func(r *usage.Reported) { r.Calls = 0 }, "negative": func(r *usage.Reported) { r.Calls = -1 }, "class": func(r *usage.Reported) { r.StatusClass = 6 },
			"nothing": func(r *usage.Reported) { r.Code = "" }, "latency": func(r *usage.Reported) { r.Latency = -1 },
			"old": func(r *usage.Reported) { r.At = noon.Add(-25 * time.Hour) }, "early": func(r *usage.Reported) { r.At = noon.Add(time.Hour) },
		} {
			bad := good
			change(&bad)
			_, err := w.store.Accept(ctx, usage.Reporter{Organization: w.Organization}, "batch-2", []usage.Reported{good, bad})
			require.True(t, fault.Is(err, fault.CodeBadUserInput), name)
			require.Contains(t, err.Error(), "Row 1", name)
		}
		for _, id := range []string{"", strings.Repeat("x", 201), "a b", "ä"} {
			_, err := w.store.Accept(ctx, usage.Reporter{Organization: w.Organization}, id, nil)
			require.True(t, fault.Is(err, fault.CodeBadUserInput), id)
		}
		_, err = w.store.Accept(ctx, usage.Reporter{Organization: w.Organization}, "batch-2", []usage.Reported{good})
		require.NoError(t, err, "a refused batch stores nothing")

		// A gateway that missed the response may repeat the batch much later, and after the
		// credential was deleted.
		w.Exec(`DELETE FROM credentials`)
		w.Clock.Advance(maxAge + time.Hour)
		replayed, err = w.store.Accept(ctx, usage.Reporter{Organization: w.Organization}, "batch-1", report)
		require.NoError(t, err)
		require.True(t, replayed)
		_, err = w.store.Accept(ctx, usage.Reporter{Organization: w.Organization}, "batch-3", report)
		require.True(t, fault.Is(err, fault.CodeBadUserInput), err)
	})
}
