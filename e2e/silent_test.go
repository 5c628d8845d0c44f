package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
	"portico/internal/testdb/network"
)

// A server is cut off while it has locked its organization's position in the log: changes
// of another server wait for it, briefly, and succeed.
func TestServerThatIsCutOffDelaysOthersBriefly(t *testing.T) {
	t.Parallel()
	address, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite has no network")
	}
	n, through := network.New(t, address)
	ring := filepath.Join(t.TempDir(), "ring.json")
	require.NoError(t, servertest.Command(t, address, nil, "keys", "create", "--keyring", ring).Run())
	well := servertest.Start(t, address, "PORTICO_KEYRING="+ring)
	silent := servertest.Start(t, through, "PORTICO_KEYRING="+ring, "PORTICO_DB_CONNS=1")
	developer := well.SignIn(t, "developer@demo.example")
	cutOff := &servertest.Client{URL: silent.URL, Token: developer.Token}
	const create = `mutation { createApp(input: {name: "Mine"}) { app { id } userErrors { message } } }`
	cutOff.Must(t, create, nil) // so that its one connection has the statements prepared

	// The change is about to allocate its position and to write its event.
	db := testdb.Open(t, address)
	tx, err := db.Begin(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), `LOCK TABLE events IN EXCLUSIVE MODE`)
	require.NoError(t, err)
	answered := make(chan string, 1)
	go func() {
		a, err := cutOff.Try(create, nil)
		if err != nil {
			answered <- err.Error()
			return
		}
		answered <- a.Raw
	}()
	var session int
	require.Eventually(t, func() bool {
		return nil == db.QueryRowContext(t.Context(), `SELECT pid FROM pg_locks w JOIN pg_locks h USING (pid)
			WHERE NOT w.granted AND w.relation = 'events'::regclass AND h.granted AND h.relation = 'apps'::regclass AND h.mode = 'RowExclusiveLock'`).Scan(&session)
	}, 20*time.Second, 5*time.Millisecond, "the change does not get to its event")
	n.Silence()
	require.NoError(t, tx.Rollback())
	require.Eventually(t, func() bool {
		var state string
		err := db.QueryRowContext(t.Context(), `SELECT state FROM pg_stat_activity WHERE pid = $1`, session).Scan(&state)
		return err == nil && state == "idle in transaction"
	}, 20*time.Second, time.Millisecond, "the change does not hold its place")

	developer.Must(t, create, nil)
	n.Restore()
	<-answered
	// The server that was cut off recovers by itself.
	require.Eventually(t, func() bool {
		a, err := cutOff.Try(create, nil)
		return err == nil && len(a.Errors) == 0
	}, 20*time.Second, 50*time.Millisecond)
}
