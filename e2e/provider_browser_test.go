package e2e

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
	"portico/internal/testdb/freeport"
)

const portalURL = "https://portal.provided.example/dev"

// surfer follows redirects, and fills in the provider's forms as a person.
type surfer struct {
	t      *testing.T
	client *http.Client
	person string
	// stop is called before each address, and ends the way if it returns true.
	stop func(address string) bool
}

func newSurfer(t *testing.T, person string) *surfer {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &surfer{t, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, person, nil}
}

var formAction = regexp.MustCompile(`<form[^>]*action="([^"]+)"`)
var formPrompt = regexp.MustCompile(`name="prompt" value="([^"]+)"`)

// open goes to an address, and returns where it ends: at the portal, or where stop says.
func (b *surfer) open(address string) string {
	b.t.Helper()
	for range 20 {
		if strings.HasPrefix(address, "https://portal.") || b.stop != nil && b.stop(address) {
			return address
		}
		answer, err := b.client.Get(address)
		require.NoError(b.t, err)
		address = b.after(answer)
	}
	b.t.Fatalf("it does not end: %s", address)
	return ""
}

// after returns the address that an answer leads to.
func (b *surfer) after(answer *http.Response) string {
	b.t.Helper()
	body, err := io.ReadAll(answer.Body)
	require.NoError(b.t, err)
	_ = answer.Body.Close()
	if to, err := answer.Location(); err == nil {
		return to.String()
	}
	form := formAction.FindStringSubmatch(string(body))
	require.NotNil(b.t, form, "%s %s\n%s", answer.Request.URL, answer.Status, body)
	action, err := answer.Request.URL.Parse(strings.ReplaceAll(form[1], "&amp;", "&"))
	require.NoError(b.t, err)
	in := url.Values{"prompt": {formPrompt.FindStringSubmatch(string(body))[1]}}
	if in.Get("prompt") == "login" {
		in.Set("login", b.person)
		in.Set("password", "any")
	}
	next, err := b.client.PostForm(action.String(), in)
	require.NoError(b.t, err)
	return b.after(next)
}

// refresh continues the session, as a page of the portal does after a reload.
func (b *surfer) refresh(s *servertest.Server) *servertest.Answer {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.URL+"/session/graphql", strings.NewReader(`{"query": "mutation { refreshSession { accessToken refreshToken viewer { role user { id name } account { id } } } }"}`))
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", "application/json")
	answer, err := b.client.Do(r)
	require.NoError(b.t, err)
	return servertest.Read(b.t, answer)
}

// People sign in with a browser at the identity provider, and go on in the same session as
// after a password.
func TestStory_SignInAtProvider(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, dbURL string) {
		address := freeport.Address(t)
		s := servertest.Start(t, dbURL, "PORTICO_ADDR="+address, "PORTICO_PORTAL_URL="+portalURL, "PORTICO_PUBLIC_URL=http://"+address)
		c := newOrganization(t, s, "browsers")
		people := map[string]vars{"ada": person("Ada", "ada@browsers.example"), "dev": person("The developer", c.email), "boss": person("Boss", "admin@browsers.example")}
		people["boss"]["groups"] = []string{"staff"}
		p := startIDP(t, people, "http://"+address+"/auth/browsers/main/callback")
		s.Run(t, clientSecret+"\n", "identity-provider", "add", "--organization", "browsers", "--name", "main", "--label", "Staff & friends", "--issuer", p.issuer,
			"--client-id", clientID, "--client-secret-file", "-", "--create-users", "PORTAL", "--link-by-email", "--role-claim", "groups", "--admin-value", "staff")
		info := s.Anonymous().Must(t, `{ serverInfo(organization: "browsers") { identityProviders { name label startUrl } } }`, nil)
		require.Equal(t, "Staff & friends", info.Text("serverInfo", "identityProviders", 0, "label"))
		start := info.Text("serverInfo", "identityProviders", 0, "startUrl")
		require.Equal(t, "http://"+address+"/auth/browsers/main/start", start)
		require.Empty(t, s.Anonymous().Must(t, `{ serverInfo { identityProviders { name } } }`, nil).List("serverInfo", "identityProviders"))
		w := &wayIn{c, p, start, ""}

		t.Run("a session begins", w.begins)
		t.Run("the way back leads to the portal alone", w.returns)
		t.Run("what is not this browser's sign-in is refused", w.refuses)
		t.Run("a second factor", w.secondFactor)
		t.Run("who may not come in hears nothing", w.staysOut)
		require.NotContains(t, s.Log(), clientSecret)
	})
}

// wayIn is an organization whose people sign in at a provider.
type wayIn struct {
	*actors
	*idp
	start, ada string
}

// set changes the provider.
func (w *wayIn) set(t *testing.T, flags ...string) {
	t.Helper()
	w.server.Run(t, "", append([]string{"identity-provider", "update", "--organization", "browsers", "--name", "main"}, flags...)...)
}

func (w *wayIn) begins(t *testing.T) {
	b := newSurfer(t, "ada")
	require.Equal(t, portalURL+"/apps?tab=1", b.open(w.start+"?returnTo="+url.QueryEscape("/apps?tab=1")))
	in := b.refresh(w.server)
	w.ada = in.Text("refreshSession", "viewer", "user", "id")
	require.Equal(t, "Ada", in.Text("refreshSession", "viewer", "user", "name"), in.Raw)
	require.Nil(t, in.At("refreshSession", "refreshToken"), "it is in the cookie")
	ada := &servertest.Client{URL: w.server.URL, Token: in.Text("refreshSession", "accessToken")}
	require.Equal(t, float64(1), ada.Must(t, `{ sessions { totalCount nodes { current } } }`, nil).At("sessions", "totalCount"))
	events := w.admin.Must(t, `{ events(first: 1, where: {type: [USER_SIGNED_IN]}) { nodes { actor { user { id } } changes { field after } } } }`, nil)
	require.Equal(t, w.ada, events.Text("events", "nodes", 0, "actor", "user", "id"))
	require.Equal(t, "main", events.Text("events", "nodes", 0, "changes", 0, "after"))
	ada.Do(t, "signOut", vars{}, `endedSessionIds`)
	require.Equal(t, []string{"UNAUTHENTICATED"}, b.refresh(w.server).Codes())

	linked := newSurfer(t, "dev")
	linked.open(w.start)
	require.Equal(t, w.developer, linked.refresh(w.server).Text("refreshSession", "viewer", "user", "id"))
}

func (w *wayIn) returns(t *testing.T) {
	for _, bad := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "/..", "/a/%2e%2e/b", "apps", "/x\t/y", "/x#y", "/" + strings.Repeat("x", 600), "javascript:alert(1)"} {
		require.Equal(t, portalURL+"/#error=invalid_return", newSurfer(t, "ada").open(w.start+"?returnTo="+url.QueryEscape(bad)), bad)
	}
	require.Equal(t, portalURL+"/", newSurfer(t, "ada").open(w.start))
	for _, none := range []string{"/auth/browsers/none/start", "/auth/none/main/start"} {
		require.Equal(t, portalURL+"/#error=unknown_provider", newSurfer(t, "ada").open(w.server.URL+none))
	}
}

func (w *wayIn) refuses(t *testing.T) {
	isBack := func(address string) bool { return strings.Contains(address, "/auth/browsers/main/callback?") }
	way := func() (*surfer, string) {
		b := newSurfer(t, "ada")
		b.stop = isBack
		back := b.open(w.start)
		b.stop = nil
		return b, back
	}
	b, back := way()
	expired := portalURL + "/#error=expired"
	require.Equal(t, expired, newSurfer(t, "ada").open(back), "another browser")
	require.Equal(t, portalURL+"/", b.open(back))
	require.Equal(t, expired, b.open(back), "once")
	thief, own := way()
	_, other := way()
	require.Equal(t, expired, thief.open(other), "somebody else's code")
	require.Equal(t, expired, thief.open(own), "and the own one is gone")

	b, back = way()
	changed := func(name, value string) string {
		u, err := url.Parse(back)
		require.NoError(t, err)
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
		return u.String()
	}
	require.Equal(t, portalURL+"/#error=refused", b.open(changed("code", "made-up")))
	b, back = way()
	require.Equal(t, portalURL+"/#error=refused", b.open(changed("iss", "https://elsewhere.example")))
	b, back = way()
	u, err := url.Parse(back)
	require.NoError(t, err)
	require.Equal(t, portalURL+"/#error=cancelled", b.open(w.server.URL+"/auth/browsers/main/callback?error=access_denied&state="+u.Query().Get("state")))
	b, back = way()
	w.stop()
	require.Equal(t, portalURL+"/#error=unavailable", b.open(back))
	require.Equal(t, []string{"UNAUTHENTICATED"}, b.refresh(w.server).Codes())
	w.idp.start(t)
	require.Eventually(t, func() bool { return newSurfer(t, "ada").open(w.start) == portalURL+"/" }, 20*time.Second, 200*time.Millisecond, "its new keys are asked for after a moment")
}

func (w *wayIn) secondFactor(t *testing.T) {
	_, codes := setUpApp(t, w.dev, servertest.UserPassword)
	b := newSurfer(t, "dev")
	at := b.open(w.start)
	require.Equal(t, []string{"UNAUTHENTICATED"}, b.refresh(w.server).Codes())
	require.Contains(t, at, "#challenge=pch_")
	fragment, err := url.ParseQuery(strings.TrimPrefix(at, portalURL+"/#"))
	require.NoError(t, err)
	w.set(t, "--label", "Changed meanwhile")
	requireReason(t, w.server.Anonymous().Ask(t, "completeSignIn", vars{"challenge": fragment.Get("challenge"), "code": codes[0]}, answer), "UNAUTHENTICATED", "CHALLENGE_EXPIRED")
	fragment, err = url.ParseQuery(strings.TrimPrefix(newSurfer(t, "dev").open(w.start), portalURL+"/#"))
	require.NoError(t, err)
	done := w.server.Anonymous().Ask(t, "completeSignIn", vars{"challenge": fragment.Get("challenge"), "code": codes[0]}, answer)
	signedIn := w.admin.Must(t, `{ events(first: 1, where: {type: [USER_SIGNED_IN]}) { nodes { changes { field after } } } }`, nil)
	require.Equal(t, []string{"main"}, texts(signedIn, "after", "events", "nodes", 0, "changes"))
	require.Equal(t, w.developer, done.Text("completeSignIn", "viewer", "user", "id"), done.Raw)

	w.set(t, "--second-factor")
	b = newSurfer(t, "dev")
	require.Equal(t, portalURL+"/", b.open(w.start))
	require.Equal(t, w.developer, b.refresh(w.server).Text("refreshSession", "viewer", "user", "id"))
	w.set(t, "--no-second-factor")

	setUpApp(t, w.admin, servertest.UserPassword)
	w.server.Run(t, servertest.UserPassword+"\n", "user", "create", "--organization", "browsers", "--email", "second@browsers.example", "--name", "Second")
	w.admin.Do(t, "updateOrganization", vars{"staffTotp": true}, `organization { staffTotp }`)
	require.Contains(t, newSurfer(t, "boss").open(w.start), "#challenge=pch_")
	w.server.Run(t, "", "user", "reset-totp", "--organization", "browsers", "--email", "admin@browsers.example")
	require.Equal(t, portalURL+"/#error=second_factor", newSurfer(t, "boss").open(w.start), "who would have to set one up first")
	w.set(t, "--second-factor")
	b = newSurfer(t, "boss")
	b.open(w.start)
	require.Equal(t, "ADMIN", b.refresh(w.server).Text("refreshSession", "viewer", "role"))
	w.admin.Token = b.refresh(w.server).Text("refreshSession", "accessToken")

}

func (w *wayIn) staysOut(t *testing.T) {
	w.admin.Do(t, "disableUser", vars{"userId": w.ada, "reason": "Abuse."}, `user { id }`)
	for _, who := range []string{"ada", "nobody"} {
		b := newSurfer(t, who)
		require.Equal(t, portalURL+"/#error=refused", b.open(w.start), who)
		require.Equal(t, []string{"UNAUTHENTICATED"}, b.refresh(w.server).Codes())
	}
	w.set(t, "--admin-value", "nobody has this")
	require.Equal(t, portalURL+"/#error=refused", newSurfer(t, "boss").open(w.start))
}
