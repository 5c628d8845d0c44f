package frontends_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/browsertest"
	"portico/internal/testdb"
)

// A page of an origin that is not listed gets nothing by the cookie: neither a neighbour
// of the same site, whose requests browsers send with the cookie, nor a page from
// elsewhere.
func TestForeignPagesCannotUseTheCookie(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, database string) {
		script, seen := build(t, "plain.js"), &requests{}
		api := ""
		page := withHost(serve(t, script, func() string { return api }), "app.portal.test")
		s := start(t, database, page)
		api = withHost(seen.serve(t, s), "api.portal.test")
		foreign := serve(t, []byte("// nothing"), func() string { return api })

		tab := browsertest.Visit(t, page)
		tab.Await("the sign-in page", shows, "#sign-in")
		signIn(tab, "portico-demo")
		tab.Await("the user", is, "#who", developerName)
		for host, sendsCookie := range map[string]bool{"evil.portal.test": true, "evil.example.test": false} {
			t.Run(host, func(t *testing.T) {
				evil := tab.Tab(withHost(foreign, host))
				for _, attempt := range attempts {
					var outcome string
					evil.Call("attempt", attempt, &outcome, api+"/session/graphql")
					require.NotContains(t, outcome, "accessToken")
				}
				// Of those with a preflight nothing comes.
				require.Equal(t, []request{{sendsCookie, http.StatusForbidden}, {sendsCookie, http.StatusForbidden}}, seen.of(withHost(foreign, host)))
			})
		}
		// Nothing was renewed or ended: the page goes on.
		tab.Load()
		tab.Await("the user after a reload", is, "#who", developerName)
		story{s, page, api}.loads(t, tab)
	})
}

// requests are those that the API has got with the method POST, by the pages' origins.
type requests struct {
	mu       sync.Mutex
	byOrigin map[string][]request
}

// request is whether the browser has sent the cookie, and the response's status.
type request struct {
	cookie bool
	status int
}

// serve serves the API, and notes what is asked.
func (r *requests) serve(t *testing.T, s *scene) string {
	t.Helper()
	r.byOrigin = map[string][]request{}
	server := httptest.NewServer(proxy(t, s, func(w *http.Response) error {
		if w.Request.Method == http.MethodPost {
			r.mu.Lock()
			defer r.mu.Unlock()
			_, err := w.Request.Cookie("portico-session")
			origin := w.Request.Header.Get("Origin")
			r.byOrigin[origin] = append(r.byOrigin[origin], request{err == nil, w.StatusCode})
		}
		return nil
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func (r *requests) of(origin string) []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byOrigin[origin]
}

// attempts are the ways in which a page may send a request to another origin with the
// user's cookies.
var attempts = []string{
	`(url) => fetch(url, { method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json' },
		body: '{"query": "mutation { refreshSession { accessToken } }"}' }).then((r) => r.text(), (e) => e.message)`,
	`(url) => fetch(url, { method: 'POST', credentials: 'include', mode: 'no-cors',
		body: '{"query": "mutation { refreshSession { accessToken } }"}' }).then((r) => r.type + r.status, (e) => e.message)`,
	`(url) => new Promise((done) => {
		const frame = document.createElement('iframe'), form = document.createElement('form');
		frame.name = 'frame';
		document.body.append(frame, form);
		Object.assign(form, { action: url, method: 'post', enctype: 'text/plain', target: 'frame' });
		form.innerHTML = '<input name=\'{"query": "mutation { signOut { endedSessionIds } }", "x": "\' value=\'"}\'>';
		frame.onload = () => done('sent');
		form.submit();
	})`,
}
