package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
)

// The doctor lists all secrets with their state.
func TestTheDoctorListsTheRing(t *testing.T) {
	ring, db := newRing(t), testdb.SQLite(t)
	_, err := portico("", "keys", "rotate", "pepper", "--after=0s", "--keyring", ring)
	require.NoError(t, err)
	_, err = portico("", "keys", "rotate", "jwt", "--after=48h", "--keyring", ring)
	require.NoError(t, err)
	out, err := portico("", "doctor", "--keyring", ring, "--database-url", db)
	require.NoError(t, err, out)
	require.Regexp(t, `(?m)^ok +key ring +`+ring+` has pepper p1, p2 \(current\); jwt j1 \(current\), j2 \(used from \S+Z on\); cursor c1 \(current\), and belongs to this database$`, out)
	require.Equal(t, 1, strings.Count(out, "key ring"), out)

	require.NoError(t, os.Chmod(ring, 0o644))
	out, err = portico("", "doctor", "--keyring", ring, "--database-url", db)
	require.Error(t, err)
	require.Contains(t, out, "→ chmod 600 "+ring+"\n")
	out, err = portico("", "doctor", "--database-url", db)
	require.Error(t, err)
	require.Contains(t, out, "→ set it to the file")
	out, err = portico("", "doctor", "--keyring", newDevelopmentRing(t), "--database-url", db)
	require.Error(t, err)
	require.Contains(t, out, "→ decide which it is")
	out, err = portico("", "doctor", "--keyring", newRing(t))
	require.Error(t, err)
	require.Contains(t, out, "DATABASE_URL is not set")
	require.Contains(t, out, "→ set DATABASE_URL")
	out, err = portico("", "doctor", "--keyring", newRing(t), "--database-url", testdb.EmptySQLite(t))
	require.NoError(t, err)
	require.Regexp(t, `(?m)^note +database .*is not there yet: the first start makes an empty one$`, out)
}

// Only the database knows which ring is development's: the doctor reports nothing
// about the ring while it cannot read the database.
func TestTheDoctorReportsNoDevelopmentRingItCannotFind(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for _, unreadable := range []string{"postgres://nobody@127.0.0.1:1/none?sslmode=disable", "nonsense", "sqlite:" + filepath.Join(t.TempDir(), "no", "folder.db")} {
		out, err := portico("", "doctor", "--dev", "--database-url", unreadable)
		require.Error(t, err, out)
		require.Regexp(t, `(?m)^note +key ring +not looked at: `, out)
		require.Equal(t, 1, strings.Count(out, "key ring"), out)
	}
	out, err := portico("", "doctor", "--dev", "--database-url", testdb.EmptySQLite(t))
	require.NoError(t, err, out)
	require.Regexp(t, `(?m)^ok +key ring +the first start makes one up`, out)
}

// However a database is addressed, it finds its development ring, and the
// doctor reports the same before and after.
func TestDevelopmentRingOfASQLiteDatabase(t *testing.T) {
	home, folder := t.TempDir(), t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	t.Chdir(folder)
	_, err := portico("", "seed", "--dev", "--database-url=sqlite:d.db")
	require.NoError(t, err)
	created, err := filepath.Glob(filepath.Join(home, "portico", "*"))
	require.NoError(t, err)
	require.Len(t, created, 1)
	require.NoError(t, os.Symlink(filepath.Join(folder, "d.db"), filepath.Join(folder, "link.db")))
	elsewhere := filepath.Join(folder, "elsewhere")
	require.NoError(t, os.Mkdir(elsewhere, 0o700))
	for where, urls := range map[string][]string{
		folder:    {"sqlite:d.db", "sqlite:./d.db", "sqlite:elsewhere/../d.db", "sqlite:" + folder + "/d.db", "sqlite:" + folder + "//d.db", "sqlite://" + folder + "/d.db", "sqlite:link.db"},
		elsewhere: {"sqlite:../d.db", "sqlite:../link.db"},
	} {
		t.Chdir(where)
		for _, url := range urls {
			out, err := portico("", "org", "list", "--dev", "--database-url", url)
			require.NoError(t, err, url)
			require.Contains(t, out, "second")
			_, err = portico("", "keys", "rotate", "cursor", "--dev", "--database-url", url)
			require.NoError(t, err, url)
			out, err = portico("", "doctor", "--dev", "--database-url", url)
			require.NoError(t, err, out)
			require.Contains(t, out, created[0])
		}
	}
	now, err := filepath.Glob(filepath.Join(home, "portico", "development-*.json"))
	require.NoError(t, err)
	require.Equal(t, created, now)
}

// The same for Postgres, whose URLs have even more spellings.
func TestDevelopmentRingOfAPostgresDatabase(t *testing.T) {
	url, ok := testdb.Postgres(t)
	if !ok {
		t.Skip("Postgres is not installed")
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	joined := "?"
	if strings.Contains(url, "?") {
		joined = "&"
	}
	for _, spelled := range []string{url, strings.Replace(url, "postgres://", "postgresql://", 1), url + joined + "application_name=x", url + joined + "connect_timeout=9&application_name=y"} {
		_, err := portico("", "org", "list", "--dev", "--database-url", spelled)
		require.NoError(t, err, spelled)
	}
}
