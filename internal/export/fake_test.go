package export_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/activity"
	"portico/internal/export"
	"portico/internal/viewer"
)

// published returns the view of a role: what is published of the schema.
func published(t testing.TB, r viewer.Role) *ast.Schema {
	t.Helper()
	name := map[viewer.Role]string{viewer.Admin: "schema", viewer.Approver: "schema.approver", viewer.Portal: "schema.portal", viewer.Anonymous: "schema.public", viewer.Gateway: "schema.public"}[r]
	text, err := os.ReadFile("../../" + name + ".graphql")
	require.NoError(t, err)
	return gqlparser.MustLoadSchema(&ast.Source{Name: name, Input: string(text)})
}

// question is what the API was asked.
type question struct {
	Query     string
	Variables map[string]json.RawMessage
	header    http.Header
	ctx       context.Context
}

// fake is an API of apps whose ids are 0, 1, 2 …, with exports of it.
type fake struct {
	t testing.TB
	// rows is how many apps there are.
	rows int
	// refuse returns an error to answer, as JSON; "" for none. n counts from 0.
	refuse func(n int) string
	// name is the name of app i.
	name func(i int) string
	// unrecorded is the error of recording an export.
	unrecorded error

	mu       sync.Mutex
	asked    []question
	recorded []activity.Export
	observed []string
	views    map[viewer.Role]*ast.Schema
	shares   *export.Shares
	server   *httptest.Server
}

func newFake(t testing.TB, rows int) *fake {
	f := &fake{t: t, rows: rows, refuse: func(int) string { return "" }, name: func(i int) string { return "App " + strconv.Itoa(i) },
		views: map[viewer.Role]*ast.Schema{}, shares: export.NewShares()}
	for _, r := range []viewer.Role{viewer.Admin, viewer.Approver, viewer.Portal, viewer.Gateway} {
		f.views[r] = published(t, r)
	}
	return f
}

// ServeHTTP answers for the API.
func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q question
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		f.t.Error(err)
	}
	q.header, q.ctx = r.Header, r.Context()
	f.mu.Lock()
	n := len(f.asked)
	f.asked = append(f.asked, q)
	f.mu.Unlock()
	w.Header().Set("RateLimit", `"cost";r=1;t=1`)
	if problem := f.refuse(n); problem != "" {
		fmt.Fprintf(w, `{"errors": [%s], "data": null}`, problem)
		return
	}
	var after *string
	if err := json.Unmarshal(q.Variables["after"], &after); err != nil {
		f.t.Error(err)
	}
	from := 0
	if after != nil {
		from, _ = strconv.Atoi(*after)
	}
	to := min(from+75, f.rows)
	io.WriteString(w, `{"data":{"apps":{"nodes":[`)
	for i := from; i < to; i++ {
		if i > from {
			io.WriteString(w, ",")
		}
		name, _ := json.Marshal(f.name(i))
		fmt.Fprintf(w, `{"id":"app_%d","name":%s,"labels":[{"key":"k","value":"<v>"}],"account":{"id":"acc_1","name":"Acme"},"keyCounts":null}`, i, name)
	}
	fmt.Fprintf(w, `],"pageInfo":{"hasNextPage":%v,"endCursor":"%d"}}}}`, to < f.rows, to)
}

// handler returns the handler of exports for a viewer.
func (f *fake) handler(v viewer.Viewer) http.Handler {
	h := export.Handler(export.Options{
		API: f, View: func(v viewer.Viewer) *ast.Schema { return f.views[v.Role] }, Shares: f.shares, Log: slog.New(slog.DiscardHandler),
		Record: func(ctx context.Context, e activity.Export) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.recorded = append(f.recorded, e)
			if ctx.Err() != nil {
				f.t.Error("recording ends with the request")
			}
			return f.unrecorded
		},
		Observe: func(list string, format export.Format, o export.Outcome, rows int) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.observed = append(f.observed, fmt.Sprint(list, " ", format, " ", o, " ", rows))
		},
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(viewer.NewContext(r.Context(), v)))
	})
}

func (f *fake) serve(v viewer.Viewer) string {
	f.server = httptest.NewServer(f.handler(v))
	f.t.(*testing.T).Cleanup(f.server.Close)
	return f.server.URL
}

// wait waits until the handler has returned: of an export that breaks off the client
// may know before.
func (f *fake) wait() { f.server.Close() }

func admin() viewer.Viewer {
	return viewer.Viewer{Role: viewer.Admin, UserID: uuid.UUID{1}, OrganizationID: uuid.UUID{9}}
}

// get returns the response and as much of its body as there is.
func get(t testing.TB, url string, header ...string) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	require.NoError(t, err)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return &http.Response{}, "", err
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	return w, string(body), err
}

func problem(code, reason string, retryAfter int) string {
	return fmt.Sprintf(`{"message":"So it is.","extensions":{"code":%q,"reason":%q,"retryAfter":%d}}`, code, reason, retryAfter)
}

func lines(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") }
