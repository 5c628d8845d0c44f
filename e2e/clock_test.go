package e2e

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// Where the database's clock is ten days from the machine's, neither a server nor a
// command that changes something starts, and nothing is purged.
func TestNothingStartsWithAWrongClock(t *testing.T) {
	t.Parallel()
	address, ok := testdb.EmptyPostgres(t)
	if !ok {
		t.Skip("SQLite has no clock of its own")
	}
	out, err := servertest.Command(t, address, nil, "migrate").CombinedOutput()
	require.NoError(t, err, string(out))
	u, err := url.Parse(address)
	require.NoError(t, err)
	db := testdb.Open(t, address)
	for _, statement := range []string{
		`CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT pg_catalog.clock_timestamp() - interval ''10 days'''`,
		`ALTER DATABASE ` + strings.TrimPrefix(u.Path, "/") + ` SET search_path = public, pg_catalog`,
	} {
		_, err = db.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	for _, command := range [][]string{{"serve"}, {"purge"}, {"user", "unlock", "--organization", "demo", "--email", "developer@demo.example"}} {
		out, err := servertest.Command(t, address, nil, command...).CombinedOutput()
		require.Error(t, err, command)
		require.Contains(t, string(out), "240h0m0s ahead of the database's", command)
		require.Contains(t, string(out), "run NTP", command)
	}
}
