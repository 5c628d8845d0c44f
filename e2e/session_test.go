package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/clock"
	"portico/internal/keyring"
	"portico/internal/testdb"
)

const renewal = `accessToken expiresAt refreshToken viewer { user { email } account { name } }`

// refresh renews a session by the token of a program.
func refresh(t *testing.T, s *servertest.Server, token string) *servertest.Answer {
	t.Helper()
	return s.Anonymous().Ask(t, "refreshSession", vars{"refreshToken": token}, renewal)
}

// signInAgain begins another session, and returns its client and its refresh token.
func (c *actors) signInAgain(t *testing.T) (*servertest.Client, string) {
	t.Helper()
	a := c.server.Anonymous().As("User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36").
		Do(t, "signIn", vars{"email": c.email, "password": servertest.UserPassword}, `accessToken refreshToken`)
	client := c.server.Anonymous()
	client.Token = a.Text("signIn", "accessToken")
	return client, a.Text("signIn", "refreshToken")
}

// sessionLife follows a program that keeps its refresh token itself.
func sessionLife(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "session")
	db := testdb.Open(t, s.Setting("DATABASE_URL"))
	there, first := c.signInAgain(t)
	a := refresh(t, s, first)
	require.Equal(t, c.email, a.Text("refreshSession", "viewer", "user", "email"), a.Raw)
	require.Equal(t, "session account", a.Text("refreshSession", "viewer", "account", "name"))
	second := a.Text("refreshSession", "refreshToken")
	sibling := refresh(t, s, first).Text("refreshSession", "refreshToken")
	require.NotEmpty(t, sibling, "a second tab")
	require.NotEqual(t, second, sibling)

	listed := c.dev.Must(t, `{ sessions { totalCount nodes { id device address current } } }`, nil)
	require.Equal(t, 2, listed.Number("sessions", "totalCount"), listed.Raw)
	require.Equal(t, []string{"Go-http-client", "Chrome on Windows"}, texts(listed, "device", "sessions", "nodes"))
	require.Equal(t, []string{"127.0.0.1", "127.0.0.1"}, texts(listed, "address", "sessions", "nodes"))
	require.Equal(t, []any{true, false}, []any{listed.At("sessions", "nodes", 0, "current"), listed.At("sessions", "nodes", 1, "current")})
	other := texts(listed, "id", "sessions", "nodes")[1]
	for _, who := range []*servertest.Client{c.admin, newActors(t, s, "session-other").dev} {
		requireError(t, who.Ask(t, "signOut", vars{"sessionId": other}, `endedSessionIds`), "NOT_FOUND")
		require.Nil(t, who.Must(t, `query($id: ID!) { node(id: $id) { id } }`, vars{"id": other}).At("node"))
	}

	// Eleven seconds later the first token is no longer that of a second tab.
	_, err := db.ExecContext(t.Context(), `UPDATE session_tokens SET rotated_at = $1 WHERE rotated_at IS NOT NULL`, "2026-01-01T00:00:00Z")
	require.NoError(t, err)
	requireError(t, refresh(t, s, first), "UNAUTHENTICATED")
	requireError(t, refresh(t, s, second), "UNAUTHENTICATED")
	requireError(t, there.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
	c.dev.Must(t, `{ apps { totalCount } }`, nil)
	seen := c.admin.Must(t, `query($id: ID!) { events(where: {subjectId: $id, type: [USER_SESSION_REUSED]}) { totalCount } }`, vars{"id": c.developer})
	require.Equal(t, 1, seen.Number("events", "totalCount"))

	here, token := c.signInAgain(t)
	ended := s.Anonymous().Do(t, "signOut", vars{"refreshToken": token}, `endedSessionIds`)
	require.Len(t, ended.List("signOut", "endedSessionIds"), 1)
	requireError(t, here.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
	one, _ := c.signInAgain(t)
	two, last := c.signInAgain(t)
	require.Len(t, one.Do(t, "signOut", vars{"everywhere": true}, `endedSessionIds`).List("signOut", "endedSessionIds"), 3)
	for _, client := range []*servertest.Client{c.dev, one, two} {
		requireError(t, client.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
	}
	requireError(t, refresh(t, s, last), "UNAUTHENTICATED")
	for _, secret := range []string{first, second, sibling, token, last} {
		require.NotContains(t, s.Log(), secret)
	}
}

// browser sends requests as a page of the API's own origin does, with a jar for its
// cookies.
type browser struct {
	t      *testing.T
	server *servertest.Server
	// token is sent as the access token, if it is not empty.
	token string
	http.Client
}

func newBrowser(t *testing.T, s *servertest.Server) *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t: t, server: s, Client: http.Client{Jar: jar}}
}

func (b *browser) ask(path, document string, v vars) *servertest.Answer {
	b.t.Helper()
	body, err := json.Marshal(map[string]any{"query": document, "variables": v})
	require.NoError(b.t, err)
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.server.URL+path, bytes.NewReader(body))
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", b.server.URL)
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	w, err := b.Do(r)
	require.NoError(b.t, err)
	defer w.Body.Close()
	return servertest.Read(b.t, w)
}

// cookies returns those that the browser would send to a path.
func (b *browser) cookies(path string) []string {
	u, err := url.Parse(b.server.URL + path)
	require.NoError(b.t, err)
	var out []string
	for _, c := range b.Jar.Cookies(u) {
		out = append(out, c.Name)
	}
	return out
}

func sessionCookie(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "session-cookie")
	b := newBrowser(t, s)
	const in, renew = `mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { accessToken refreshToken } }`, `mutation { refreshSession { accessToken refreshToken } }`
	requireError(t, b.ask("/session/graphql", renew, nil), "UNAUTHENTICATED")
	a := b.ask("/session/graphql", in, vars{"e": c.email, "p": servertest.UserPassword})
	require.NotEmpty(t, a.Text("signIn", "accessToken"), a.Raw)
	require.Nil(t, a.At("signIn", "refreshToken"), "it is in the cookie")
	require.Contains(t, b.cookies("/session/graphql"), "portico-session")
	require.NotContains(t, b.cookies("/graphql"), "portico-session")

	first := s.Anonymous()
	first.Token = a.Text("signIn", "accessToken")
	first.Must(t, `{ apps { totalCount } }`, nil)
	b.ask("/session/graphql", in, vars{"e": c.email, "p": servertest.UserPassword})
	requireError(t, first.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED") // whose cookie is gone

	for range 3 {
		a = b.ask("/session/graphql", renew, nil)
		require.NotEmpty(t, a.Text("refreshSession", "accessToken"), a.Raw)
		require.Nil(t, a.At("refreshSession", "refreshToken"))
	}
	client := s.Anonymous()
	client.Token = a.Text("refreshSession", "accessToken")
	client.Must(t, `{ apps { totalCount } }`, nil)
	requireProblem(t, b.ask("/graphql", `mutation { refreshSession { accessToken userErrors { message code field } } }`, nil), "refreshSession", "REQUIRED", "refreshToken")
	requireError(t, b.ask("/session/graphql", `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")

	// Another person's token, in another tab of the same browser: signing out ends the
	// session of the cookie too, because the cookie is removed.
	b.token = signIn(t, s, c.email, servertest.UserPassword, "").Text("signIn", "accessToken")
	a = b.ask("/session/graphql", `mutation { signOut { endedSessionIds } }`, nil)
	require.Len(t, a.List("signOut", "endedSessionIds"), 2, a.Raw)
	requireError(t, client.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
	b.token = ""
	b.ask("/session/graphql", in, vars{"e": c.email, "p": servertest.UserPassword})
	client.Token = b.ask("/session/graphql", renew, nil).Text("refreshSession", "accessToken")

	// The access token may have expired meanwhile: the cookie signs out.
	a = b.ask("/session/graphql", `mutation { signOut { endedSessionIds } }`, nil)
	require.Len(t, a.List("signOut", "endedSessionIds"), 1, a.Raw)
	require.NotContains(t, b.cookies("/session/graphql"), "portico-session")
	requireError(t, client.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
}

// What ends a session on one server ends it on the others with the next request.
func TestSessionsEndOnEveryServer(t *testing.T) {
	t.Parallel()
	address, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("several servers share a database on Postgres alone")
	}
	ring := filepath.Join(t.TempDir(), "ring.json")
	require.NoError(t, keyring.CreateDevelopment(ring, clock.System{}))
	servers := []*servertest.Server{servertest.Start(t, address, "PORTICO_KEYRING="+ring), servertest.Start(t, address, "PORTICO_KEYRING="+ring)}
	var here *actors
	for name, end := range map[string]func(){
		"signing out everywhere": func() { here.dev.Do(t, "signOut", vars{"everywhere": true}, `endedSessionIds`) },
		"suspending the account": func() { here.admin.Do(t, "suspendAccount", vars{"accountId": here.account}, `account { status }`) },
		"disabling the user":     func() { here.admin.Do(t, "disableUser", vars{"userId": here.developer}, `user { status }`) },
	} {
		t.Run(name, func(t *testing.T) {
			here = newActors(t, servers[0], "two-servers-"+name[:3])
			elsewhere := servers[1].SignInWith(t, here.email, servertest.UserPassword)
			elsewhere.Must(t, `{ apps { totalCount } }`, nil)
			end()
			require.NotEmpty(t, elsewhere.Send(t, `{ apps { totalCount } }`, nil).Errors)
		})
	}
}
