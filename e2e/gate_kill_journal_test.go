package e2e

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/rawkey"
	"portico/e2e/servertest"
	"portico/internal/apikey"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/keyring"
	"portico/internal/testdb"
)

const (
	// journalKills is how often the program is killed while it keeps a journal.
	journalKills = 5
	// journalFor is for how long at least before each kill.
	journalFor = 2500 * time.Millisecond
	// journalKeys are so many that most flushes have more than the 512 rows which
	// are added to the counts directly. journalBatch of them are verified together, and as
	// many are of one app, which has a subscription with a quota.
	journalKeys, journalBatch = 1024, 64
)

// A busy program is killed (SIGKILL) while its counts are in the journal. Calls and quotas
// lose at most the last second, nothing is counted twice, and the journal is empty when
// the next program answers.
func TestKillWhileJournaling(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		t.Parallel()
		secrets := "XDG_CONFIG_HOME=" + t.TempDir()
		s := servertest.Start(t, url, secrets)
		c := newActors(t, s, "journaling")
		gateway := newGatewayClient(t, s, "demo", "journaling")
		product := c.limitedProduct(t, "journaled", vars{"quota": vars{"limit": 1_000_000_000, "per": "MONTH"}})
		require.NoError(t, s.Stop())
		keys := c.insertKeys(t, url, product, s.KeyRing(t).Current(keyring.Pepper))
		s = servertest.Start(t, url, secrets)
		var sent, atLeast, left int
		for kill := range journalKills {
			now := gateway.at(s)
			got, killed := answersUntilKill(s, journalBatch, func(n int64) bool { return now.allPass(keys, n) },
				func() { untilJournaled(t, url) })
			sent += int(got.sent.Load())
			// The calls of the last second before the kill may be lost.
			atLeast += journalBatch * got.before(killed.Add(-lostAtMost))
			left += counted(t, url, pagesLeft)
			s = servertest.Start(t, url, secrets)
			require.Zero(t, counted(t, url, pagesLeft), "kill %d: the journal", kill+1)
			for what, n := range map[string]int{"calls": counted(t, url, callsOf, "Journaling"), "quotas": usedBy(t, url, "Journaling")} {
				require.GreaterOrEqual(t, n, atLeast, "kill %d: counts were lost of %s", kill+1, what)
				require.LessOrEqual(t, n, sent, "kill %d: was counted twice of %s", kill+1, what)
			}
		}
		require.Positive(t, left, "no kill left anything in the journal")
		t.Logf("%d calls sent, at least %d had to be counted, %d are; %d pages were left", sent, atLeast, counted(t, url, callsOf, "Journaling"), left)
		s.Kill()
	})
}

// allPass verifies a batch of calls, the first of which is the nth, and reports whether
// all pass.
func (d *gatewayClient) allPass(keys []string, n int64) bool {
	asks := make([]vars, journalBatch)
	for i := range asks {
		asks[i] = vars{"key": keys[(n+int64(i))%journalKeys], "product": "journaled"}
	}
	all, err := d.tryAll(asks)
	for _, v := range all {
		if !v.Valid {
			return false
		}
	}
	return err == nil && len(all) == journalBatch
}

// untilJournaled waits for some time, and until the journal is in use.
func untilJournaled(t *testing.T, url string) {
	t.Helper()
	inside(t, url, func(d *database.DB) {
		began := time.Now()
		require.Eventually(t, func() bool {
			var pages int
			err := d.QueryRowContext(t.Context(), pagesLeft).Scan(&pages)
			return err == nil && pages > 0 && time.Since(began) > journalFor
		}, waitForOthers, pollOthers, "the journal is not used")
	})
}

// insertKeys puts apps, named Journaling, that are registered with a product,
// and their keys into the database of a program that does not run.
func (c *actors) insertKeys(t *testing.T, url, product string, pepper keyring.Key) (raw []string) {
	t.Helper()
	now, account := clock.System{}.Now(), row(c.account)
	fill := func(tx *database.Tx) error {
		exec := func(text string, args ...any) {
			_, err := tx.ExecContext(t.Context(), text, args...)
			require.NoError(t, err)
		}
		var app uuid.UUID
		for i := range journalKeys {
			if i%journalBatch == 0 {
				app = uuid.New()
				exec(`INSERT INTO apps (id, organization_id, account_id, created_at, updated_at, reference_id, name, name_folded, labels)
					SELECT $1, organization_id, id, $2, $2, $1, 'Journaling', 'journaling', '[]' FROM accounts WHERE id = $3`, app, now, account)
				exec(`INSERT INTO subscriptions (id, organization_id, account_id, created_at, updated_at, app_id, product_id, plan_id, status, newest)
					SELECT $1, organization_id, $2, $3, $3, $4, product_id, id, 'APPROVED', true FROM plans WHERE product_id = $5`,
					uuid.New(), account, now, app, row(product))
			}
			username, password := uuid.New(), uuid.New()
			exec(`INSERT INTO credentials (id, organization_id, account_id, created_at, updated_at, app_id, username, secret_hash, pepper_id)
				SELECT $1, organization_id, id, $2, $2, $3, $4, $5, $6 FROM accounts WHERE id = $7`,
				uuid.New(), now, app, username, apikey.Hash(pepper.Secret, username, password), pepper.ID, account)
			raw = append(raw, rawkey.Join("ptk", username, password))
		}
		return nil
	}
	inside(t, url, func(d *database.DB) { require.NoError(t, d.InTx(t.Context(), fill)) })
	return raw
}
