package intake

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/fault"
	"portico/internal/testdb"
	"portico/internal/usage"
)

// Calls that a gateway reports after their app went to another account are counted for the
// account in whose time they were made; one that never had the app is still refused.
func TestAccept_CallsOfAFormerAccount(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		app := uuid.UUID{5}
		w.AddObjectsOf(app)
		accountOf := func(credential uuid.UUID) (id uuid.UUID) {
			require.NoError(t, w.DB.QueryRowContext(t.Context(), `SELECT account_id FROM credentials WHERE id = $1`, credential).Scan(&id))
			return id
		}
		before, to, third := w.Call(app, "VALID"), accountOf(w.AddCredential()), accountOf(w.AddCredential())
		accept := func(batch string, account uuid.UUID) error {
			call := *before
			call.Account = account
			_, err := w.store.Accept(t.Context(), usage.Reporter{Organization: w.Organization}, batch, []usage.Reported{{Call: call, At: noon, Calls: 2}})
			return err
		}
		w.Exec(`UPDATE apps SET account_id = $1 WHERE id = $2`, to, app)
		w.Exec(`UPDATE credentials SET account_id = $1 WHERE id = $2`, to, before.Credential)
		require.True(t, fault.Is(accept("batch-1", before.Account), fault.CodeBadUserInput), "nobody has accepted it")
		w.Exec(`INSERT INTO app_transfers (id, organization_id, created_at, updated_at, app_id, from_account_id, to_account_id, app_name, from_account_name, to_account_name, product_titles, key_count, status, decided_at, expires_at)
			VALUES ($1, $2, $3, $3, $4, $5, $6, 'App', 'From', 'To', '[]', 1, 'ACCEPTED', $3, $7)`, uuid.New(), w.Organization, noon, app, before.Account, to, noon.Add(time.Hour))
		require.NoError(t, accept("batch-1", before.Account))
		require.NoError(t, accept("batch-2", to))
		require.NoError(t, accept("batch-3", uuid.Nil))
		require.True(t, fault.Is(accept("batch-4", third), fault.CodeBadUserInput))
		for account, want := range map[uuid.UUID]int64{before.Account: 2, to: 4} {
			q := w.Query(usage.Hour, noon.Add(-time.Hour), noon.Add(time.Hour))
			q.Account = &account
			require.Equal(t, map[string]int64{"VALID": want}, w.report(q).Totals)
		}
	})
}
