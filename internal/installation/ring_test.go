package installation_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db/credential"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/identity"
	"portico/internal/installation"
	"portico/internal/keyring"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// copied returns a copy of a ring's file as it is now.
func copied(t *testing.T, ring *keyring.Ring) *keyring.Ring {
	t.Helper()
	text, err := os.ReadFile(ring.Path())
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "copy.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	out, err := keyring.Load(path, clock.System{})
	require.NoError(t, err)
	return out
}

// rotated adds a secret of each use to a ring.
func rotated(t *testing.T, ring *keyring.Ring) *keyring.Ring {
	t.Helper()
	for _, use := range keyring.Uses() {
		_, err := keyring.Rotate(ring.Path(), clock.System{}, use, time.Now())
		require.NoError(t, err)
	}
	_, err := ring.Reload()
	require.NoError(t, err)
	return ring
}

// Signing keys may be retired, and so may a pepper under which nothing is
// stored; one that a credential names, or under which a service token may have
// been hashed or a client secret encrypted, may not.
func TestCheckMissingKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		noted := portaltest.Start().Add(time.Hour)
		ring := newRing(t, keyring.Create)
		older := copied(t, ring)
		require.NoError(t, installation.Check(t.Context(), f.Database, rotated(t, ring), noted))
		require.NoError(t, installation.Check(t.Context(), f.Database, older, noted), "nothing is stored under the new secrets")
		lacks := func(is bool) {
			t.Helper()
			err := installation.Fits(t.Context(), f.Database, older)
			if !is {
				require.NoError(t, err)
				return
			}
			var foreign *keyring.ForeignError
			require.ErrorAs(t, err, &foreign)
			require.Equal(t, []any{older.Path(), keyring.Pepper, "p2"}, []any{foreign.Path, foreign.Use, foreign.ID})
			require.Equal(t, "is missing, and keys in this database are stored under it", foreign.Why)
			require.NoError(t, installation.Fits(t.Context(), f.Database, ring))
		}
		lacks(false)
		stored := f.MustApp(t, x.Developer, "App").Credential
		f.Client.Credential.Update().Where(credential.ID(stored.ID)).SetPepperID("p2").ExecX(portaltest.System(t))
		lacks(true)
		f.Client.Credential.Update().Where(credential.ID(stored.ID)).SetPepperID("p1").ExecX(portaltest.System(t))
		lacks(false)

		settings := identity.DefaultProvider()
		settings.Name, settings.Label, settings.Issuer, settings.ClientID = "main", "Main", "https://login.example", "portico"
		_, err := f.Portal.Identity.AddProvider(t.Context(), "one", settings, []byte("sealed"))
		require.NoError(t, err)
		lacks(false)
		f.Clock.Advance(time.Hour)
		_, err = f.Portal.Identity.UpdateProvider(t.Context(), "one", "main", []byte("sealed anew"), func(*identity.ProviderSettings) {})
		require.NoError(t, err)
		lacks(true)
		require.NoError(t, f.Portal.Identity.RemoveProvider(t.Context(), "one", "main"))
		lacks(false)
		f.Clock.Advance(-time.Hour)

		_, err = f.Portal.Identity.CreateGateway(t.Context(), identity.NewGateway{Organization: "one", Name: "old", Hash: []byte("old"), Hint: "1234"})
		require.NoError(t, err)
		lacks(false)
		f.Clock.Advance(time.Hour)
		_, err = f.Portal.Identity.CreateGateway(t.Context(), identity.NewGateway{Organization: "one", Name: "new", Hash: []byte("new"), Hint: "1234"})
		require.NoError(t, err)
		lacks(true)
	})
}

// A development ring may be used with an empty database and with its own data,
// whatever was added since, and with no other.
func TestCheckDevelopmentRing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		d, created, ctx := f.Database, newRing(t, keyring.CreateDevelopment), t.Context()
		none, err := installation.FindDevelopment(ctx, d, clock.System{})
		require.NoError(t, err)
		require.Nil(t, none)
		require.NoError(t, installation.Check(ctx, d, created, time.Now()), "nothing is there yet")
		f.MustTenant(t, "one")
		require.NoError(t, installation.Fits(ctx, d, created))
		require.NoError(t, installation.Check(ctx, d, rotated(t, created), time.Now()), "that data is its own")

		var foreign *keyring.ForeignError
		require.ErrorAs(t, installation.Check(ctx, d, newRing(t, keyring.Create), time.Now()), &foreign)
		require.Equal(t, "has another secret than the one that this database belongs to; it was made in development mode", foreign.Why)

		_, err = d.ExecContext(ctx, `UPDATE secret_fingerprints SET development = $1 WHERE key_id = 'p2'`, false)
		require.NoError(t, err)
		_, err = installation.FindDevelopment(ctx, d, clock.System{})
		require.ErrorIs(t, err, installation.ErrRealData)
		require.ErrorIs(t, installation.Fits(ctx, d, created), installation.ErrRealData)
	})
}

// If the database has recorded every secret, nothing is written and nothing is
// read twice; Fits never writes.
func TestCheckOfARecordedRingOnlyReads(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var statements atomic.Int64
		d := testdb.OpenWith(t, url, database.Options{OnStatement: func(context.Context, string) { statements.Add(1) }})
		ring := newRing(t, keyring.Create)
		asked := func(do func() error) int64 {
			before := statements.Load()
			require.NoError(t, do())
			return statements.Load() - before
		}
		check := func() error { return installation.Check(t.Context(), d, ring, time.Now()) }
		require.EqualValues(t, 1, asked(func() error { return installation.Fits(t.Context(), d, ring) }))
		require.EqualValues(t, 2+len(keyring.Uses()), asked(check), "read, each noted, read again")
		require.EqualValues(t, 1, asked(check))
	})
}
