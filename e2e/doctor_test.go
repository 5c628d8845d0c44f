package e2e

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
	"portico/internal/testdb/freeport"
)

// runDoctor runs `portico doctor` and returns its output and whether it found no problem.
func runDoctor(t *testing.T, databaseURL string, settings ...string) (found string, well bool) {
	t.Helper()
	c := servertest.Command(t, databaseURL, settings, "doctor")
	var problems strings.Builder
	c.Stderr = &problems
	out, err := c.Output()
	require.NotContains(t, problems.String(), "panic")
	if err == nil {
		require.Empty(t, problems.String())
		return string(out), true
	}
	require.Equal(t, 1, c.ProcessState.ExitCode(), problems.String())
	require.Regexp(t, `^portico: (one thing is|\d+ things are) wrong\n$`, problems.String(), "the report is all there is")
	require.Contains(t, string(out), "wrong ")
	return string(out), false
}

func TestDoctorFindsNoProblem(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		ring := filepath.Join(t.TempDir(), "ring.json")
		require.NoError(t, servertest.Command(t, url, []string{"PORTICO_DEV="}, "keys", "create", "--keyring", ring).Run())
		found, well := runDoctor(t, url, "PORTICO_DEV=", "PORTICO_KEYRING="+ring)
		require.True(t, well, found)
		for _, about := range []string{"settings", "key ring", "database", "migrations", "Redis"} {
			require.Regexp(t, `(?m)^ok +`+about+` `, found)
		}
		if strings.HasPrefix(url, "postgres") {
			require.Regexp(t, `(?m)^ok +clock `, found)
			require.Regexp(t, `(?m)^ok +rights `, found)
		}
	})
}

// Before the first start it finds no problem and creates nothing.
func TestDoctorBeforeTheFirstStart(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		found, well := runDoctor(t, url)
		require.True(t, well, found)
		if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
			_, err := os.Stat(path)
			require.ErrorIs(t, err, os.ErrNotExist)
			require.Contains(t, found, "first start makes it")
			return
		}
		require.Contains(t, found, "still to come")
	})
}

func TestDoctorReportsProblems(t *testing.T) {
	t.Parallel()
	file := testdb.SQLite(t)
	broken := filepath.Join(t.TempDir(), "broken.json")
	require.NoError(t, os.WriteFile(broken, []byte(`{"pepper": []}`), 0o600))
	for name, c := range map[string]struct {
		url      string
		settings []string
		want     []string
	}{
		"settings":    {file, []string{"PORTICO_ADDR=nowhere", "PORTICO_GATE_KEYS=0"}, []string{"PORTICO_ADDR: ", "PORTICO_GATE_KEYS: "}},
		"dev outside": {file, []string{"PORTICO_ADDR=0.0.0.0:8080"}, []string{"can be reached from outside"}},
		"no ring":     {file, []string{"PORTICO_DEV="}, []string{"PORTICO_KEYRING is not set"}},
		"lost ring":   {file, []string{"PORTICO_KEYRING=/nowhere/ring.json"}, []string{"/nowhere/ring.json"}},
		"broken ring": {file, []string{"PORTICO_KEYRING=" + broken}, []string{broken}},
		"no folder":   {"sqlite:/nowhere/portico.db", nil, []string{"/nowhere of the database file does not exist"}},
		"no database": {"postgres://nobody@" + freeport.Address(t) + "/x", nil, []string{"does not answer", "start the database"}},
		"password":    {"postgres://nobody:geh/eim@db/x", nil, []string{"percent-encode"}},
		"no redis":    {file, []string{"REDIS_URL=redis://:geheim@" + freeport.Address(t)}, []string{"wrong  Redis"}},
		"no url":      {"", []string{"PORTICO_DEV="}, []string{"DATABASE_URL is not set", "set DATABASE_URL"}},
		"traces":      {file, []string{"OTEL_TRACES_EXPORTER=jaeger"}, []string{`OTEL_TRACES_EXPORTER: "jaeger" is none of otlp, console, none`}},
	} {
		t.Run(name, func(t *testing.T) {
			found, well := runDoctor(t, c.url, c.settings...)
			require.False(t, well, found)
			for _, want := range c.want {
				require.Contains(t, found, want)
			}
			require.NotContains(t, found, "eim")
			require.Contains(t, found, "→ ")
		})
	}
	found, well := runDoctor(t, file, "PORTICO_GATE_KEY=1")
	require.True(t, well)
	require.Contains(t, found, "PORTICO_GATE_KEYS is meant")
}

// Problems that only the database shows.
func TestDoctorChecksTheDatabase(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		db := testdb.Open(t, url)
		ring, other := filepath.Join(t.TempDir(), "ring.json"), filepath.Join(t.TempDir(), "other.json")
		for _, path := range []string{ring, other} {
			require.NoError(t, servertest.Command(t, url, []string{"PORTICO_DEV="}, "keys", "create", "--keyring", path).Run())
		}
		require.NoError(t, servertest.Command(t, url, []string{"PORTICO_DEV=", "PORTICO_DEMO_PASSWORD=correct horse battery", "PORTICO_KEYRING=" + ring}, "seed").Run())
		_, err := db.ExecContext(t.Context(), `UPDATE organizations SET time_zone = 'localtime' WHERE slug = 'demo'`)
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), `UPDATE schema_migrations SET sha256 = 'x' WHERE name LIKE '%_initial.sql'`)
		require.NoError(t, err)
		found, well := runDoctor(t, url, "PORTICO_DEV=", "PORTICO_KEYRING="+other)
		require.False(t, well)
		require.Contains(t, found, other)
		require.Contains(t, found, "has another secret than the one that this database belongs to")
		require.Contains(t, found, `the organization demo has "localtime"`)
		require.Contains(t, found, "_initial.sql in another form")
		secrets := t.TempDir()
		before, well := runDoctor(t, url, "XDG_CONFIG_HOME="+secrets)
		require.False(t, well)
		require.Contains(t, before, "never run development mode on real data")
		require.Error(t, servertest.Command(t, url, []string{"XDG_CONFIG_HOME=" + secrets}, "org", "list").Run())
		after, _ := runDoctor(t, url, "XDG_CONFIG_HOME="+secrets)
		require.Equal(t, before, after)
		created, err := os.ReadDir(secrets)
		require.NoError(t, err)
		require.Empty(t, created, "no secrets are made in vain")
	})
}

// A user without privileges, and a wrong clock.
func TestTheDoctorOnPostgres(t *testing.T) {
	t.Parallel()
	address, ok := testdb.Postgres(t)
	if !ok {
		t.Skip("SQLite has no users, and the clock of this machine")
	}
	owner := testdb.Open(t, address)
	u, err := url.Parse(address)
	require.NoError(t, err)
	role := "guest_of_" + strings.TrimPrefix(u.Path, "/")
	for _, statement := range []string{
		`CREATE ROLE ` + role + ` LOGIN`, `REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
		`CREATE SCHEMA late`, `CREATE FUNCTION late.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.clock_timestamp() - interval '1 minute' $$`,
	} {
		_, err := owner.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		for _, statement := range []string{`DROP OWNED BY ` + role, `DROP ROLE ` + role} {
			_, err := owner.ExecContext(context.Background(), statement)
			assert.NoError(t, err)
		}
	})
	q := u.Query()
	q.Set("search_path", "late,pg_catalog,public")
	u.RawQuery = q.Encode()
	found, well := runDoctor(t, u.String())
	require.False(t, well)
	require.Regexp(t, `(?m)^wrong +clock +the database's clock is -(1m0s|59\.9)`, found)

	u.User = url.User(role)
	q.Del("search_path")
	u.RawQuery = q.Encode()
	found, well = runDoctor(t, u.String())
	require.False(t, well)
	require.Contains(t, found, "may not create tables")
	require.Contains(t, found, "GRANT CREATE ON SCHEMA public TO "+role)
	_, err = owner.ExecContext(t.Context(), `GRANT CREATE ON SCHEMA public TO `+role)
	require.NoError(t, err)
	found, _ = runDoctor(t, u.String())
	require.Regexp(t, `may not read and change .*accounts, app_transfers, apps, `, found)
	require.NotContains(t, found, "permission denied")
}

// The extension by which names are searched is in a schema that is not searched, or the
// user may not create it.
func TestTheDoctorLooksForTheExtension(t *testing.T) {
	t.Parallel()
	address, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite has what it searches with")
	}
	owner := testdb.Open(t, address)
	u, err := url.Parse(address)
	require.NoError(t, err)
	role := "searcher_of_" + strings.TrimPrefix(u.Path, "/")
	for _, statement := range []string{`CREATE ROLE ` + role + ` LOGIN`, `GRANT CREATE, USAGE ON SCHEMA public TO ` + role} {
		_, err := owner.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		for _, statement := range []string{`DROP OWNED BY ` + role, `DROP ROLE ` + role} {
			_, err := owner.ExecContext(context.Background(), statement)
			assert.NoError(t, err)
		}
	})
	found, _ := runDoctor(t, address)
	require.Regexp(t, `(?m)^ok +extension +migrations create pg_trgm`, found)
	u.User = url.User(role)
	found, well := runDoctor(t, u.String())
	require.False(t, well)
	require.Regexp(t, `(?m)^wrong +extension +the user may not create pg_trgm`, found)
	require.Contains(t, found, "run: CREATE EXTENSION pg_trgm")
	for _, statement := range []string{`CREATE SCHEMA aside`, `CREATE EXTENSION pg_trgm SCHEMA aside`} {
		_, err := owner.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	found, _ = runDoctor(t, address)
	require.Contains(t, found, "ALTER EXTENSION pg_trgm SET SCHEMA")
	_, err = owner.ExecContext(t.Context(), `ALTER EXTENSION pg_trgm SET SCHEMA public`)
	require.NoError(t, err)
	found, _ = runDoctor(t, u.String())
	require.Regexp(t, `(?m)^ok +extension +pg_trgm is there`, found)
}
