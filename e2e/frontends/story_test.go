package frontends_test

import (
	"cmp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/browsertest"
	"portico/internal/testdb"
)

const (
	developer, developerName = "developer@demo.example", "Acme Developer"
	administrator            = "admin@demo.example"
	// atOnce is how soon a front end shows its sign-in page after a request that was
	// refused.
	atOnce = 5 * time.Second
)

// A front end keeps its user: past the life of an access token, over a reload and in a
// second tab. It loses the user at the next request when the session has ended
// elsewhere. Wherever it is served from, no script can read what renews the session.
func TestFrontEndsKeepTheirUsers(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, database string) {
		t.Run("React on the API's own origin", func(t *testing.T) {
			s := start(t, database)
			story{s, serveBehind(t, build(t, "react.jsx"), s), ""}.run(t)
		})
		t.Run("Vue on another port", func(t *testing.T) {
			s := start(t, database)
			story{s, serve(t, build(t, "vue.js"), func() string { return s.url }), s.url}.run(t)
		})
		t.Run("without a framework, on another host of the site", func(t *testing.T) {
			// Not a secure context: there are no locks.
			s, page, api := startOnSite(t, database, "plain.js")
			story{s, page, api}.run(t)
		})
	})
}

// startOnSite starts a server, and a front end on another host of the same site, which
// is listed.
func startOnSite(t *testing.T, database, app string) (s *scene, page, api string) {
	t.Helper()
	// The address of the front end must be known to the server, and the other way round.
	script := build(t, app)
	later := &scene{}
	page = serve(t, script, func() string { return later.at("api.portal.test") })
	page = withHost(page, "app.portal.test")
	s = start(t, database, page)
	later.url = s.url
	return s, page, s.at("api.portal.test")
}

// story is a front end of a server. api is where the page's script finds the API, "" on
// the own origin.
type story struct {
	*scene
	page, api string
}

func (s story) run(t *testing.T) {
	tab := browsertest.Visit(t, s.page)
	tab.Await("the sign-in page", shows, "#sign-in")
	signIn(tab, "wrong")
	tab.Await("a problem", `() => document.querySelector('#problem').textContent !== ''`)
	signIn(tab, "portico-demo")
	tab.Await("the user", is, "#who", developerName)
	s.loads(t, tab)
	s.hidden(t, tab)

	s.clock.advance(11 * time.Minute)
	s.loads(t, tab)
	tab.Load()
	tab.Await("the user after a reload", is, "#who", developerName)
	s.loads(t, tab)

	second := tab.Tab(s.page)
	second.Await("the user in a second tab", is, "#who", developerName)
	for range 3 {
		s.clock.advance(11 * time.Minute)
		click(tab, "#load") // both tabs renew at once
		click(second, "#load")
		awaitLoaded(tab)
		awaitLoaded(second)
	}
	s.endings(t, tab, second)
}

// endings signs out in every way.
func (s story) endings(t *testing.T, tab, second *browsertest.Page) {
	t.Helper()
	again := func() {
		t.Helper()
		signIn(tab, "portico-demo")
		tab.Await("the user", is, "#who", developerName)
		second.Await("the user in the other tab", is, "#who", developerName)
	}
	ended := func(how string) {
		t.Helper()
		for _, one := range []*browsertest.Page{tab, second} {
			began := time.Now()
			one.Call(how, `() => document.querySelector('#load')?.click()`, nil)
			one.Await("the sign-in page: "+how, shows, "#sign-in")
			require.Less(t, time.Since(began), atOnce, how)
		}
	}
	click(second, "#sign-out")
	ended("signed out in another tab")
	again()
	s.signIn(t, developer).Must(t, `mutation { signOut(input: {everywhere: true}) { endedSessionIds userErrors { message } } }`, nil)
	ended("signed out everywhere")
	again()
	admin := s.signIn(t, administrator)
	user := admin.Must(t, `{ users(where: {contains: "`+developer+`"}) { nodes { id } } }`, nil).Text("users", "nodes", 0, "id")
	admin.Must(t, `mutation($id: ID!) { disableUser(input: {userId: $id, reason: "Left."}) { userErrors { message } } }`, map[string]any{"id": user})
	ended("disabled by an administrator")
	require.NotContains(t, tab.Cookies(cmp.Or(s.api, s.page)+"/session/graphql"), "portico-session")
	admin.Must(t, `mutation($id: ID!) { enableUser(input: {userId: $id}) { userErrors { message } } }`, map[string]any{"id": user})
}

// hidden requires that no script of the page can read the refresh token.
func (s story) hidden(t *testing.T, tab *browsertest.Page) {
	t.Helper()
	api := s.api
	if api == "" {
		api = s.page
	}
	// False: no script can read it.
	require.Equal(t, map[string]bool{"portico-session": false, "portico-device": false}, tab.Cookies(api+"/session/graphql"))
	require.NotContains(t, tab.Cookies(api+"/graphql"), "portico-session", "it is sent to one path alone")
	var stored string
	tab.Call("what scripts can read", `async () => JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage},
		await indexedDB.databases?.(), globalThis.caches ? await caches.keys() : []])`, &stored)
	require.Equal(t, `["",{},{},[],[]]`, stored)
}

func (s story) loads(t *testing.T, tab *browsertest.Page) {
	t.Helper()
	click(tab, "#load")
	awaitLoaded(tab)
}

func awaitLoaded(tab *browsertest.Page) {
	tab.Await("an answer", `() => {
		const result = document.querySelector('#result');
		if (!result?.textContent.startsWith('loaded')) return false;
		result.textContent = '';
		return true;
	}`)
}

const (
	shows = `(selector) => Boolean(document.querySelector(selector))`
	is    = `(selector, text) => document.querySelector(selector)?.textContent === text`
)

func click(tab *browsertest.Page, selector string) {
	tab.Call("click "+selector, `(selector) => document.querySelector(selector).click()`, nil, selector)
}

func signIn(tab *browsertest.Page, password string) {
	tab.Call("sign in", `(...values) => {
		['#email', '#password'].forEach((selector, i) => {
			const field = document.querySelector(selector);
			field.value = values[i];
			field.dispatchEvent(new Event('input', { bubbles: true }));
		});
		document.querySelector('#sign-in button').click();
	}`, nil, developer, password)
}
