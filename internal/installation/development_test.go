package installation_test

import (
	"os"
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

// home stores development rings in a folder of the test's own, and returns a function
// that lists its files.
func home(t *testing.T) (files func() []string) {
	t.Helper()
	folder := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", folder)
	return func() []string {
		found, err := filepath.Glob(filepath.Join(folder, "portico", "*"))
		require.NoError(t, err)
		return found
	}
}

// FindDevelopment creates nothing; the first caller of Development creates the
// ring, and all others find it, by any connection.
func TestDevelopmentFindsTheRingOfADatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		files, d := home(t), testdb.Open(t, url)
		none, err := installation.FindDevelopment(t.Context(), d, clock.System{})
		require.NoError(t, err)
		require.Nil(t, none)
		require.Empty(t, files())

		const starts = 8
		rings := make([]*keyring.Ring, starts)
		var all sync.WaitGroup
		for i := range rings {
			other := testdb.Open(t, url)
			all.Go(func() {
				ring, err := installation.Development(t.Context(), other, clock.System{})
				if err != nil {
					t.Error(err)
					return
				}
				rings[i] = ring
			})
		}
		all.Wait()
		require.Len(t, files(), 1, "those that were too late leave nothing")
		for _, ring := range rings {
			require.NotNil(t, ring)
			require.Equal(t, files()[0], ring.Path())
		}
		found, err := installation.FindDevelopment(t.Context(), d, clock.System{})
		require.NoError(t, err)
		require.Equal(t, rings[0].Path(), found.Path())

		_, err = keyring.Rotate(found.Path(), clock.System{}, keyring.Pepper, time.Now())
		require.NoError(t, err)
		again, err := installation.Development(t.Context(), d, clock.System{})
		require.NoError(t, err)
		require.Equal(t, found.Path(), again.Path(), "a rotation does not lose it")
		require.Equal(t, "p2", again.Current(keyring.Pepper).ID)
	})
}

// If the ring is missing, or the data is not development's, no file is created
// that could be mistaken for the ring later.
func TestDevelopmentCreatesNoRingOnErrors(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		files, d := home(t), testdb.Open(t, url)
		ring, err := installation.Development(t.Context(), d, clock.System{})
		require.NoError(t, err)
		require.NoError(t, os.Remove(ring.Path()))
		for range 2 {
			_, err = installation.Development(t.Context(), d, clock.System{})
			require.ErrorIs(t, err, os.ErrNotExist)
			_, looked := installation.FindDevelopment(t.Context(), d, clock.System{})
			require.EqualError(t, looked, err.Error())
			require.Empty(t, files())
		}
	})
	testdb.Each(t, func(t *testing.T, url string) {
		files, d := home(t), testdb.Open(t, url)
		require.NoError(t, installation.Check(t.Context(), d, newRing(t, keyring.Create), time.Now()))
		for range 2 {
			_, err := installation.Development(t.Context(), d, clock.System{})
			require.ErrorIs(t, err, installation.ErrRealData)
			require.Empty(t, files())
		}
	})
}
