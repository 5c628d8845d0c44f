package command

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/installation"
	"portico/internal/keyring"
	"portico/internal/testdb"
)

// installed returns the flags for a database that production has used with a
// ring: it has an organization with an administrator.
func installed(t *testing.T, url, ring string) []string {
	t.Helper()
	flags := []string{"--database-url=" + url, "--keyring=" + ring}
	_, err := portico("", append([]string{"org", "create", "--slug=acme", "--name=Acme"}, flags...)...)
	require.NoError(t, err)
	_, err = portico("correct horse battery\n", append([]string{"user", "create", "--organization=acme", "--email=admin@acme.example", "--name=Admin"}, flags...)...)
	require.NoError(t, err)
	return flags
}

// Every command that opens a database with another ring than its own reports
// which secret of which file is wrong, and changes nothing.
func TestAnotherRingIsRefused(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		own, other := newRing(t), newRing(t)
		flags := installed(t, url, own)
		for _, command := range [][]string{
			{"serve", "--addr=127.0.0.1:0", "--gateway-addr=off", "--ops-addr=off"},
			{"org", "create", "--slug=other", "--name=Other"},
			{"gateway", "create", "--organization=acme", "--name=edge"},
			{"purge"},
		} {
			_, err := portico("", append(command, flags[0], "--keyring="+other)...)
			var foreign *keyring.ForeignError
			require.ErrorAs(t, err, &foreign, command[0])
			require.ErrorContains(t, err, "key ring "+other+": the pepper key \"p1\" has another secret than the one that this database belongs to")
		}
		start(t, flags...).end(t)
	})
}

// A copy of the ring from before a rotation verifies no API key created since.
func TestARingWithoutAPepperInUseIsRefused(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		ring := newDevelopmentRing(t)
		old, err := os.ReadFile(ring)
		require.NoError(t, err)
		flags := []string{"--dev", "--database-url=" + url, "--keyring=" + ring}
		_, err = portico("", "--dev", "keys", "rotate", "pepper", "--after=0s", "--keyring", ring)
		require.NoError(t, err)
		s := start(t, flags...)
		dev := s.signIn(t, "developer@demo.example", "portico-demo")
		s.ask(t, dev, `mutation { createApp(input: {name: "First"}) { app { id } } }`) // its key is under p2
		s.end(t)

		require.NoError(t, os.WriteFile(ring, old, 0o600))
		_, err = portico("", append([]string{"purge"}, flags...)...)
		require.ErrorContains(t, err, `the pepper key "p2" is missing, and keys in this database are stored under it`)
	})
}

// Development and production cannot be combined, in either direction.
func TestDevelopmentAndProductionAreNotCombined(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		created := demo(t, url)
		start(t, created...).end(t)
		serve := []string{"serve", "--addr=127.0.0.1:0", "--gateway-addr=off", "--ops-addr=off"}
		refused := func(want string, flags ...string) {
			t.Helper()
			_, err := portico("", append(serve, flags...)...)
			require.ErrorContains(t, err, want)
		}
		refused("was made by development mode", created[1:]...)
		refused("it was made in development mode", created[1], "--keyring="+newRing(t))
		refused("holds real secrets", "--dev", created[1], "--keyring="+newRing(t))
	})
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		flags := installed(t, url, newRing(t))
		_, err := portico("", "serve", "--dev", flags[0], "--addr=127.0.0.1:0", "--gateway-addr=off", "--ops-addr=off", "--keyring="+newDevelopmentRing(t))
		require.ErrorContains(t, err, "development mode (PORTICO_DEV=true) was started on a database with data that is not development's own")
	})
}

// A refused program has not changed the schema either.
func TestTheSchemaOfRealDataIsNotMigrated(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		t.Setenv("XDG_CONFIG_HOME", t.TempDir())
		flags := installed(t, url, newRing(t))
		const last = `FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)`
		db := testdb.Open(t, url)
		var before, after string
		_, err := db.ExecContext(t.Context(), `DELETE `+last)
		require.NoError(t, err)
		require.NoError(t, db.QueryRowContext(t.Context(), `SELECT version `+last).Scan(&before))
		_, err = portico("", "org", "list", "--dev", flags[0])
		require.ErrorIs(t, err, installation.ErrRealData)
		_, err = portico("", "org", "list", "--dev", flags[0], "--keyring="+newDevelopmentRing(t))
		require.ErrorIs(t, err, installation.ErrRealData)
		_, err = portico("", "org", "list", flags[0], "--keyring="+newRing(t))
		require.ErrorContains(t, err, "has another secret than the one that this database belongs to")
		require.NoError(t, db.QueryRowContext(t.Context(), `SELECT version `+last).Scan(&after))
		require.Equal(t, before, after)
	})
}

// If the two are forced together, the demo users cannot sign in, as if their
// password were wrong.
func TestDemoUsersAreRefusedOutsideOfDevelopment(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		flags := demo(t, url)
		start(t, flags...).end(t)
		ring := strings.TrimPrefix(flags[2], "--keyring=")
		text, err := os.ReadFile(ring)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(ring, []byte(strings.Replace(string(text), `"development": true,`, "", 1)), 0o600))
		s := start(t, flags[1:]...)
		const document = `mutation { signIn(input: {email: "admin@demo.example", password: "%s"}) { accessToken } }`
		_, right := s.post(t, "", strings.Replace(document, "%s", "portico-demo", 1))
		require.Contains(t, right, "UNAUTHENTICATED")
		_, wrong := s.post(t, "", strings.Replace(document, "%s", "something else", 1))
		require.Equal(t, withoutID(wrong), withoutID(right))
	})
}

// withoutID removes the request's id from a response.
func withoutID(body string) string {
	before, _, _ := strings.Cut(body, `"requestId"`)
	return before
}

// A running server whose file becomes another ring keeps its own secrets,
// reports it on /readyz, and recovers when the file does.
func TestReadinessChecksTheRing(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		ring, other := newRing(t), newRing(t)
		s := start(t, installed(t, url, ring)...)
		ready := func() (int, string) { return s.get(t, "/readyz") }
		status, body := ready()
		require.Equal(t, http.StatusOK, status, body)
		require.NoError(t, os.Rename(ring, ring+".own"))
		require.NoError(t, os.Rename(other, ring))
		require.Eventually(t, func() bool { status, body = ready(); return status == http.StatusServiceUnavailable }, waitLong, waitStep)
		require.Contains(t, body, "the key ring is not the one that the database belongs to")
		require.NotContains(t, body, ring, "the path is for the log")
		require.Contains(t, s.log.String(), "has another secret than before")
		s.signIn(t, "admin@acme.example", "correct horse battery")
		require.NoError(t, os.Rename(ring+".own", ring))
		require.Eventually(t, func() bool { status, _ = ready(); return status == http.StatusOK }, waitLong, waitStep)
	})
}
