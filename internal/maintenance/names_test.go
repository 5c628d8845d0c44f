package maintenance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// Whoever names a credential folds the name; what the previous release names, which does
// not, is folded by the job, and is no other change of the credential.
func TestFoldNames(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		app := f.MustApp(t, x.Developer, "App")
		require.Equal(t, "", *app.Credential.NameFolded)
		key := f.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: new(app.App.GlobalID()), Name: new("İlk Anahtar")}).Credential
		require.Equal(t, "ilk anahtar", *key.NameFolded)
		key, err := f.Portal.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: key.GlobalID(), Name: input.Patch[string]{Set: true, Value: new("ÇAĞRI")}})
		require.NoError(t, err)
		require.Equal(t, domain.Fold("ÇAĞRI"), *key.NameFolded)

		require.Zero(t, fold(t, f))
		// As the previous release renames and creates: with a name of two spellings, and one
		// that is folded as it is.
		exec := func(query string) {
			t.Helper()
			_, err := f.Database.ExecContext(t.Context(), query)
			require.NoError(t, err)
		}
		exec("UPDATE credentials SET name = 'ÖDEME' WHERE id = '" + key.ID.String() + "'")
		stored := f.Client.Credential.GetX(portaltest.System(t), key.ID)
		require.Nil(t, stored.NameFolded)
		exec("UPDATE credentials SET name = 'ÖDEME', name_folded = NULL WHERE id = '" + app.Credential.ID.String() + "'")
		require.Equal(t, 1, fold(t, f), "both at once")
		for _, id := range []string{key.ID.String(), app.Credential.ID.String()} {
			require.Equal(t, 1, count(t, f, "SELECT count(*) FROM credentials WHERE id = '"+id+"' AND name_folded = '"+domain.Fold("ÖDEME")+"'"))
		}
		stored = f.Client.Credential.GetX(portaltest.System(t), key.ID)
		require.Equal(t, []any{key.Version, key.UpdatedAt}, []any{stored.Version, stored.UpdatedAt.UTC()})
		require.Zero(t, fold(t, f))
		// This release writes both; a name of the same folded form is not forgotten.
		exec("UPDATE credentials SET name = 'abc', name_folded = 'abc' WHERE id = '" + key.ID.String() + "'")
		exec("UPDATE credentials SET name = 'ABC', name_folded = 'abc' WHERE id = '" + key.ID.String() + "'")
		require.Zero(t, fold(t, f))
	})
}

func fold(t *testing.T, f *portaltest.Fixture) int {
	t.Helper()
	n, err := f.Portal.Maintenance.FoldNames(t.Context())
	require.NoError(t, err)
	return n
}

func count(t *testing.T, f *portaltest.Fixture, query string) (n int) {
	t.Helper()
	require.NoError(t, f.Database.QueryRowContext(t.Context(), query).Scan(&n))
	return n
}
