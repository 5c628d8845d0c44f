package e2e

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/database"
	"portico/internal/testdb"
	"portico/internal/testdb/network"
)

// answerTime bounds the time to a response while the database does not respond. The
// promise is 6 s; the rest is for a busy machine. The program's own
// limits are 5 s for a request and 4 s for one read of the database.
const answerTime = 6500 * time.Millisecond

// asked is a request of the test.
type asked struct {
	as       *servertest.Client
	document string
	vars     servertest.Vars
}

// customers returns the requests that are sent during an outage, by what they do.
type customers struct {
	server        *servertest.Server
	reads, writes map[string]asked
}

func newCustomers(t *testing.T, s *servertest.Server) *customers {
	t.Helper()
	developer := s.SignIn(t, "developer@demo.example")
	c := &customers{server: s, reads: map[string]asked{
		"list": {developer, `{ apps { totalCount nodes { name } } }`, nil},
		"me":   {developer, `{ viewer { user { email } } }`, nil},
		"info": {s.Anonymous(), `{ serverInfo(organization: "demo") { version organizationName } }`, nil},
	}, writes: map[string]asked{
		"create": {developer, `mutation { createApp(input: {name: "During"}) { app { id } userErrors { code } } }`, nil},
	}}
	for _, email := range []string{"developer@demo.example", "admin@demo.example", "nobody@demo.example"} {
		c.writes["sign in "+email] = asked{s.Anonymous(), `mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { accessToken userErrors { code } } }`,
			servertest.Vars{"e": email, "p": servertest.Password}}
	}
	return c
}

// requireUnavailable sends each request several times concurrently and requires that each
// is answered with UNAVAILABLE in time.
func (c *customers) requireUnavailable(t *testing.T, requests ...map[string]asked) {
	t.Helper()
	const each = 4 // with all of them more than the program has connections
	var asking sync.WaitGroup
	var mu sync.Mutex
	var slowest time.Duration
	for _, some := range requests {
		for name, r := range some {
			for range each {
				asking.Go(func() {
					start := time.Now()
					a, err := r.as.Try(r.document, r.vars)
					took := time.Since(start)
					if assert.NoError(t, err, name) {
						assert.Equal(t, []string{"UNAVAILABLE"}, a.Codes(), "%s: %s", name, a.Raw)
						assert.Empty(t, a.Leaks(), a.Raw)
						assert.LessOrEqual(t, took, answerTime, name)
					}
					mu.Lock()
					defer mu.Unlock()
					slowest = max(slowest, took)
				})
			}
		}
	}
	asking.Wait()
	t.Logf("the slowest answer took %s", slowest.Round(time.Millisecond))
	if t.Failed() {
		t.FailNow()
	}
}

// requireHealed requires that the program becomes ready again by itself, and that each
// request succeeds from then on. /readyz waits 2 s for the database, which a busy machine
// may exceed, so it is called until it succeeds.
func (c *customers) requireHealed(t *testing.T) {
	t.Helper()
	start := time.Now()
	c.server.AwaitReady(t)
	t.Logf("ready after %s", time.Since(start).Round(time.Millisecond))
	for name, r := range c.reads {
		a := r.as.Send(t, r.document, r.vars)
		require.Empty(t, a.Errors, "%s: %s", name, a.Raw)
	}
	for name, r := range c.writes {
		a := r.as.Send(t, r.document, r.vars)
		if name == "sign in nobody@demo.example" {
			require.Equal(t, []string{"UNAUTHENTICATED"}, a.Codes(), a.Raw)
			continue
		}
		require.Empty(t, a.Errors, "%s: %s", name, a.Raw)
	}
}

// ready reports whether /readyz succeeds.
func (c *customers) ready(t *testing.T) int {
	t.Helper()
	r, err := http.Get(c.server.URL + "/readyz")
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	return r.StatusCode
}

// failures returns the number of sign-ins that count as failed.
func failures(t *testing.T, db *database.DB) (n int) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT count(*) FROM sign_in_attempts`).Scan(&n))
	return n
}

// The network to Postgres stops forwarding, is cut, and is restored.
func TestOutage(t *testing.T) {
	t.Parallel()
	url, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite has no network")
	}
	between, through := network.New(t, url)
	c := newCustomers(t, servertest.Start(t, through))
	direct := testdb.Open(t, url)
	for _, outage := range []struct {
		name  string
		begin func()
	}{{"silent", between.Silence}, {"cut", between.Cut}} {
		c.requireHealed(t)
		before := failures(t, direct)
		outage.begin()
		// The first requests use the existing connections, the others open new ones.
		for range 2 {
			c.requireUnavailable(t, c.reads, c.writes)
		}
		require.Equal(t, http.StatusServiceUnavailable, c.ready(t), outage.name)
		between.Restore()
		require.Equal(t, before, failures(t, direct), "sign-ins during the outage count as failed")
		c.requireHealed(t)
	}
}

// While another program locks the SQLite file, reads succeed and writes are answered with
// a retry time.
func TestLockedFile(t *testing.T) {
	t.Parallel()
	url := testdb.EmptySQLite(t)
	c := newCustomers(t, servertest.Start(t, url))
	c.requireHealed(t)
	other := testdb.Open(t, url)
	before := failures(t, other)
	tx, err := other.Begin(t.Context(), nil) // BEGIN IMMEDIATE
	require.NoError(t, err)
	for range 2 {
		c.requireUnavailable(t, c.writes)
	}
	require.Equal(t, http.StatusOK, c.ready(t))
	for name, r := range c.reads {
		a := r.as.Send(t, r.document, r.vars)
		require.Empty(t, a.Errors, "%s: %s", name, a.Raw)
	}
	require.NoError(t, tx.Rollback())
	require.Equal(t, before, failures(t, other), "sign-ins during the outage count as failed")
	c.requireHealed(t)
}

// The network stops forwarding while a right password is verified: the response comes in
// time, and after the next sign-in the attempt no longer counts as failed.
func TestOutageDuringSignIn(t *testing.T) {
	t.Parallel()
	url, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite has no network")
	}
	between, through := network.New(t, url)
	c := newCustomers(t, servertest.Start(t, through))
	direct := testdb.Open(t, url)
	before := failures(t, direct)
	tx, err := direct.Begin(t.Context(), nil)
	require.NoError(t, err)
	// A sign-in stores its time: it waits here, with the attempt counted.
	_, err = tx.ExecContext(t.Context(), `SELECT id FROM users FOR UPDATE`)
	require.NoError(t, err)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		c.requireUnavailableSoon(t, c.writes["sign in developer@demo.example"])
	}()
	require.Eventually(t, func() bool { return failures(t, direct) > before }, 3*time.Second, 5*time.Millisecond)
	between.Silence()
	<-answered
	between.Restore()
	require.NoError(t, tx.Rollback())
	c.server.SignIn(t, "developer@demo.example")
	require.Equal(t, before, failures(t, direct), "the sign-in that the outage broke off counts as failed")
	c.requireHealed(t)
}

// requireUnavailableSoon is requireUnavailable for one request.
func (c *customers) requireUnavailableSoon(t *testing.T, r asked) {
	start := time.Now()
	a, err := r.as.Try(r.document, r.vars)
	if assert.NoError(t, err) {
		assert.Equal(t, []string{"UNAVAILABLE"}, a.Codes(), a.Raw)
		assert.LessOrEqual(t, time.Since(start), answerTime)
	}
}
