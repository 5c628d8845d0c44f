package command

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
)

func TestEveryCommandHasHelp(t *testing.T) {
	for _, command := range []string{
		"", "serve", "migrate", "seed", "org", "org create", "org list", "user create", "user list", "user reset-password", "user unlock", "gateway create", "gateway list", "gateway revoke", "import",
		"doctor", "keys", "keys create", "keys rotate", "keys retire", "health", "schema", "purge", "config", "version",
	} {
		t.Run(command, func(t *testing.T) {
			out, err := portico("", append(strings.Fields(command), "--help")...)
			require.NoError(t, err)
			require.Contains(t, out, "Usage: portico "+command)
		})
	}
}

func TestRefusals(t *testing.T) {
	db := "--database-url=" + testdb.EmptySQLite(t)
	ring := newRing(t)
	weak := filepath.Join(t.TempDir(), "weak.json")
	require.NoError(t, os.WriteFile(weak, []byte(`{"pepper": [], "jwt": [], "cursor": []}`), 0o600))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	alone := map[string]string{"PORTICO_GATEWAY_ADDR": "off", "PORTICO_OPS_ADDR": "off"}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no secrets":           {[]string{"serve", "--addr=127.0.0.1:0", db}, "PORTICO_KEYRING is not set"},
		"no file of secrets":   {[]string{"serve", "--addr=127.0.0.1:0", db, "--keyring=/nowhere/x"}, "PORTICO_KEYRING: "},
		"a secret is missing":  {[]string{"serve", "--addr=127.0.0.1:0", db, "--keyring=" + weak}, "pepper"},
		"address in use":       {[]string{"serve", "--addr=" + taken.Addr().String(), db}, taken.Addr().String() + " is in use"},
		"no address":           {[]string{"serve", "--addr=here", db}, "PORTICO_ADDR"},
		"database down":        {[]string{"migrate", "--db-wait=0s", "--database-url=postgres://u@127.0.0.1:1/x"}, "DATABASE_URL (postgres://u@127.0.0.1:1/x)"},
		"no such database":     {[]string{"migrate", "--database-url=mysql://x/y"}, "DATABASE_URL"},
		"everybody's password": {[]string{"seed", db, "--keyring=" + ring}, "PORTICO_DEMO_PASSWORD"},
		"unknown secret":       {[]string{"keys", "rotate", "salt"}, "pepper"},
		"nowhere to write":     {[]string{"keys", "create"}, "--keyring"},
		"unknown command":      {[]string{"paint"}, "paint"},
		"no database":          {[]string{"serve", "--addr=127.0.0.1:0", "--keyring=" + ring}, "DATABASE_URL is not set"},
		"nothing to migrate":   {[]string{"migrate"}, "DATABASE_URL is not set"},
		"nowhere to look":      {[]string{"org", "list", "--keyring=" + ring}, "DATABASE_URL is not set"},
		"unknown organization": {[]string{"gateway", "create", "--organization=x", "--name=y", db, "--keyring=" + ring}, "organization: There is no organization with this slug."},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := porticoWith(alone, c.args...)
			require.Error(t, err)
			require.Contains(t, Explain(err), c.want)
			require.NotContains(t, Explain(err), "geheim")
			require.NotZero(t, ExitCode(err))
			require.Empty(t, out)
		})
	}
}

func TestWeakPasswordOfTheFirstAdministrator(t *testing.T) {
	flags := []string{"--database-url=" + testdb.EmptySQLite(t), "--keyring=" + newRing(t)}
	_, err := portico("", append([]string{"org", "create", "--slug=acme", "--name=Acme"}, flags...)...)
	require.NoError(t, err)
	create := append([]string{"user", "create", "--organization=acme", "--email=admin@acme.example", "--name=Administrator"}, flags...)
	_, err = portico("short\n", create...)
	require.ErrorContains(t, err, "at least 12 characters")
	_, err = portico("Portico-Demo\n", create...)
	require.ErrorContains(t, err, "easy to guess", "the demo users' password is public")
	_, err = portico("", create...)
	require.ErrorContains(t, err, "first line of standard input")
}

func TestMigrateTwice(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		db := "--database-url=" + url
		before, err := portico("", "migrate", "--status", db)
		require.NoError(t, err)
		require.Contains(t, before, "pending")
		applied, err := portico("", "migrate", db)
		require.NoError(t, err)
		require.Contains(t, applied, "_initial.sql\n")
		again, err := portico("", "migrate", db)
		require.NoError(t, err)
		require.Empty(t, again)
		after, err := portico("", "migrate", "--status", db)
		require.NoError(t, err)
		require.NotContains(t, after, "pending")
	})
}

// The error for an invalid value names the flag or variable under which it was
// given.
func TestErrorsNameTheVariable(t *testing.T) {
	_, err := porticoWith(map[string]string{"PORTICO_DB_CONNS": "many"}, "serve")
	require.ErrorContains(t, err, "PORTICO_DB_CONNS: --db-conns: ")
	require.Equal(t, 2, ExitCode(err))
	_, err = porticoWith(nil, "serve", "--db-conns=many")
	require.ErrorContains(t, err, "--db-conns: ")
	require.NotContains(t, err.Error(), "PORTICO_DB_CONNS")
}

func TestRotate(t *testing.T) {
	ring := newRing(t)
	_, err := portico("", "keys", "create", "--keyring", ring)
	require.ErrorIs(t, err, os.ErrExist)
	require.ErrorContains(t, err, ring+": there is a file already, and it is left as it is")
	for use, id := range map[string]string{"pepper": "p2", "jwt": "j2", "cursor": "c2"} {
		var said strings.Builder
		require.NoError(t, run(t.Context(), []string{"keys", "rotate", use, "--keyring", ring}, noVariables, nil, io.Discard, &said))
		require.Contains(t, said.String(), id+" will be used from ")
	}
	var said strings.Builder
	require.NoError(t, run(t.Context(), []string{"keys", "rotate", "jwt", "--after=48h", "--keyring", ring}, noVariables, nil, io.Discard, &said))
	require.Contains(t, said.String(), "j3 will be used from "+time.Now().UTC().Add(48*time.Hour).Format("2006-01-02"))
	_, err = portico("", "keys", "rotate", "jwt", "--after=-1m", "--keyring", ring)
	require.ErrorContains(t, err, "--after")
}

func TestSchemaNeedsNoDatabase(t *testing.T) {
	for role, want := range map[string]string{"admin": "approveSubscription(", "portal": "createApp(", "anonymous": "signIn("} {
		out, err := portico("", "schema", "--role", role, "--database-url=nothing")
		require.NoError(t, err)
		require.Contains(t, out, want)
	}
}

// Flags override variables, and an empty variable counts as unset.
func TestSettingsComeFromTheEnvironment(t *testing.T) {
	environment := map[string]string{
		"PORTICO_DEV": "", "DATABASE_URL": "postgres://u:geheim@db/x", "PORTICO_ADDR": ":1", "PORTICO_PLAYGROUND": "true",
		"PORTICO_ALLOWED_ORIGINS": "https://a.example,https://b.example", "PORTICO_DEMO_PASSWORD": "geheim",
	}
	var out strings.Builder
	getenv := func(name string) string { return environment[name] }
	require.NoError(t, run(context.Background(), []string{"config", "--addr=:2"}, getenv, nil, &out, io.Discard))
	for _, want := range []string{
		"PORTICO_DEV=false\n", "DATABASE_URL=postgres://u:xxxxx@db/x\n", "PORTICO_ADDR=:2\n", "PORTICO_PLAYGROUND=true\n",
		"PORTICO_ALLOWED_ORIGINS=https://a.example,https://b.example\n", "PORTICO_DEMO_PASSWORD=xxxxx\n", "PORTICO_LOG=json\n",
	} {
		require.Contains(t, out.String(), want)
	}
}

// If the database is not named, production creates none, and only development
// has a default.
func TestProductionHasNoDefaultDatabase(t *testing.T) {
	folder, ring := t.TempDir(), newRing(t)
	t.Chdir(folder)
	for _, command := range [][]string{{"migrate"}, {"org", "list"}, {"purge"}, {"seed"}, {"doctor"}} {
		_, err := porticoWith(map[string]string{"PORTICO_KEYRING": ring, "DATABASE_URL": ""}, command...)
		require.Error(t, err)
		left, err := os.ReadDir(folder)
		require.NoError(t, err)
		require.Empty(t, left, command)
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	_, err := portico("", "org", "list", "--dev")
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(folder, "portico.db"))
}

// The creation of a file is reported, since the name may be wrong.
func TestANewDatabaseFileIsReported(t *testing.T) {
	url, ring := testdb.EmptySQLite(t), newRing(t)
	for _, reported := range []bool{true, false} {
		var said strings.Builder
		require.NoError(t, run(t.Context(), []string{"org", "list", "--database-url", url, "--keyring", ring}, noVariables, nil, io.Discard, &said))
		require.Equal(t, reported, strings.Contains(said.String(), "there is no database yet; an empty one is made"), said.String())
	}
}

func TestSeedReportsWhatItAdds(t *testing.T) {
	flags := demo(t, testdb.EmptySQLite(t))
	seeded := func(args ...string) string {
		var said strings.Builder
		require.NoError(t, run(t.Context(), append(append([]string{"seed"}, args...), flags...), noVariables, nil, io.Discard, &said))
		return said.String()
	}
	seeded()
	require.Contains(t, seeded("--apps=3"), "the organization demo now has 3 apps in accounts called Load")
	require.Contains(t, seeded("--apps=2"), "the organization demo now has 3 apps in accounts called Load")
	_, err := portico("", append([]string{"org", "create", "--slug=acme", "--name=Acme"}, flags...)...)
	require.NoError(t, err)
	_, err = portico("", append([]string{"seed", "--apps=9"}, flags...)...)
	require.ErrorContains(t, err, "it has the organization acme")
}
