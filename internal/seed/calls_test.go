package seed_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/seed"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// The counts of hours, days and single minutes agree.
func TestCallsAddUp(t *testing.T) {
	each(t, func(t *testing.T, d *database.DB, org string) {
		sum := func(table, where string, args ...any) int {
			t.Helper()
			n, err := strconv.Atoi(ask(t, d, "SELECT coalesce(sum(calls), 0) FROM "+table+" WHERE organization_id = $1 AND "+where, append([]any{org}, args...)...)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		all := sum("usage_days", "true")
		if all == 0 || all != sum("usage_hours", "true") {
			t.Errorf("%d calls by the day, %d by the hour", all, sum("usage_hours", "true"))
		}
		// From some moment on, all minutes have counts.
		since := today().Truncate(time.Hour).Add(-47 * time.Hour)
		minutes := sum("usage_minutes", "at >= $2", since)
		if minutes == 0 || minutes != sum("usage_hours", "at >= $2", since) {
			t.Errorf("%d calls by the minute, %d by the hour since %s", minutes, sum("usage_hours", "at >= $2", since), since)
		}
		for what, query := range map[string]string{
			"minutes that a roll-up would take again": "SELECT id FROM usage_minutes WHERE organization_id = $1 AND (due OR rolled <> calls) AND $2 > at",
			"calls in the future, or of no time":      "SELECT id FROM usage_hours WHERE organization_id = $1 AND (at >= $2 OR calls < 1)",
			"calls of an app that was not there yet":  "SELECT u.id FROM usage_hours u JOIN apps a ON a.id = u.app_id WHERE u.organization_id = $1 AND u.at < a.created_at AND u.at < $2",
			"calls with what does not belong together": `SELECT u.id FROM usage_days u LEFT JOIN credentials k ON k.id = u.credential_id AND k.app_id = u.app_id AND k.account_id = u.account_id
				LEFT JOIN endpoints e ON e.id = u.endpoint_id AND e.product_id = u.product_id
				WHERE u.organization_id = $1 AND u.at < $2 AND (k.id IS NULL OR e.id IS NULL AND EXISTS (SELECT 1 FROM endpoints WHERE product_id = u.product_id))`,
			"good calls without a subscription, or with a key that is not good": `SELECT u.id FROM usage_days u JOIN credentials k ON k.id = u.credential_id WHERE u.organization_id = $1 AND u.code = 'VALID'
				AND (k.status <> 'ACTIVE' OR k.expires_at <= $2 OR NOT EXISTS
				(SELECT 1 FROM subscriptions s WHERE s.app_id = u.app_id AND s.product_id = u.product_id AND s.newest AND s.status = 'APPROVED'))`,
			"good keys that were never used, or used in the future": `SELECT k.id FROM credentials k WHERE k.organization_id = $1 AND EXISTS
				(SELECT 1 FROM usage_days u WHERE u.credential_id = k.id AND u.code = 'VALID') <> (k.last_used_at IS NOT NULL AND k.last_used_at < $2)`,
		} {
			if got := ask(t, d, query, org, today()); len(got) > 0 {
				t.Errorf("there are %s: %d, such as %s", what, len(got), got[0])
			}
		}
	})
}

// A chart of the last 30 days has calls on each of them.
func TestCallsOfEachDay(t *testing.T) {
	each(t, func(t *testing.T, d *database.DB, org string) {
		days := ask(t, d, "SELECT count(*) FROM (SELECT DISTINCT at FROM usage_days WHERE organization_id = $1) days", org)[0]
		if days != "35" {
			t.Errorf("calls on %s days", days)
		}
		codes := len(ask(t, d, "SELECT DISTINCT code FROM usage_days WHERE organization_id = $1", org))
		if codes < 4 {
			t.Errorf("only %d verdicts", codes)
		}
	})
}

// The use of a quota is the number of accepted calls in its current period, and
// within the quota.
func TestQuotasAddUp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o, _ := seeded(t, url)
		zones := map[string]*time.Location{}
		for _, org := range []struct{ slug, zone string }{{"demo", "Europe/Berlin"}, {"second", "America/New_York"}} {
			loc, err := time.LoadLocation(org.zone)
			if err != nil {
				t.Fatal(err)
			}
			zones[ask(t, o.Database, "SELECT id FROM organizations WHERE slug = $1", org.slug)[0]] = loc
		}
		ctx := viewer.NewContext(t.Context(), viewer.ForSystem(uuid.Nil))
		rows := quotaCounts(t, o.Database)
		if len(rows) < 4 {
			t.Errorf("only %d quotas are in use", len(rows))
		}
		registered := map[uuid.UUID]*db.Subscription{}
		for _, s := range o.Client.Subscription.Query().Where(subscription.Newest(true)).AllX(ctx) {
			registered[limits.ByApp(s.AppID, s.ProductID)] = s
		}
		shared := map[uuid.UUID]int64{}
		for _, q := range rows {
			s := registered[q.AppCounter]
			plan := o.Client.Plan.GetX(ctx, s.PlanID)
			quota := limits.QuotaOf(plan.Quota)
			account := limits.ByAccount(s.AccountID, s.ProductID, quota.Per)
			if q.AccountCounter != account {
				t.Errorf("a count of app %s that is none of its account", s.AppID)
			}
			if plan.QuotaPer == access.QuotaPerAccount {
				if shared[account] += q.N; shared[account] > quota.Limit {
					t.Errorf("an account used %d of %d", shared[account], quota.Limit)
				}
			}
			start, end := quota.Period(today(), zones[q.Organization.String()])
			if !start.Equal(q.PeriodStart) || !end.Equal(q.PeriodEnd) {
				t.Errorf("a %s from %s to %s, want %s to %s", quota.Per, q.PeriodStart, q.PeriodEnd, start, end)
			}
			passed := ask(t, o.Database, "SELECT coalesce(sum(calls), 0) FROM usage_hours WHERE app_id = $1 AND product_id = $2 AND code = 'VALID' AND at >= $3",
				s.AppID, s.ProductID, start)[0]
			if passed != strconv.FormatInt(q.N, 10) || q.N > quota.Limit {
				t.Errorf("%d of %d used, and %s passed", q.N, quota.Limit, passed)
			}
		}
		if len(shared) == 0 {
			t.Error("no account shares a quota")
		}
		if refused := ask(t, o.Database, "SELECT id FROM usage_days WHERE code = 'QUOTA_EXCEEDED'"); len(refused) == 0 {
			t.Error("nobody ever used up a quota")
		}
	})
}

// quotaCounts returns how much of all quotas is used.
func quotaCounts(t *testing.T, d *database.DB) []limits.Used {
	t.Helper()
	rows, err := d.QueryContext(t.Context(), "SELECT organization_id, subscription_id, account_counter, period_start, period_end, used FROM quota_counts")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []limits.Used
	for rows.Next() {
		var u limits.Used
		if err := rows.Scan(&u.Organization, &u.AppCounter, &u.AccountCounter, &u.PeriodStart, &u.PeriodEnd, &u.N); err != nil {
			t.Fatal(err)
		}
		out = append(out, u)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// The calls of past days are the same each time and on each database, except for
// quotas, whose first days are not counted from their start.
func TestCallsAreTheSameEachTime(t *testing.T) {
	past := func(o seed.Options) []string {
		return ask(t, o.Database, `SELECT id, calls FROM usage_days WHERE at < $1 AND at > $2 AND code NOT IN ('VALID', 'QUOTA_EXCEEDED') ORDER BY id`,
			today().AddDate(0, 0, -3), today().AddDate(0, 0, -30))
	}
	one, _ := seeded(t, testdb.SQLite(t))
	want := past(one)
	if len(want) < 100 {
		t.Errorf("only %d counts", len(want))
	}
	testdb.Each(t, func(t *testing.T, url string) {
		later := options(t, url)
		later.Clock = clock.NewFake(today().Add(30 * time.Hour))
		if _, err := seed.Demo(t.Context(), later); err != nil {
			t.Fatal(err)
		}
		if got := past(later); !slices.Equal(got, want) {
			t.Errorf("%d counts, and %d others a day later", len(want), len(got))
		}
	})
}
