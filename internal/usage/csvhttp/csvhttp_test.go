package csvhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/activity"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/usage"
	"portico/internal/usage/csvhttp"
	"portico/internal/viewer"
)

const query = "?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00%2B01:00&interval=DAY&timeZone=Europe/Berlin"

// serve starts a server that exports the rows that rows yields, and returns its URL.
func serve(t *testing.T, asked *activity.UsageFilter, rows func(ctx context.Context, yield func(usage.Row) error) error) string {
	t.Helper()
	return serveWithin(t, 0, asked, rows)
}

// serveWithin is serve with a server that has a write timeout; 0 is none.
func serveWithin(t *testing.T, bound time.Duration, asked *activity.UsageFilter, rows func(ctx context.Context, yield func(usage.Row) error) error) string {
	t.Helper()
	h := csvhttp.Handler(csvhttp.Options{
		Running: csvhttp.NewRoom(),
		May:     func(context.Context) error { return nil },
		Pay:     func(context.Context, http.Header, int, bool) error { return nil },
		Query: func(_ context.Context, f activity.UsageFilter, by usage.Interval) (usage.Query, error) {
			if asked != nil {
				*asked = f
			}
			return usage.Query{Interval: by}, nil
		},
		Rows: func(ctx context.Context, _ usage.Query, yield func(usage.Row) error) error { return rows(ctx, yield) },
		Log:  slog.New(slog.DiscardHandler),
	})
	s := httptest.NewUnstartedServer(as(h))
	s.Config.WriteTimeout = bound
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// as sets the viewer to the person in the query parameter as, of the organization in the
// parameter in.
func as(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		v := viewer.Viewer{UserID: uuid.NewSHA1(uuid.Nil, []byte(q.Get("as")))}
		v.OrganizationID, _ = uuid.Parse(q.Get("in"))
		q.Del("as")
		q.Del("in")
		r.URL.RawQuery = q.Encode()
		h.ServeHTTP(w, r.WithContext(viewer.NewContext(r.Context(), v)))
	})
}

func get(t *testing.T, url string) (*http.Response, string, error) {
	t.Helper()
	r, err := http.Get(url)
	require.NoError(t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return r, string(body), err
}

func row(n int64) usage.Row {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	return usage.Row{Start: day, End: day.AddDate(0, 0, 1), App: uuid.Max, Code: "VALID", Calls: n, Whole: true}
}

func TestExportRows(t *testing.T) {
	var asked activity.UsageFilter
	url := serve(t, &asked, func(_ context.Context, yield func(usage.Row) error) error { return yield(row(5_000_000_000)) })
	r, body, err := get(t, url+query+"&appId=a&appId=b&productId=c")
	require.NoError(t, err)
	require.Equal(t, "start,end,app,product,credential,endpoint,code,calls,id,account\r\n2026-03-01T00:00:00Z,2026-03-02T00:00:00Z,"+
		nodeid.Encode(nodeid.App, uuid.Max)+",,,,VALID,5000000000,b0a3fd0d-557f-515d-96a8-d6e89f536c54,\r\n", body)
	require.Equal(t, "text/csv; charset=utf-8", r.Header.Get("Content-Type"))
	require.Equal(t, `attachment; filename="usage.csv"`, r.Header.Get("Content-Disposition"))
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	require.Equal(t, activity.UsageFilter{
		AppIDs: []string{"a", "b"}, ProductIDs: []string{"c"}, TimeZone: "Europe/Berlin",
		From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC),
	}, asked)
}

func TestExportWithoutRowsIsItsHeader(t *testing.T) {
	url := serve(t, nil, func(context.Context, func(usage.Row) error) error { return nil })
	r, body, err := get(t, url+query)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.Equal(t, "start,end,app,product,credential,endpoint,code,calls,id,account\r\n", body)
}

// The later rows are produced only after the client has read the first, and long
// after the server's write timeout.
func TestRowsAreStreamed(t *testing.T) {
	const bound = 20 * time.Millisecond
	read := make(chan struct{})
	url := serveWithin(t, bound, nil, func(ctx context.Context, yield func(usage.Row) error) error {
		for n := range int64(1000) {
			if err := yield(row(n)); err != nil {
				return err
			}
		}
		select {
		case <-read:
		case <-ctx.Done():
			return ctx.Err()
		}
		time.Sleep(2 * bound)
		return yield(row(1000))
	})
	r, err := http.Get(url + query)
	require.NoError(t, err)
	defer r.Body.Close()
	_, err = io.ReadFull(r.Body, make([]byte, 10_000))
	require.NoError(t, err)
	close(read)
	rest, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(string(rest), ",VALID,1000,b0a3fd0d-557f-515d-96a8-d6e89f536c54,\r\n"))
}

// A client can distinguish half an export from a whole one.
func TestFailureAfterTheFirstRowAborts(t *testing.T) {
	url := serve(t, nil, func(_ context.Context, yield func(usage.Row) error) error {
		for n := range int64(1000) {
			if err := yield(row(n)); err != nil {
				return err
			}
		}
		return errors.New("the database went away: secret")
	})
	_, body, err := get(t, url+query)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NotContains(t, body, "secret")
}

func TestErrorsAreProblems(t *testing.T) {
	for code, status := range map[fault.Code]int{
		fault.CodeUnauthenticated: 401, fault.CodeForbidden: 403, fault.CodeNotFound: 404, fault.CodeConflict: 409, fault.CodeBadUserInput: 400,
		fault.CodeRateLimited: 429, fault.CodeUnavailable: 503, fault.CodeInternal: 500,
	} {
		url := serve(t, nil, func(context.Context, func(usage.Row) error) error {
			return &fault.Error{Code: code, Message: "So it is.", RetryAfter: 1500 * time.Millisecond}
		})
		r, body, err := get(t, url+query)
		require.NoError(t, err)
		require.Equal(t, status, r.StatusCode)
		require.Equal(t, "application/problem+json", r.Header.Get("Content-Type"))
		require.Equal(t, "2", r.Header.Get("Retry-After"))
		require.Empty(t, r.Header.Get("Content-Disposition"))
		var problem map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &problem))
		require.Equal(t, string(code), problem["code"])
		require.Equal(t, "So it is.", problem["detail"])
		require.EqualValues(t, 2, problem["retryAfter"], "as in the header")
	}
	url := serve(t, nil, func(context.Context, func(usage.Row) error) error { return errors.New("pq: secret") })
	r, body, err := get(t, url+query)
	require.NoError(t, err)
	require.Empty(t, r.Header.Get("Retry-After"))
	require.NotContains(t, body, "retryAfter")
	require.Contains(t, body, `"INTERNAL"`)
	require.NotContains(t, body, "secret")
}

func TestInvalidParameters(t *testing.T) {
	url := serve(t, nil, func(context.Context, func(usage.Row) error) error { panic("nothing is asked") })
	for _, query := range []string{
		"", query + "&from=2026-03-01T00:00:00Z", query + "&appid=a", query + "&token=x",
		strings.Replace(query, "DAY", "day", 1), strings.Replace(query, "DAY", "", 1), strings.Replace(query, "00:00:00Z", "00:00", 1),
		strings.Replace(query, "&to=", "&t=", 1),
	} {
		r, body, err := get(t, url+query)
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, r.StatusCode, query)
		require.Contains(t, body, `"BAD_USER_INPUT"`, query)
	}
}

// Exports use connections to the database: only a few run concurrently, and of one
// person even fewer.
func TestConcurrentExportsAreBounded(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	url := serve(t, nil, func(_ context.Context, yield func(usage.Row) error) error {
		begun <- struct{}{}
		<-end
		return nil
	})
	done := make(chan int)
	ask := func(who byte) {
		r, err := http.Get(url + query + "&as=" + string(who))
		if err != nil {
			done <- 0
			return
		}
		_ = r.Body.Close()
		done <- r.StatusCode
	}
	for _, who := range []byte("aabb") {
		go ask(who)
		<-begun
		if who == 'a' {
			continue
		}
		go ask('a')
		require.Equal(t, http.StatusServiceUnavailable, <-done)
	}
	go ask('c')
	require.Equal(t, http.StatusServiceUnavailable, <-done)
	close(end)
	for range 4 {
		require.Equal(t, http.StatusOK, <-done)
	}
}

// A HEAD request reads nothing from the database.
func TestHeadRequest(t *testing.T) {
	url := serve(t, nil, func(context.Context, func(usage.Row) error) error { panic("nothing is read") })
	r, err := http.Head(url + query)
	require.NoError(t, err)
	defer r.Body.Close()
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.Equal(t, "text/csv; charset=utf-8", r.Header.Get("Content-Type"))
}

// A row has the same id in every export, whatever its count is by then; what differs in
// anything else has another. The ids are written down: systems that have them rely on them.
func TestRowsHaveStableIDs(t *testing.T) {
	in := func(organization uuid.UUID, r usage.Row) string {
		t.Helper()
		url := serve(t, nil, func(_ context.Context, yield func(usage.Row) error) error { return yield(r) })
		_, body, err := get(t, url+query+"&in="+organization.String())
		require.NoError(t, err)
		_, last, _ := strings.Cut(strings.TrimSpace(body), "\r\n")
		return strings.Split(last, ",")[8]
	}
	id := func(r usage.Row) string { t.Helper(); return in(uuid.Nil, r) }
	one := row(1)
	require.Equal(t, "b0a3fd0d-557f-515d-96a8-d6e89f536c54", id(one))
	require.Equal(t, id(one), id(row(2)))
	seen := map[string]bool{id(one): true, in(uuid.Max, one): true}
	require.Len(t, seen, 2, "another organization's row is another")
	for _, other := range []func(r *usage.Row){
		func(r *usage.Row) { r.Start = r.Start.Add(time.Hour) }, func(r *usage.Row) { r.End = r.End.Add(time.Hour) },
		func(r *usage.Row) { r.Account = uuid.Max }, func(r *usage.Row) { r.App = uuid.Nil }, func(r *usage.Row) { r.Product = uuid.Max }, func(r *usage.Row) { r.Credential = uuid.Max },
		func(r *usage.Row) { r.Endpoint = uuid.Max }, func(r *usage.Row) { r.Code = "REVOKED" },
	} {
		r := row(1)
		other(&r)
		require.False(t, seen[id(r)], r)
		seen[id(r)] = true
	}
	cut := row(1)
	cut.Whole = false
	require.Empty(t, id(cut), "another export has its calls in a longer row")
}
