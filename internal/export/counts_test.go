package export_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/activity"
	"portico/internal/export"
	"portico/internal/nodeid"
	"portico/internal/usage"
	"portico/internal/viewer"
)

// Counts are read a point at a time, those without calls not at all, each by the request's
// filter with the point's time.
func TestUsage(t *testing.T) {
	var asked []string
	point := func(day, calls int) string {
		return fmt.Sprintf(`{"start":"2026-03-%02dT00:00:00Z","end":"2026-03-%02dT00:00:00Z","calls":%d}`, day, day+1, calls)
	}
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q question
		require.NoError(t, json.NewDecoder(r.Body).Decode(&q))
		require.Equal(t, `"DAY"`, string(q.Variables["interval"]))
		var filter struct{ From, To, TimeZone string }
		require.NoError(t, json.Unmarshal(q.Variables["filter"], &filter))
		asked = append(asked, filter.From+" "+filter.To+" "+filter.TimeZone)
		add := export.Rows(r.Context())
		if add == nil {
			io.WriteString(w, `{"data":{"usage":{"series":[`+point(1, 5)+","+point(2, 0)+","+point(3, 2)+`]}}}`)
			return
		}
		from, err := time.Parse(time.RFC3339, filter.From)
		require.NoError(t, err)
		for n := range from.Day() {
			require.NoError(t, add(usage.Row{Start: from, End: from.AddDate(0, 0, 1), Account: uuid.Max, App: uuid.Max, Code: "VALID", Calls: int64(n + 1)}))
		}
		io.WriteString(w, `{"data":{"usage":{"timeZone":"UTC"}}}`)
	})
	view := published(t, viewer.Admin)
	var recorded activity.Export
	h := export.Handler(export.Options{
		API: api, View: func(viewer.Viewer) *ast.Schema { return view }, Shares: export.NewShares(), Log: slog.New(slog.DiscardHandler),
		Record:  func(_ context.Context, e activity.Export) error { recorded = e; return nil },
		Observe: func(string, export.Format, export.Outcome, int) {},
	})
	filter := `{"from":"2026-03-01T00:00:00Z","to":"2026-03-04T00:00:00Z","timeZone":"UTC"}`
	r := httptest.NewRequest(http.MethodGet, "/v1/exports/usage?format=csv&interval=DAY&filter="+url.QueryEscape(filter), nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r.WithContext(viewer.NewContext(r.Context(), admin())))
	require.Equal(t, http.StatusOK, w.Code)
	ids := nodeid.Encode(nodeid.Account, uuid.Max) + "," + nodeid.Encode(nodeid.App, uuid.Max) + ",,,,VALID,"
	row := func(day, calls int) string {
		return fmt.Sprintf("2026-03-%02dT00:00:00Z,2026-03-%02dT00:00:00Z,%s%d\r\n", day, day+1, ids, calls)
	}
	require.Equal(t, "start,end,account.id,app.id,product.id,credential.id,endpoint.id,code,calls\r\n"+row(1, 1)+row(3, 1)+row(3, 2)+row(3, 3), w.Body.String())
	require.Equal(t, []string{
		"2026-03-01T00:00:00Z 2026-03-04T00:00:00Z UTC", "2026-03-01T00:00:00Z 2026-03-02T00:00:00Z UTC", "2026-03-03T00:00:00Z 2026-03-04T00:00:00Z UTC",
	}, asked)
	require.Equal(t, activity.Export{List: "usage", Format: "csv", Filter: filter, Rows: 4, Complete: true}, recorded)
}
