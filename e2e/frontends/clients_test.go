package frontends_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/browsertest"
	"portico/internal/testdb"
)

// Apollo Client and urql work on the session's fetch, on another origin, with the headers
// that they add; also at /session/graphql, with credentials.
func TestGraphQLClients(t *testing.T) {
	database := testdb.EmptySQLite(t)
	s := start(t, database)
	tab := browsertest.Visit(t, serve(t, build(t, "clients.js"), func() string { return s.url }))
	tab.Await("the script", `() => Boolean(window.signIn)`)
	tab.Call("sign in", `(...args) => signIn(...args)`, nil, developer, "portico-demo")
	for _, client := range []string{"viaApollo", "viaUrql"} {
		for _, way := range [][]any{{"/graphql", "same-origin"}, {"/session/graphql", "include"}} {
			for range 2 { // the second time with an access token that has expired
				var sessions int
				tab.Call(client, `(client, ...way) => window[client](...way)`, &sessions, append([]any{client}, way...)...)
				require.Equal(t, 3, sessions, "this one, and two of the demo data")
				s.clock.advance(11 * time.Minute)
			}
		}
	}
}
