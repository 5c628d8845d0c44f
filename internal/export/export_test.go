package export_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/activity"
	"portico/internal/domain"
	"portico/internal/export"
	"portico/internal/viewer"
)

func TestCSV(t *testing.T) {
	f := newFake(t, 160)
	names := []string{"=1+1", "+1", "-1", "@a", "\tx", "\rx", "\n=1", "a,\"b\"\nc", "Ünal", ""}
	f.name = func(i int) string { return names[i%len(names)] }
	filter := `{"status": ["<>"], "new": {"x": [1]}}`
	w, body, err := get(t, f.serve(admin())+"/v1/exports/apps?format=csv&filter="+url.QueryEscape(filter), "Authorization", "Bearer x", "X-Portico-Account", "acc_1", "Cookie", "a=b")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, w.StatusCode, body)
	for name, value := range map[string]string{
		"Content-Type": "text/csv; charset=utf-8; header=present", "Content-Disposition": `attachment; filename="apps.csv"`,
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "RateLimit": `"cost";r=1;t=1`,
	} {
		require.Equal(t, value, w.Header.Get(name), name)
	}
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, strings.Split("id,referenceId,name,description,labels,account.id,account.name,keyCounts.total,keyCounts.active,createdAt,updatedAt,lastUsedAt", ","), rows[0])
	require.Len(t, rows, 161)
	require.Equal(t, []string{"app_8", "", "Ünal", "", `[{"key":"k","value":"<v>"}]`, "acc_1", "Acme", "", "", "", "", ""}, rows[9])
	for i, name := range []string{"'=1+1", "'+1", "-1", "'@a", "'\tx", "'\rx", "'\n'=1", "a,\"b\"\nc", "Ünal", ""} {
		require.Equal(t, strings.ReplaceAll(name, "\r", ""), strings.ReplaceAll(rows[i+1][2], "\r", ""))
	}
	require.Len(t, f.asked, 3, "pages of 75")
	for i, q := range f.asked {
		require.Equal(t, []string{"null", `"75"`, `"150"`}[i], string(q.Variables["after"]))
		require.JSONEq(t, filter, string(q.Variables["filter"]), "as it was given")
		require.Contains(t, q.Query, "$filter: AppFilter")
		require.NotContains(t, q.Query, "orderBy")
		require.Equal(t, "Bearer x", q.header.Get("Authorization"))
		require.Equal(t, "acc_1", q.header.Get("X-Portico-Account"))
		require.Empty(t, q.header.Get("Cookie"))
		price, ok := export.Price(q.ctx)
		require.True(t, ok)
		require.Equal(t, 75*export.RowCost, price)
	}
	require.Equal(t, []activity.Export{{List: "apps", Format: "csv", Filter: filter, Rows: 160, Complete: true}}, f.recorded)
	require.Equal(t, []string{"apps csv complete 160"}, f.observed)
}

func TestJSONLines(t *testing.T) {
	f := newFake(t, 80)
	order := `{"field":"NAME","direction":"ASC"}`
	w, body, err := get(t, f.serve(admin())+"/v1/exports/apps?format=jsonl&orderBy="+url.QueryEscape(order), "Accept-Encoding", "br, gzip;q=0.5")
	require.NoError(t, err)
	require.Equal(t, "gzip", w.Header.Get("Content-Encoding"))
	zip, err := gzip.NewReader(strings.NewReader(body))
	require.NoError(t, err)
	plain, err := io.ReadAll(zip)
	require.NoError(t, err)
	all := lines(string(plain))
	require.Len(t, all, 80)
	require.Equal(t, `{"id":"app_79","name":"App 79","labels":[{"key":"k","value":"<v>"}],"account":{"id":"acc_1","name":"Acme"},"keyCounts":null}`, all[79])
	require.Equal(t, "application/jsonl; charset=utf-8", w.Header.Get("Content-Type"))
	require.JSONEq(t, order, string(f.asked[1].Variables["orderBy"]))
	require.Contains(t, f.asked[1].Query, "$orderBy: AppOrder!")
	require.Equal(t, []activity.Export{{List: "apps", Format: "jsonl", OrderBy: order, Rows: 80, Complete: true}}, f.recorded)
}

func TestEmptyList(t *testing.T) {
	for format, want := range map[string]string{"csv": "id,referenceId,name,description,labels,account.id,account.name,keyCounts.total,keyCounts.active,createdAt,updatedAt,lastUsedAt\r\n", "jsonl": ""} {
		_, body, err := get(t, newFake(t, 0).serve(admin())+"/v1/exports/apps?format="+format)
		require.NoError(t, err)
		require.Equal(t, want, body)
	}
}

// A HEAD request says whether an export is possible, and exports nothing.
func TestHead(t *testing.T) {
	f := newFake(t, 80)
	r, err := http.Head(f.serve(admin()) + "/v1/exports/apps?format=csv")
	require.NoError(t, err)
	defer r.Body.Close()
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.Equal(t, `attachment; filename="apps.csv"`, r.Header.Get("Content-Disposition"))
	require.Len(t, f.asked, 1)
	require.Empty(t, f.recorded)
}

func TestBadInput(t *testing.T) {
	f := newFake(t, 1)
	base := f.serve(admin()) + "/v1/exports/"
	long := url.QueryEscape(`{"search":"` + strings.Repeat("x", 10_000) + `"}`)
	for query, detail := range map[string]string{
		"apps":                       "The parameter format is missing.",
		"apps?format=xlsx":           "The parameter format is csv or jsonl.",
		"apps?format=csv&format=csv": "The parameter format stands there more than once.",
		"apps?format=csv&where={}":   `The list has no parameter \"where\".`,
		"apps?format=csv&" + strings.Repeat("x", 100) + "=1": `The list has no parameter \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\".`,
		"apps?format=csv&filter=" + long:                     "The parameter filter is longer than 8192 bytes.",
		"apps?format=csv&filter=x":                           "The parameter filter is a JSON object in UTF-8, as in the API.",
		"apps?format=csv&filter=null":                        "The parameter filter is a JSON object in UTF-8, as in the API.",
		"apps?format=csv&filter=[]":                          "The parameter filter is a JSON object in UTF-8, as in the API.",
		"apps?format=csv&filter={}{}":                        "The parameter filter is a JSON object in UTF-8, as in the API.",
		"apps?format=csv&filter=%7B%22a%22:%22%ff%22%7D":     "The parameter filter is a JSON object in UTF-8, as in the API.",
		"apps?format=%2":                                     "The address's parameters are malformed.",
		"users?format=csv&orderBy={}":                        `The list has no parameter \"orderBy\".`,
		"sessions?format=csv&filter={}":                      `The list has no parameter \"filter\".`,
		"usage?format=csv&filter={}":                         "The parameter interval is missing.",
		"usage?format=csv&interval=DAY":                      "The parameter filter is missing.",
	} {
		w, body, err := get(t, base+query)
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, w.StatusCode, query)
		require.Equal(t, "application/problem+json", w.Header.Get("Content-Type"))
		require.Contains(t, body, `"code":"BAD_USER_INPUT","reason":"INVALID_ARGUMENT","detail":"`+detail+`"`, query)
	}
	require.Empty(t, f.asked)
	require.Empty(t, f.recorded)
}

// What the API refuses of the first page is the answer.
func TestTheAPIsErrorsAreProblems(t *testing.T) {
	for code, status := range map[string]int{"UNAUTHENTICATED": 401, "FORBIDDEN": 403, "BAD_USER_INPUT": 400, "RATE_LIMITED": 429, "UNAVAILABLE": 503, "INTERNAL": 500} {
		f := newFake(t, 1)
		f.refuse = func(int) string { return problem(code, "BUDGET", 7) }
		w, body, err := get(t, f.serve(admin())+"/v1/exports/apps?format=csv")
		require.NoError(t, err)
		require.Equal(t, status, w.StatusCode)
		require.Equal(t, "7", w.Header.Get("Retry-After"))
		require.Contains(t, body, `"detail":"So it is."`)
		require.Empty(t, w.Header.Get("Content-Disposition"))
		require.Empty(t, f.recorded)
		require.Equal(t, []string{"apps csv refused 0"}, f.observed)
	}
}

// A list that the role does not have answers like an unknown one.
func TestUnknownLists(t *testing.T) {
	f := newFake(t, 1)
	answers := map[string]bool{}
	for _, c := range []struct {
		v    viewer.Viewer
		list string
	}{
		{admin(), "nothing"}, {admin(), ""}, {admin(), "Apps"}, {admin(), "serverInfo"}, {admin(), "viewer"}, {admin(), "apps/"},
		{viewer.Viewer{Role: viewer.Portal, UserID: uuid.UUID{1}}, "users"}, {viewer.Viewer{Role: viewer.Approver, UserID: uuid.UUID{1}}, "apps"},
		{viewer.Viewer{Role: viewer.Gateway, TokenID: uuid.UUID{1}}, "apps"},
	} {
		w, body, err := get(t, f.serve(c.v)+"/v1/exports/"+c.list+"?format=csv&x=y")
		require.NoError(t, err)
		require.Equal(t, http.StatusNotFound, w.StatusCode, c.list)
		answers[body] = true
	}
	require.Len(t, answers, 1)
	w, body, err := get(t, f.serve(viewer.Viewer{})+"/v1/exports/nothing")
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, w.StatusCode)
	require.Contains(t, body, `"NOT_SIGNED_IN"`)
	require.Empty(t, f.asked)
	f.views[viewer.Portal] = f.views[viewer.Gateway] // what such a token sees
	scoped := viewer.Viewer{Role: viewer.Portal, TokenID: uuid.UUID{1}, Scopes: domain.NewScopes(domain.PortalRead)}
	w, _, err = get(t, f.serve(scoped)+"/v1/exports/apps?format=csv")
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, w.StatusCode)
}

// After the first row a failure aborts the connection, and is recorded.
func TestBreakingOff(t *testing.T) {
	f := newFake(t, 300)
	f.refuse = func(n int) string {
		if n == 2 {
			return problem("UNAUTHENTICATED", "SESSION_EXPIRED", 0)
		}
		return ""
	}
	w, body, err := get(t, f.serve(admin())+"/v1/exports/apps?format=jsonl")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, http.StatusOK, w.StatusCode)
	require.Len(t, lines(body), 150)
	f.wait()
	require.Equal(t, []activity.Export{{List: "apps", Format: "jsonl", Rows: 150}}, f.recorded)
	require.Equal(t, []string{"apps jsonl cut 150"}, f.observed)
}

// No file is whole that the log does not know of.
func TestUnrecordedExportsBreakOff(t *testing.T) {
	f := newFake(t, 300)
	f.unrecorded = errors.New("the database is away")
	_, _, err := get(t, f.serve(admin())+"/v1/exports/apps?format=csv")
	require.Error(t, err)
	f.wait()
	require.Equal(t, []string{"apps csv cut 300"}, f.observed)
}

// An export waits for the budget, and for a server that is busy, but not for ever.
func TestWaiting(t *testing.T) {
	f := newFake(t, 200)
	f.refuse = func(n int) string {
		return map[int]string{1: problem("RATE_LIMITED", "BUDGET", 1), 3: problem("UNAVAILABLE", "BUSY", 1)}[n]
	}
	_, body, err := get(t, f.serve(admin())+"/v1/exports/apps?format=jsonl")
	require.NoError(t, err)
	require.Len(t, lines(body), 200)
	require.Len(t, f.asked, 5)
}

// Exports are bounded for a caller, an organization and the server.
func TestShares(t *testing.T) {
	f := newFake(t, 100)
	entered, leave := make(chan struct{}), make(chan struct{})
	f.refuse = func(int) string { entered <- struct{}{}; <-leave; return "" }
	ask := func(user, organization byte) (int, string) {
		w := httptest.NewRecorder()
		f.handler(viewer.Viewer{Role: viewer.Admin, UserID: uuid.UUID{user}, OrganizationID: uuid.UUID{organization}}).
			ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/exports/apps?format=csv", nil))
		return w.Code, w.Body.String() + w.Header().Get("Retry-After")
	}
	running := 0
	start := func(user, organization byte) {
		running++
		go ask(user, organization)
		<-entered
	}
	start(1, 1)
	start(1, 1)
	status, body := ask(1, 1)
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Contains(t, body, `"reason":"EXPORTS"`)
	require.True(t, strings.HasSuffix(body, "5"), body)
	for user := range byte(6) {
		start(user+2, 1)
	}
	status, body = ask(100, 1)
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Contains(t, body, "your organization")
	for user := range byte(8) {
		start(user+50, 2)
	}
	status, body = ask(100, 3)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, body, `"reason":"BUSY"`)
	used, _, _, _ := f.shares.Load()
	require.EqualValues(t, 16, used)
	close(leave)
	for range running { // the second page of each
		<-entered
	}
	require.Eventually(t, func() bool { used, _, _, _ := f.shares.Load(); return used == 0 }, waitTime, pollTime)
}

func TestContentEncodings(t *testing.T) {
	url := newFake(t, 1).serve(admin()) + "/v1/exports/apps?format=csv"
	for accepted, want := range map[string]string{"gzip": "gzip", "br, GZIP ; q=0.1": "gzip", "gzip;q=0": "", "identity": "", "gzip;q=x": ""} {
		w, _, err := get(t, url, "Accept-Encoding", accepted)
		require.NoError(t, err)
		require.Equal(t, want, w.Header.Get("Content-Encoding"), strconv.Quote(accepted))
		require.Equal(t, "Accept-Encoding", w.Header.Get("Vary"))
	}
}
