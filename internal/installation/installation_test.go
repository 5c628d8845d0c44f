package installation_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/clock"
	"portico/internal/installation"
	"portico/internal/keyring"
	"portico/internal/testdb"
)

func newRing(t *testing.T, create func(string, clock.Clock) error) *keyring.Ring {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ring.json")
	require.NoError(t, create(path, clock.System{}))
	ring, err := keyring.Load(path, clock.System{})
	require.NoError(t, err)
	return ring
}

// Every secret is compared, not only the first one.
func TestEverySecretIsCompared(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		d, ring := testdb.Open(t, url), newRing(t, keyring.Create)
		require.NoError(t, installation.Check(t.Context(), d, ring, time.Now()))
		require.NoError(t, installation.Check(t.Context(), d, ring, time.Now()))
		for _, use := range keyring.Uses() {
			_, err := d.ExecContext(t.Context(), `UPDATE secret_fingerprints SET fingerprint = 'another' WHERE use_name = $1`, string(use))
			require.NoError(t, err)
			var foreign *keyring.ForeignError
			require.ErrorAs(t, installation.Check(t.Context(), d, ring, time.Now()), &foreign)
			require.Equal(t, use, foreign.Use)
			_, err = d.ExecContext(t.Context(), `UPDATE secret_fingerprints SET fingerprint = $1 WHERE use_name = $2`,
				ring.All(use)[0].Fingerprint(use), string(use))
			require.NoError(t, err)
		}
	})
}

// A rotation is recorded, and from then on the new secret is compared too.
func TestARotationIsRecorded(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		d, ring := testdb.Open(t, url), newRing(t, keyring.Create)
		require.NoError(t, installation.Check(t.Context(), d, ring, time.Now()))
		_, err := keyring.Rotate(ring.Path(), clock.System{}, keyring.JWT, time.Now())
		require.NoError(t, err)
		_, err = ring.Reload()
		require.NoError(t, err)
		require.NoError(t, installation.Check(t.Context(), d, ring, time.Now()))
		var n int
		require.NoError(t, d.QueryRowContext(t.Context(), `SELECT count(*) FROM secret_fingerprints WHERE use_name = 'jwt'`).Scan(&n))
		require.Equal(t, 2, n)
	})
}

// When two rings are recorded for an empty database at once, the first one
// wins.
func TestTheFirstRingWins(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		d := testdb.Open(t, url)
		rings := []*keyring.Ring{newRing(t, keyring.Create), newRing(t, keyring.Create)}
		errs := make([]error, len(rings))
		var all sync.WaitGroup
		for i, ring := range rings {
			all.Go(func() { errs[i] = installation.Check(t.Context(), d, ring, time.Now()) })
		}
		all.Wait()
		if errs[0] == nil && errs[1] == nil {
			t.Fatal("two rings belong to one database")
		}
		var right int
		for _, ring := range rings {
			if installation.Check(t.Context(), d, ring, time.Now()) == nil {
				right++
			}
		}
		require.LessOrEqual(t, right, 1)
	})
}

// Data without a recorded ring is not development's.
func TestDevelopmentRefusesDataOfUnknownOrigin(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		d, created := testdb.Open(t, url), newRing(t, keyring.CreateDevelopment)
		_, err := d.ExecContext(t.Context(), `INSERT INTO organizations (id, created_at, updated_at, slug, name, longest_key_life)
			VALUES ('00000000-0000-7000-8000-000000000001', $1, $1, 'acme', 'Acme', '{}')`, time.Now().UTC())
		require.NoError(t, err)
		require.ErrorIs(t, installation.Check(t.Context(), d, created, time.Now()), installation.ErrRealData)
		require.NoError(t, installation.Check(t.Context(), d, newRing(t, keyring.Create), time.Now()))
	})
}
