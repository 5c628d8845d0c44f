package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
)

func limitOf(id string) catalog.EndpointLimitInput {
	return catalog.EndpointLimitInput{EndpointID: id, Quota: &access.Quota{Limit: 5, Per: access.PerDay}}
}

func TestPlan_EndpointLimits(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, plan := f.MustProduct(t, x.Admin, "weather")
		other, _ := f.MustProduct(t, x.Admin, "tides")
		search, export := f.MustEndpoint(t, x.Admin, prod, access.MethodGet, "/search"), f.MustEndpoint(t, x.Admin, prod, access.MethodPost, "/export")
		foreign := f.MustEndpoint(t, x.Admin, other, access.MethodGet, "/search")
		set := func(all ...catalog.EndpointLimitInput) (*db.Plan, error) {
			return f.Portal.Catalog.UpdatePlan(x.Admin, catalog.UpdatePlanInput{PlanID: plan.GlobalID(), EndpointLimits: input.SetTo(all)})
		}
		t.Run("OK", func(t *testing.T) {
			rate := catalog.EndpointLimitInput{EndpointID: export.GlobalID(), RateLimit: &access.RateLimit{Limit: 2, Per: access.PerMinute}}
			out, err := set(limitOf(search.GlobalID()), rate)
			require.NoError(t, err)
			want := []access.EndpointLimit{
				{EndpointID: search.ID, Quota: &access.Quota{Limit: 5, Per: access.PerDay}},
				{EndpointID: export.ID, RateLimit: &access.RateLimit{Limit: 2, Per: access.PerMinute, Burst: 2}},
			}
			require.Equal(t, want, out.EndpointLimits)
			require.Equal(t, want, f.Client.Plan.GetX(portaltest.System(t), plan.ID).EndpointLimits)
			again, err := set(limitOf(search.GlobalID()), rate)
			require.NoError(t, err)
			require.Equal(t, out.Version, again.Version, "it says so already")
			kept, err := f.Portal.Catalog.UpdatePlan(x.Admin, catalog.UpdatePlanInput{PlanID: plan.GlobalID(), Name: input.SetTo("renamed"), Price: input.SetTo(domain.Price{Amount: "0"})})
			require.NoError(t, err)
			require.Equal(t, want, kept.EndpointLimits, "left out")
			created, err := f.Portal.Catalog.CreatePlan(x.Admin, catalog.CreatePlanInput{ProductID: prod.GlobalID(), Name: "made so", EndpointLimits: []catalog.EndpointLimitInput{limitOf(search.GlobalID())}})
			require.NoError(t, err)
			require.Equal(t, want[:1], created.EndpointLimits)
		})
		t.Run("events", func(t *testing.T) {
			all := f.Client.Event.Query().Where(event.SubjectID(plan.ID), event.Type(string(eventlog.PlanUpdated))).Order(event.ByPosition()).AllX(portaltest.System(t))
			require.Equal(t, "endpointLimits", all[0].Changes[0].Field)
			require.JSONEq(t, `[{"endpointId":"`+search.GlobalID()+`","quota":{"limit":5,"per":"DAY"}},{"endpointId":"`+export.GlobalID()+`","rateLimit":{"limit":2,"per":"MINUTE","burst":2}}]`, *all[0].Changes[0].After)
		})
		t.Run("ErrDeleteLimitedEndpoint", func(t *testing.T) {
			_, err := f.Portal.Catalog.DeleteEndpoint(x.Admin, search.GlobalID())
			portaltest.RequireProblems(t, err, "NOT_ALLOWED endpointId")
		})
		for name, c := range map[string][]catalog.EndpointLimitInput{
			"UNKNOWN_REFERENCE endpointLimits.1.endpointId":  {limitOf(search.GlobalID()), limitOf(foreign.GlobalID())},
			"UNKNOWN_REFERENCE endpointLimits.0.endpointId":  {limitOf(nodeid.Encode(nodeid.Endpoint, uuid.New()))},
			"UNKNOWN_REFERENCE endpointLimits.0.endpointId ": {limitOf("search")},
			"TAKEN endpointLimits.1.endpointId":              {limitOf(search.GlobalID()), limitOf(search.GlobalID())},
			"REQUIRED endpointLimits.0":                      {{EndpointID: search.GlobalID()}},
			"INVALID endpointLimits.0.quota.limit":           {{EndpointID: search.GlobalID(), Quota: &access.Quota{Per: access.PerDay}}},
			"INVALID endpointLimits.0.rateLimit.limit":       {{EndpointID: search.GlobalID(), RateLimit: &access.RateLimit{Per: access.PerHour}}},
			"TOO_MANY endpointLimits":                        make([]catalog.EndpointLimitInput, catalog.MaxEndpointLimits+1),
		} {
			t.Run("Err "+name, func(t *testing.T) {
				_, err := set(c...)
				portaltest.RequireProblems(t, err, strings.TrimSpace(name))
			})
		}
		t.Run("ErrCleared", func(t *testing.T) {
			_, err := f.Portal.Catalog.UpdatePlan(x.Admin, catalog.UpdatePlanInput{PlanID: plan.GlobalID(), EndpointLimits: input.Patch[[]catalog.EndpointLimitInput]{Set: true}, Overage: input.Patch[access.Overage]{Set: true}})
			portaltest.RequireProblems(t, err, "REQUIRED endpointLimits", "REQUIRED overage")
		})
		t.Run("removed", func(t *testing.T) {
			out, err := set()
			require.NoError(t, err)
			require.Empty(t, out.EndpointLimits)
			_, err = f.Portal.Catalog.DeleteEndpoint(x.Admin, export.GlobalID())
			require.NoError(t, err)
		})
	})
}

// Of requests that delete an endpoint and those that limit it, one kind succeeds.
func TestRace_LimitAndDeleteEndpoint(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		prod, plan := h.MustProduct(t, x.Admin, "orders")
		e := h.Fixture.MustEndpoint(t, x.Admin, prod, access.MethodGet, "/orders")
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (string, error) {
			if n%2 == 0 {
				return p.Catalog.DeleteEndpoint(x.Admin, e.GlobalID())
			}
			_, err := p.Catalog.UpdatePlan(x.Admin, catalog.UpdatePlanInput{PlanID: plan.GlobalID(), EndpointLimits: input.SetTo([]catalog.EndpointLimitInput{limitOf(e.GlobalID())})})
			return "", err
		})
		tally := racetest.Tally(outcomes)
		limited := len(h.Client.Plan.GetX(portaltest.System(t), plan.ID).EndpointLimits) > 0
		there := h.Client.Endpoint.Query().CountX(portaltest.System(t)) == 1
		require.Equal(t, limited, there, "%v", tally)
		if limited {
			require.Equal(t, map[string]int{racetest.OK: racetest.Requests / 2, "NOT_ALLOWED": racetest.Requests / 2}, tally)
		}
	})
}

func TestPlan_SpendingCap(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, free := f.MustProduct(t, x.Admin, "weather")
		price := func(amount string) *domain.Price {
			return &domain.Price{Amount: amount, Currency: "EUR", Unit: 1, IncludedCalls: 100}
		}
		create := func(name string, kind domain.PlanKind, p *domain.Price, spendingCap string) (*db.Plan, error) {
			return f.Portal.Catalog.CreatePlan(x.Admin, catalog.CreatePlanInput{ProductID: prod.GlobalID(), Name: name, Kind: &kind, Price: p, SpendingCap: &spendingCap, Overage: new(access.OverageContinue)})
		}
		plan, err := create("metered", domain.PlanMetered, price("0.50"), "7.5")
		require.NoError(t, err)
		require.Equal(t, access.OverageContinue, plan.Overage)
		require.Equal(t, access.OverageRefuse, free.Overage)
		require.Equal(t, "7.50", *plan.SpendingCap)
		require.EqualValues(t, 115, *plan.CallsWithinCap)
		update := func(in catalog.UpdatePlanInput) (*db.Plan, error) {
			in.PlanID = plan.GlobalID()
			return f.Portal.Catalog.UpdatePlan(x.Admin, in)
		}
		t.Run("follows the price", func(t *testing.T) {
			out, err := update(catalog.UpdatePlanInput{Price: input.SetTo(*price("1"))})
			require.NoError(t, err)
			require.EqualValues(t, 107, *out.CallsWithinCap)
			out, err = update(catalog.UpdatePlanInput{Price: input.SetTo(*price("0"))})
			require.NoError(t, err)
			require.Nil(t, out.CallsWithinCap)
			require.Equal(t, "7.50", *out.SpendingCap)
		})
		t.Run("cleared", func(t *testing.T) {
			out, err := update(catalog.UpdatePlanInput{Price: input.SetTo(*price("0.50")), SpendingCap: input.Patch[string]{Set: true}})
			require.NoError(t, err)
			require.Nil(t, out.SpendingCap)
			require.Nil(t, out.CallsWithinCap)
		})
		t.Run("Err", func(t *testing.T) {
			_, err := create("a fee", domain.PlanSubscription, &domain.Price{Amount: "5"}, "1")
			portaltest.RequireProblems(t, err, "NOT_ALLOWED spendingCap")
			_, err = create("nothing", domain.PlanFree, nil, "1")
			portaltest.RequireProblems(t, err, "NOT_ALLOWED spendingCap")
			for _, text := range []string{"", "-1", "1e3", "0.0000001", "much"} {
				_, err = update(catalog.UpdatePlanInput{SpendingCap: input.SetTo(text)})
				portaltest.RequireProblems(t, err, "INVALID spendingCap")
			}
			dear := price("2")
			dear.IncludedCalls = 0
			_, err = create("not even one", domain.PlanTiered, dear, "1.99")
			portaltest.RequireProblems(t, err, "INVALID spendingCap")
			_, err = update(catalog.UpdatePlanInput{SpendingCap: input.SetTo("0.49")})
			require.NoError(t, err, "a hundred calls are included")
			dear.Amount = "0.5"
			_, err = update(catalog.UpdatePlanInput{Price: input.SetTo(*dear)})
			portaltest.RequireProblems(t, err, "INVALID spendingCap")
		})
		t.Run("database", func(t *testing.T) {
			for _, change := range []string{`spending_cap = '1'`, `calls_within_cap = 5`, `overage = 'ALLOW'`} {
				_, err := f.Database.ExecContext(t.Context(), `UPDATE plans SET `+change+` WHERE id = $1`, free.ID)
				require.Error(t, err, change)
			}
		})
	})
}
