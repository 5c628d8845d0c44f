package graph_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/database"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// report is a query for all calls of a day.
const report = `query($where: UsageFilter!, $interval: UsageInterval! = HOUR) { usage(where: $where, interval: $interval) {
  total previousTotal timeZone asOf totals { code calls } series { start end calls codes { code calls } }
  topApps(first: 2) { app { name } calls } upstream { statusClass calls meanLatencyMs } } }`

func day(more arguments) map[string]any {
	where := arguments{"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z", "timeZone": "UTC"}
	for k, v := range more {
		where[k] = v
	}
	return map[string]any{"where": where}
}

// TestUsage: administrators count all calls of the organization, developers
// their account's, and counts beyond 32 bits are exact.
func TestUsage(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newServer(t, url, database.Options{})
		one, two := s.MustTenant(t, "one"), s.MustTenant(t, "two")
		other := s.MustAccount(t, one.Admin, "Globex")
		apps := map[string]*db.App{
			"mine": s.MustApp(t, one.Developer, "mine").App, "old": s.MustApp(t, one.Developer, "old").App,
			"theirs": s.MustAppOf(t, one.Admin, other, "theirs").App, "foreign": s.MustApp(t, two.Developer, "foreign").App,
		}
		at := portaltest.Start()
		add := func(app string, code verdict.Code, at time.Time, n int64) {
			a := apps[app]
			s.called(a.OrganizationID, (&db.Account{ID: a.AccountID}).GlobalID(), a.GlobalID(), "", "", code, at, n)
		}
		add("mine", verdict.Valid, at, 5_000_000_000)
		add("mine", verdict.RateLimited, at, 2)
		add("mine", verdict.Valid, at.AddDate(0, 0, -1), 7)
		add("old", verdict.Revoked, at.Add(-time.Hour), 3)
		add("theirs", verdict.Valid, at, 100)
		add("foreign", verdict.Valid, at, 1000)
		s.called(one.Organization.ID, "", "", "", "", verdict.NotFound, at, 10)
		s.calls.flush(t)
		_, err := s.Portal.Apps.DeleteApp(one.Developer, apps["old"].GlobalID(), nil)
		require.NoError(t, err)

		a := s.ask(t, s.token(t, one.Developer), report, day(nil))
		require.Empty(t, a.Errors, a.raw)
		u := a.Data["usage"].(map[string]any)
		require.EqualValues(t, 5_000_000_005, u["total"])
		require.EqualValues(t, 7, u["previousTotal"])
		require.Equal(t, "UTC", u["timeZone"])
		require.Equal(t, "2026-03-01T09:00:00Z", u["asOf"])
		require.Contains(t, a.raw, `"totals":[{"code":"REVOKED","calls":3},{"code":"RATE_LIMITED","calls":2},{"code":"VALID","calls":5000000000}]`)
		require.Contains(t, a.raw, `"topApps":[{"app":{"name":"mine"},"calls":5000000002},{"app":null,"calls":3}],"upstream":[]`)
		series := u["series"].([]any)
		require.Len(t, series, 24)
		require.Equal(t, map[string]any{"start": "2026-03-01T07:00:00Z", "end": "2026-03-01T08:00:00Z", "calls": 0.0, "codes": []any{}}, series[7])
		require.EqualValues(t, 5_000_000_002, series[9].(map[string]any)["calls"])

		a = s.ask(t, s.token(t, one.Admin), report, day(nil))
		require.Empty(t, a.Errors, a.raw)
		require.EqualValues(t, 5_000_000_115, a.Data["usage"].(map[string]any)["total"])
		require.Contains(t, a.raw, `{"app":{"name":"theirs"},"calls":100}`)
		a = s.ask(t, s.token(t, one.Admin), report, day(arguments{"appIds": []string{apps["theirs"].GlobalID(), apps["theirs"].GlobalID()}}))
		require.EqualValues(t, 100, a.Data["usage"].(map[string]any)["total"], a.raw)
	})
}

// An invalid query is refused, and what the viewer may not see is unknown.
func TestInvalidUsageQueries(t *testing.T) {
	s := newServer(t, testdb.SQLite(t), database.Options{})
	one, two := s.MustTenant(t, "one"), s.MustTenant(t, "two")
	mine, foreign := s.MustApp(t, one.Developer, "mine").App.GlobalID(), s.MustApp(t, two.Developer, "foreign").App.GlobalID()
	many := make([]string, 101)
	for i := range many {
		many[i] = madeUp(mine)
	}
	for name, x := range map[string]struct {
		code  string
		where arguments
	}{
		"a time zone that is none":  {"BAD_USER_INPUT", arguments{"timeZone": "Mars/Olympus"}},
		"the server's time zone":    {"BAD_USER_INPUT", arguments{"timeZone": "Local"}},
		"no time zone":              {"BAD_USER_INPUT", arguments{"timeZone": ""}},
		"another spelling":          {"BAD_USER_INPUT", arguments{"timeZone": "europe/berlin"}},
		"a file of the system's":    {"BAD_USER_INPUT", arguments{"timeZone": "right/Europe/Berlin"}},
		"a path":                    {"BAD_USER_INPUT", arguments{"timeZone": "./Europe/Berlin"}},
		"an end before the start":   {"BAD_USER_INPUT", arguments{"to": "2026-02-01T00:00:00Z"}},
		"no time at all":            {"BAD_USER_INPUT", arguments{"to": "2026-03-01T00:00:00Z"}},
		"too many points":           {"BAD_USER_INPUT", arguments{"to": "2026-04-01T00:00:00Z"}},
		"what is not kept any more": {"BAD_USER_INPUT", arguments{"from": "1999-03-01T00:00:00Z", "to": "1999-03-01T02:00:00Z"}},
		"an empty list":             {"BAD_USER_INPUT", arguments{"appIds": []string{}}},
		"too many ids":              {"BAD_USER_INPUT", arguments{"appIds": many}},
		"an id of another kind":     {"NOT_FOUND", arguments{"productIds": []string{mine}}},
		"an unknown app":            {"NOT_FOUND", arguments{"appIds": []string{madeUp(mine)}}},
		"a foreign app":             {"NOT_FOUND", arguments{"appIds": []string{foreign}}},
		"one's own and a foreign":   {"NOT_FOUND", arguments{"appIds": []string{mine, foreign}}},
		"junk":                      {"NOT_FOUND", arguments{"credentialIds": []string{"' OR 1=1 --"}}},
	} {
		for _, ctx := range []context.Context{one.Admin, one.Developer} {
			a := s.ask(t, s.token(t, ctx), report, day(x.where))
			require.Len(t, a.Errors, 1, "%s: %s", name, a.raw)
			require.Equal(t, x.code, a.Errors[0].Extensions["code"], "%s: %s", name, a.raw)
		}
	}
	for _, first := range []int{0, -1, 51} {
		a := s.ask(t, s.token(t, one.Admin), fmt.Sprintf(`query($where: UsageFilter!) { usage(where: $where, interval: DAY) { topApps(first: %d) { calls } } }`, first), day(nil))
		require.Len(t, a.Errors, 1, a.raw)
		require.Equal(t, "BAD_USER_INPUT", a.Errors[0].Extensions["code"])
	}
	_, err := s.Portal.Identity.SuspendAccount(one.Admin, one.Account.GlobalID(), nil)
	require.NoError(t, err)
	a := s.ask(t, s.token(t, one.Developer), report, day(nil))
	require.Equal(t, "FORBIDDEN", a.Errors[0].Extensions["code"], a.raw)
}

// Many charts in one request are too expensive; two of the largest are not.
func TestCostOfReports(t *testing.T) {
	s := newServer(t, testdb.SQLite(t), database.Options{})
	tenant := s.MustTenant(t, "one")
	ask := func(n int) answer {
		document := "query($where: UsageFilter!) {"
		for i := range n {
			document += fmt.Sprintf(" a%d: usage(where: $where, interval: HOUR) { series { start end calls codes { code calls } } }", i)
		}
		return s.ask(t, s.token(t, tenant.Admin), document+" }", day(nil))
	}
	require.Empty(t, ask(2).Errors)
	a := ask(20)
	require.Len(t, a.Errors, 1, a.raw)
	require.Equal(t, "BAD_USER_INPUT", a.Errors[0].Extensions["code"])
}

// quotaPlan creates a plan with a quota for a product.
func (s *server) quotaPlan(t testing.TB, admin context.Context, p *db.Product) *db.Plan {
	t.Helper()
	created, err := s.Portal.Catalog.CreatePlan(admin, catalog.CreatePlanInput{ProductID: p.GlobalID(), Name: "limited", Quota: &access.Quota{Limit: 1000, Per: access.PerMonth}})
	require.NoError(t, err)
	return created
}

// Calls, quotas and enforcement are read for a whole page at once, and only if
// they are selected.
func TestCallsAreReadTogether(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var c counter
		s := newServer(t, url, database.Options{OnStatement: c.note})
		tenant := s.MustTenant(t, "page")
		organization, account := tenant.Organization.ID, tenant.Account.GlobalID()
		first := ""
		for i := range 5 {
			app := s.MustApp(t, tenant.Developer, fmt.Sprint("app", i)).App
			id := app.GlobalID()
			credentialID := s.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AppID: &id}).Credential.GlobalID()
			for n := range i + 1 {
				p, free := s.MustProduct(t, tenant.Admin, fmt.Sprintf("product-%d-%d", i, n))
				plan := free
				if n%2 == 0 {
					plan = s.quotaPlan(t, tenant.Admin, p)
				}
				sub := s.MustRegister(t, tenant.Developer, app, p, plan)
				if n == 0 {
					s.used(t, organization, limits.ByApp(sub.AppID, sub.ProductID), int64(i+1))
				}
				s.called(organization, account, id, credentialID, p.GlobalID(), verdict.Valid, s.Clock.Now().Add(-time.Minute), int64(10*i+n+1))
			}
			first = id
		}
		s.called(organization, account, first, "", "", verdict.Valid, s.Clock.Now().AddDate(0, 0, -1).Add(-time.Minute), 1_000_000)
		s.calls.flush(t)
		s.serve(t, organization, "edge", 0)
		for name, x := range map[string]struct {
			document string
			most     int
			has      string
		}{
			// viewer, apps, calls
			"apps": {`query($n: Int) { apps(first: $n) { nodes { name callsLast24h } } }`, 3, `{"name":"app4","callsLast24h":215}`},
			// viewer, apps, keys, calls
			"keys": {`query($n: Int) { apps(first: $n) { nodes { credentials { nodes { callsLast24h } } } } }`, 4, `{"callsLast24h":215}`},
			// viewer, apps, subscriptions, calls
			"subscriptions": {`query($n: Int) { apps(first: $n) { nodes { productSubscriptions { nodes { callsLast24h } } } } }`, 4, `{"callsLast24h":45}`},
			// viewer, apps, subscriptions, plans, counts
			"quotas": {`query($n: Int) { apps(first: $n) { nodes { productSubscriptions { nodes { quota { limit used remaining resetsAt } } } } } }`, 5,
				`{"quota":{"limit":1000,"used":5,"remaining":995,"resetsAt":"2026-04-01T00:00:00Z"}}`},
		} {
			for _, ctx := range []context.Context{tenant.Developer, tenant.Admin} {
				s.wantStatements(t, &c, s.token(t, ctx), name, x.document, x.most, x.has)
			}
		}
		// viewer, apps, keys, nodes, events
		s.wantStatements(t, &c, s.token(t, tenant.Admin), "enforcement",
			`query($n: Int) { apps(first: $n) { nodes { credentials { nodes { enforcement { revision appliedBy pending lagMs } } } } } }`, 5, `"appliedBy":[],"pending":["edge"]`)
	})
}

// A preview counts the calls that would be hit, and none of the keys that were revoked with
// their app when that was deleted before.
func TestPreviewsCountWhatWouldBeHit(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newServer(t, url, database.Options{})
		tenant := s.MustTenant(t, "one")
		account := tenant.Account.GlobalID()
		product, plan := s.MustAutomaticProduct(t, tenant.Admin, "weather")
		created := s.MustApp(t, tenant.Developer, "Rain")
		app, p := created.App.GlobalID(), product.GlobalID()
		s.MustRegister(t, tenant.Developer, created.App, product, plan)
		wide := s.MustKey(t, tenant.Developer, apps.GenerateKeyInput{AccountID: &account}).Credential.GlobalID()
		called := func(key string, ago time.Duration, n int64) {
			s.called(tenant.Organization.ID, account, app, key, p, verdict.Valid, s.Clock.Now().Add(-ago), n)
		}
		called(created.Credential.GlobalID(), time.Minute, 100)
		called(created.Credential.GlobalID(), 25*time.Hour, 1_000_000)
		called(wide, 23*time.Hour, 20)
		s.calls.flush(t)
		preview := func() []any {
			a := s.ask(t, s.token(t, tenant.Admin), `query($app: ID!, $product: ID!, $key: ID!) {
				retire: previewRetireProduct(productId: $product) { callsLast24h } delete: previewDeleteApp(appId: $app) { callsLast24h } revoke: previewRevoke(credentialId: $key) { callsLast24h } }`,
				map[string]any{"app": app, "product": p, "key": wide})
			require.Empty(t, a.Errors, a.raw)
			var out []any
			for _, name := range []string{"retire", "delete", "revoke"} {
				out = append(out, a.Data[name].(map[string]any)["callsLast24h"])
			}
			return out
		}
		require.EqualValues(t, []any{120.0, 120.0, 20.0}, preview())

		_, err := s.Portal.Apps.DeleteApp(tenant.Admin, app, nil)
		require.NoError(t, err)
		back, err := s.Portal.Apps.RestoreApp(tenant.Admin, app, nil)
		require.NoError(t, err)
		require.EqualValues(t, []any{0.0, 0.0, 20.0}, preview(), "the key is fresh, and no subscription would end")
		called(back.Credential.GlobalID(), time.Minute, 3)
		s.calls.flush(t)
		require.EqualValues(t, []any{0.0, 3.0, 20.0}, preview())
	})
}

// wantStatements requires that a page of one and a page of many cost the same
// statements.
func (s *server) wantStatements(t testing.TB, c *counter, token, name, document string, most int, has string) {
	t.Helper()
	ask := func(n int) []string {
		return c.during(func() {
			a := s.ask(t, token, document, map[string]any{"n": n})
			require.Empty(t, a.Errors, a.raw)
			require.Contains(t, a.raw, has, name)
		})
	}
	one, many := ask(1), ask(50)
	require.LessOrEqual(t, len(many), most, "%s:\n%s", name, strings.Join(many, "\n"))
	require.Len(t, one, len(many), name)
}

// A quota's period is that of the plan's revision, by the organization's calendar.
func TestQuotaFollowsThePlan(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newServer(t, url, database.Options{})
		tenant := s.MustTenant(t, "quota")
		zone := "Asia/Kathmandu"
		_, err := s.Portal.Identity.UpdateOrganization(tenant.Admin, identity.UpdateOrganizationInput{TimeZone: input.Patch[string]{Set: true, Value: &zone}})
		require.NoError(t, err)
		p, _ := s.MustProduct(t, tenant.Admin, "orders")
		plan := s.quotaPlan(t, tenant.Admin, p)
		sub := s.MustRegister(t, tenant.Developer, s.MustApp(t, tenant.Developer, "app").App, p, plan)
		ask := func() any {
			a := s.ask(t, s.token(t, tenant.Developer), `query($id: ID!) { node(id: $id) { ... on ProductSubscription { quota { limit used remaining resetsAt } } } }`, map[string]any{"id": sub.GlobalID()})
			require.Empty(t, a.Errors, a.raw)
			return a.Data["node"].(map[string]any)["quota"]
		}
		move := func() {
			_, err := s.Portal.Apps.MovePlanSubscriptions(tenant.Admin, apps.MovePlanSubscriptionsInput{PlanID: plan.GlobalID()})
			require.NoError(t, err)
		}
		month := "2026-03-31T18:15:00Z"
		require.Equal(t, map[string]any{"limit": 1000.0, "used": 0.0, "remaining": 1000.0, "resetsAt": month}, ask())
		start := time.Date(2026, 2, 28, 18, 15, 0, 0, time.UTC)
		_, err = s.Database.ExecContext(t.Context(), `INSERT INTO quota_counts (id, organization_id, subscription_id, period_start, period_end, used) VALUES ($1, $2, $3, $4, $5, 1200)`,
			uuid.New(), tenant.Organization.ID, limits.ByApp(sub.AppID, sub.ProductID), start, start.AddDate(0, 1, 0))
		require.NoError(t, err)
		require.Equal(t, map[string]any{"limit": 1000.0, "used": 1200.0, "remaining": 0.0, "resetsAt": month}, ask())
		_, err = s.Portal.Catalog.UpdatePlan(tenant.Admin, catalog.UpdatePlanInput{PlanID: plan.GlobalID(), Quota: input.Patch[access.Quota]{Set: true, Value: &access.Quota{Limit: 50, Per: access.PerWeek}}})
		require.NoError(t, err)
		require.Equal(t, map[string]any{"limit": 1000.0, "used": 1200.0, "remaining": 0.0, "resetsAt": month}, ask(), "as was agreed to")
		move()
		require.Equal(t, map[string]any{"limit": 50.0, "used": 0.0, "remaining": 50.0, "resetsAt": "2026-03-01T18:15:00Z"}, ask(), "a week has its own count")
		_, err = s.Portal.Catalog.UpdatePlan(tenant.Admin, catalog.UpdatePlanInput{PlanID: plan.GlobalID(), Quota: input.Patch[access.Quota]{Set: true}})
		require.NoError(t, err)
		move()
		require.Nil(t, ask())
	})
}

// A report costs the same number of statements whatever it covers.
func TestReportsCostFewStatements(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var c counter
		s := newServer(t, url, database.Options{OnStatement: c.note})
		tenant := s.MustTenant(t, "cost")
		ask := func() []string {
			return c.during(func() {
				a := s.ask(t, s.token(t, tenant.Developer), report, day(nil))
				require.Empty(t, a.Errors, a.raw)
			})
		}
		s.called(tenant.Organization.ID, tenant.Account.GlobalID(), s.MustApp(t, tenant.Developer, "one").App.GlobalID(), "", "", verdict.Valid, s.Clock.Now(), 1)
		s.calls.flush(t)
		few := ask()
		for i := range 10 {
			s.called(tenant.Organization.ID, tenant.Account.GlobalID(), s.MustApp(t, tenant.Developer, fmt.Sprint(i)).App.GlobalID(), "", "", verdict.Revoked, s.Clock.Now(), 1)
		}
		s.calls.flush(t)
		// viewer, organization and nodes, series; organization and nodes, top apps, apps; upstream
		require.Len(t, ask(), len(few))
		require.LessOrEqual(t, len(few), 7, strings.Join(few, "\n"))
	})
}
