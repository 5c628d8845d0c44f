package migrate_test

import (
	"strings"
	"testing"

	"portico/internal/database"
	"portico/internal/testdb"
	"portico/migrate"
)

const (
	beforeRevisions = "20261201011858_product_presentation.sql"
	organization    = "00000000-0000-7000-8000-000000000001"
	account         = "00000000-0000-7000-8000-000000000002"
	product         = "00000000-0000-7000-8000-000000000003"
	bare, full      = "00000000-0000-7000-8000-000000000004", "00000000-0000-7000-8000-000000000005"
	changing, over  = "00000000-0000-7000-8000-000000000006", "00000000-0000-7000-8000-000000000007"
)

// used is what a database of the release before has: a plan without any limit and one with
// every term, a subscription that is to change from the one to the other, and one that is over.
const used = `
INSERT INTO organizations (id, created_at, updated_at, slug, name, longest_key_life) VALUES (ORG, T, T, 'one', 'One', '{}');
INSERT INTO accounts (id, created_at, updated_at, name, name_folded, profile, organization_id) VALUES (ACCOUNT, T, T, 'A', 'a', '{}', ORG);
INSERT INTO products (id, created_at, updated_at, name, title, title_folded, auth_types, organization_id) VALUES (PRODUCT, T, T, 'weather', 'Weather', 'weather', '[]', ORG);
INSERT INTO plans (id, created_at, updated_at, name, kind, product_id, organization_id) VALUES (BARE, T, T, 'free', 'FREE', PRODUCT, ORG);
INSERT INTO plans (id, created_at, updated_at, name, kind, rate_limit, quota, quota_per, price, endpoint_limits, overage, spending_cap, calls_within_cap, product_id, organization_id)
	VALUES (FULL, T, T, 'gold', 'METERED', '{"limit":1,"per":"SECOND"}', '{"limit":2,"per":"DAY"}', 'ACCOUNT', '{"amount":"3"}', '[]', 'CONTINUE', '30', 10, PRODUCT, ORG);
INSERT INTO apps (id, created_at, updated_at, reference_id, name, name_folded, labels, account_id, organization_id) VALUES (CHANGING, T, T, CHANGING, 'App', 'app', '[]', ACCOUNT, ORG);
INSERT INTO apps (id, created_at, updated_at, reference_id, name, name_folded, labels, account_id, organization_id) VALUES (OVER, T, T, OVER, 'App', 'app', '[]', ACCOUNT, ORG);
INSERT INTO subscriptions (id, created_at, updated_at, status, app_id, account_id, product_id, plan_id, organization_id, pending_plan_id, pending_status, pending_when, pending_requested_at, pending_waits_since)
	VALUES (CHANGING, T, T, 'APPROVED', CHANGING, ACCOUNT, PRODUCT, BARE, ORG, FULL, 'WAITING', 'NOW', T, T);
INSERT INTO subscriptions (id, created_at, updated_at, status, app_id, account_id, product_id, plan_id, organization_id) VALUES (OVER, T, T, 'UNSUBSCRIBED', OVER, ACCOUNT, PRODUCT, FULL, ORG)`

// Whatever there is when plans get revisions goes by revision 1 of its plan, whose terms are
// the plan's; and revisions never change.
func TestPlansInUseGetTheirFirstRevision(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		db := testdb.Open(t, url)
		files, err := migrate.Files(db.Dialect())
		if err != nil {
			t.Fatal(err)
		}
		up(t, db, folder(t, until(t, files, beforeRevisions)))
		fill := strings.NewReplacer("ORG", "'"+organization+"'", "ACCOUNT,", "'"+account+"',", "(ACCOUNT", "('"+account+"'", "PRODUCT", "'"+product+"'", "BARE", "'"+bare+"'", "FULL", "'"+full+"'",
			"CHANGING", "'"+changing+"'", "OVER", "'"+over+"'", " T,", " '2026-11-01 00:00:00+00:00',", " T)", " '2026-11-01 00:00:00+00:00')")
		for _, text := range strings.Split(used, ";\n") {
			must(t, db, fill.Replace(text))
		}
		if _, err := migrate.Up(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		same := `r.number = 1 AND p.revision = 1 AND r.product_id = p.product_id AND r.organization_id = p.organization_id`
		for _, term := range []string{"kind", "rate_limit", "quota", "quota_per", "price", "endpoint_limits", "overage", "spending_cap", "calls_within_cap"} {
			same += ` AND r.` + term + ` IS NOT DISTINCT FROM p.` + term
		}
		for what, of := range map[string]struct {
			text string
			want int
		}{
			"revisions":               {`SELECT COUNT(*) FROM plan_revisions`, 2},
			"terms as of the plan":    {`SELECT COUNT(*) FROM plan_revisions r JOIN plans p ON p.id = r.plan_id WHERE ` + same, 2},
			"subscriptions by them":   {`SELECT COUNT(*) FROM subscriptions s JOIN plan_revisions r ON r.id = s.plan_revision_id AND r.plan_id = s.plan_id`, 2},
			"changes of plan to them": {`SELECT COUNT(*) FROM subscriptions s JOIN plan_revisions r ON r.id = s.pending_plan_revision_id AND r.plan_id = s.pending_plan_id`, 1},
		} {
			var n int
			if err := db.QueryRowContext(t.Context(), of.text).Scan(&n); err != nil || n != of.want {
				t.Errorf("%s: %d, want %d; %v", what, n, of.want, err)
			}
		}
		for _, text := range changesOfRevisions(db.Dialect()) {
			if _, err := db.ExecContext(t.Context(), text); err == nil || !strings.Contains(err.Error(), "a revision of a plan is never changed") {
				t.Errorf("%s: %v", text, err)
			}
		}
	})
}

// changesOfRevisions are statements that the database refuses.
func changesOfRevisions(dialect string) []string {
	out := []string{`UPDATE plan_revisions SET quota_per = 'APP'`, `DELETE FROM plan_revisions`}
	if dialect == "postgres" {
		return append(out, `TRUNCATE plan_revisions CASCADE`)
	}
	const terms = ` (id, kind, number, created_at, plan_id, product_id, organization_id) SELECT `
	return append(out,
		`REPLACE INTO plan_revisions`+terms+`id, kind, number + 1, created_at, plan_id, product_id, organization_id FROM plan_revisions`,
		`REPLACE INTO plan_revisions`+terms+`'`+organization+`', kind, number, created_at, plan_id, product_id, organization_id FROM plan_revisions LIMIT 1`)
}

func must(t *testing.T, db *database.DB, text string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(text, err)
	}
}
