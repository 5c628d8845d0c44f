package e2e

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// The program is told to end (SIGTERM) while writes wait in the database:
// /readyz says no while requests are still taken, then nobody new is let in,
// those under way are answered, and the program ends well.
func TestDrain(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		t.Parallel()
		s := servertest.Start(t, url)
		developer := s.SignIn(t, "developer@demo.example")
		app := developer.Must(t, `{ apps(first: 1) { nodes { id } } }`, nil).Text("apps", "nodes", 0, "id")
		release := lockWrites(t, url)
		const waiting = 8
		answers := make(chan *servertest.Answer, waiting)
		for range waiting {
			go func() {
				a, err := developer.Try(`mutation($id: ID!) { updateApp(input: {appId: $id, description: "Late"}) { app { version } userErrors { code } } }`,
					servertest.Vars{"id": app})
				assert.NoError(t, err)
				answers <- a
			}()
		}
		stopped := make(chan error, 1)
		go func() { stopped <- s.Stop() }()
		awaitDraining(t, s)
		developer.Must(t, `{ viewer { user { email } } }`, nil) // in the second before the door closes
		awaitClosed(t, s)
		require.Empty(t, answers, "the writes are not under way any more")
		release()
		for range waiting {
			a := <-answers
			require.Empty(t, a.Errors, a.Raw)
			require.Empty(t, a.UserErrors("updateApp"))
		}
		require.NoError(t, <-stopped, "the exit code; %s", s.Log())
		var description string
		require.NoError(t, testdb.Open(t, url).QueryRowContext(t.Context(), `SELECT description FROM apps WHERE id = $1`, row(app)).Scan(&description))
		require.Equal(t, "Late", description)
	})
}

// lockWrites keeps everybody from changing apps until release: on SQLite from
// changing anything.
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

// awaitClosed waits until nobody is let in any more.
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

// A second signal ends the program at once, whatever is under way.
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
