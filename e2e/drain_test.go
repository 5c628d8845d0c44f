package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// The program is told to stop (SIGTERM) while writes wait in the database: /readyz fails
// while requests are still accepted, then no new connection is accepted, requests under
// way are answered, and the program exits with code 0.
func TestDrain(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		t.Parallel()
		s := servertest.Start(t, url)
		developer := s.SignIn(t, "developer@demo.example")
		app := developer.Must(t, `{ apps(first: 1) { nodes { id } } }`, nil).Text("apps", "nodes", 0, "id")
		release := lockWrites(t, url)
		const waiting = 8
		var sent sync.WaitGroup
		answers := make(chan *servertest.Answer, waiting)
		for range waiting {
			sent.Add(1)
			go func() { answers <- describe(t, developer, app, "Late", sync.OnceFunc(sent.Done)) }()
		}
		sent.Wait()
		stopped := make(chan error, 1)
		go func() { stopped <- s.Stop() }()
		awaitDraining(t, s)
		developer.Must(t, `{ viewer { user { email } } }`, nil) // in the second before the listener closes
		awaitClosed(t, s)
		require.Empty(t, answers, "the writes are not under way any more")
		release()
		for range waiting {
			a := <-answers
			require.NotNil(t, a, "a write has no answer")
			require.Empty(t, a.Errors, a.Raw)
			require.Equal(t, "Late", a.Text("updateApp", "app", "description"))
		}
		require.NoError(t, <-stopped, "the exit code; %s", s.Log())
		var description string
		require.NoError(t, testdb.Open(t, url).QueryRowContext(t.Context(), `SELECT description FROM apps WHERE id = $1`, row(app)).Scan(&description))
		require.Equal(t, "Late", description)
	})
}

// describe changes an app's description, and calls sent when the request has
// left. It returns nil if there is no response.
func describe(t *testing.T, c *servertest.Client, app, description string, sent func()) *servertest.Answer {
	defer sent()
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { sent() }})
	body, err := json.Marshal(servertest.Vars{"query": document("updateApp", "app { description }"),
		"variables": servertest.Vars{"input": servertest.Vars{"appId": app, "description": description}}})
	if !assert.NoError(t, err) {
		return nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/graphql", bytes.NewReader(body))
	if !assert.NoError(t, err) {
		return nil
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.Token)
	w, err := http.DefaultClient.Do(r)
	if !assert.NoError(t, err) {
		return nil
	}
	defer w.Body.Close()
	raw, err := io.ReadAll(w.Body)
	a := &servertest.Answer{Status: w.StatusCode, Raw: string(raw)}
	if !assert.NoError(t, err) || !assert.NoError(t, json.Unmarshal(raw, a), a.Raw) {
		return nil
	}
	return a
}

// lockWrites blocks all changes of apps until release; on SQLite, all changes.
func lockWrites(t *testing.T, url string) (release func()) {
	t.Helper()
	db := testdb.Open(t, url)
	tx, err := db.Begin(t.Context(), nil)
	require.NoError(t, err)
	if db.Dialect() == "postgres" {
		_, err = tx.ExecContext(t.Context(), `LOCK TABLE apps IN EXCLUSIVE MODE`)
		require.NoError(t, err)
	}
	return func() { require.NoError(t, tx.Rollback()) }
}

// awaitDraining waits until /readyz says that the server is stopping.
func awaitDraining(t *testing.T, s *servertest.Server) {
	t.Helper()
	require.Eventually(t, func() bool {
		r, err := http.Get(s.URL + "/readyz")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		return r.StatusCode == http.StatusServiceUnavailable
	}, 10*time.Second, 10*time.Millisecond)
}

// awaitClosed waits until no connection is accepted any more.
func awaitClosed(t *testing.T, s *servertest.Server) {
	t.Helper()
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	}, 10*time.Second, 10*time.Millisecond)
}

// Failed sign-ins that were not recorded yet are in the event log when the program has
// ended, however it was stopped.
func TestDrainRecordsFailedSignIns(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		secrets := "XDG_CONFIG_HOME=" + t.TempDir()
		for i, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
			s := servertest.Start(t, url, secrets, "PORTICO_DRAIN_DELAY=0s")
			email := []string{"developer@demo.example", "developer@globex.example"}[i]
			factsOf := func() (n int) {
				t.Helper()
				require.NoError(t, testdb.Open(t, url).QueryRowContext(t.Context(),
					`SELECT count(*) FROM events e JOIN users u ON u.id = e.subject_id WHERE e.type = 'USER_SIGN_IN_FAILED' AND u.email = $1`, email).Scan(&n))
				return n
			}
			requireError(t, signIn(t, s, email, "not the password", ""), "UNAUTHENTICATED")
			require.Eventually(t, func() bool { return factsOf() == 1 }, 20*time.Second, 20*time.Millisecond)
			for range 4 {
				requireError(t, signIn(t, s, email, "not the password", ""), "UNAUTHENTICATED")
			}
			require.Equal(t, 1, factsOf())
			require.NoError(t, s.Signal(signal), s.Log())
			require.Equal(t, 2, factsOf())
		}
	})
}

// A second signal ends the program at once, without waiting for requests.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	url := testdb.EmptySQLite(t)
	s := servertest.Start(t, url, "PORTICO_DRAIN_DELAY=1m")
	stopped := make(chan error, 1)
	go func() { stopped <- s.Stop() }()
	awaitDraining(t, s)
	go func() { _ = s.Stop() }()
	select {
	case err := <-stopped:
		require.Error(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("the second signal is not heard")
	}
}
