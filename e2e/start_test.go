package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// Several servers start concurrently on an empty database: all become ready, the schema
// and the demo data are created once, and a token of one is valid on the others.
func TestStartTogether(t *testing.T) {
	t.Parallel()
	alone := testdb.EmptySQLite(t)
	servertest.Start(t, alone).Kill()
	want := census(t, alone)
	require.Equal(t, 1, want["demo"])
	for _, n := range []int{2, 4} {
		t.Run(fmt.Sprintf("%d servers", n), func(t *testing.T) {
			t.Parallel()
			testdb.EachEmpty(t, func(t *testing.T, url string) {
				t.Parallel()
				secrets := "XDG_CONFIG_HOME=" + t.TempDir() // as of one user on one machine
				commands := make([]*exec.Cmd, n)
				for i := range commands {
					commands[i] = servertest.Command(t, url, []string{secrets}, "serve")
				}
				servers := servertest.StartTogether(t, commands...)
				signedIn := servers[0].SignIn(t, "admin@demo.example")
				for _, s := range servers {
					c := &servertest.Client{URL: s.URL, Token: signedIn.Token}
					a := c.Must(t, `{ viewer { organization { slug } } users(first: 100) { totalCount } }`, nil)
					assert.Equal(t, "demo", a.Text("viewer", "organization", "slug"))
					assert.Equal(t, 5, a.Number("users", "totalCount"))
					s.SignIn(t, "developer@demo.example")
				}
				require.Equal(t, want, census(t, url))
			})
		})
	}
}

// census counts the rows of a seeded database, but for the events of signing in and of jobs.
func census(t *testing.T, url string) map[string]int {
	t.Helper()
	db := testdb.Open(t, url)
	counts := map[string]int{}
	for what, query := range map[string]string{
		"demo":          `SELECT count(*) FROM organizations WHERE slug = 'demo'`,
		"organizations": `SELECT count(*) FROM organizations`,
		"users":         `SELECT count(*) FROM users`,
		"accounts":      `SELECT count(*) FROM accounts`,
		"products":      `SELECT count(*) FROM products`,
		"plans":         `SELECT count(*) FROM plans`,
		"apps":          `SELECT count(*) FROM apps`,
		"keys":          `SELECT count(*) FROM credentials`,
		"subscriptions": `SELECT count(*) FROM subscriptions`,
		"events":        `SELECT count(*) FROM events WHERE type NOT IN ('USER_SIGNED_IN', 'CREDENTIAL_EXPIRED', 'STATEMENT_CLOSED')`,
		"gaps": `SELECT count(*) FROM event_positions p WHERE last <> (SELECT count(*) FROM events e WHERE e.organization_id = p.id)
			OR last <> (SELECT max(position) FROM events e WHERE e.organization_id = p.id)`,
	} {
		var n int
		require.NoError(t, db.QueryRowContext(t.Context(), query).Scan(&n), what)
		counts[what] = n
	}
	require.Zero(t, counts["gaps"])
	return counts
}

// A server starts while another one locks the empty database for longer than a statement
// may take, as seeding does on a slow machine: it waits. (On SQLite it waits even before,
// when it checks whether to migrate.)
func TestStartWaitsForAnother(t *testing.T) {
	t.Parallel()
	url, ok := testdb.Postgres(t)
	if !ok {
		t.Skip("on SQLite there is no moment in between")
	}
	tx, err := testdb.Open(t, url).Begin(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), `LOCK TABLE organizations IN EXCLUSIVE MODE`)
	require.NoError(t, err)
	release := sync.OnceFunc(func() { assert.NoError(t, tx.Rollback()) })
	defer release()
	c := servertest.Command(t, url, nil, "serve")
	stderr := &listener{word: "asking again", heard: release}
	c.Stderr = stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	_, err = out.Read(make([]byte, 1)) // of the output, or nothing if the program ends
	_ = c.Process.Kill()
	_ = c.Wait()
	require.NoError(t, err, "the program ended: %s", stderr)
	require.Contains(t, stderr.String(), stderr.word)
	require.Equal(t, 1, census(t, url)["demo"])
}

// listener calls heard when a word was written.
type listener struct {
	mu    sync.Mutex
	text  strings.Builder
	word  string
	heard func()
}

// Write searches for the word.
func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if strings.Contains(l.text.String(), l.word) {
		l.heard()
	}
	return len(p), nil
}

// String returns all that was written.
func (l *listener) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
