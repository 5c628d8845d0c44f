package portal_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/term"
	"portico/internal/testdb"
)

// wrongTerms are what no plan can promise, and the problems of it.
func wrongTerms() map[string]portal.CreatePlanInput {
	rate := func(limit, burst int) *term.RateLimit {
		return &term.RateLimit{Limit: limit, Per: term.PerSecond, Burst: burst}
	}
	quota := func(limit int) *term.Quota { return &term.Quota{Limit: limit, Per: term.PerMonth} }
	return map[string]portal.CreatePlanInput{
		"INVALID rateLimit.limit":                     {RateLimit: rate(0, 0)},
		"INVALID rateLimit.limit ":                    {RateLimit: rate(1_000_001, 0)},
		"INVALID rateLimit.burst":                     {RateLimit: rate(1, 1_000_001)},
		"INVALID rateLimit.burst ":                    {RateLimit: rate(1, -1)},
		"INVALID quota.limit":                         {Quota: quota(0)},
		"INVALID quota.limit ":                        {Quota: quota(2_000_000_001)},
		"INVALID rateLimit.limit INVALID quota.limit": {RateLimit: rate(-1, 0), Quota: quota(-1)},
		"TOO_LONG externalId":                         {ExternalID: new(strings.Repeat("x", 300))},
		"REQUIRED name":                               {Name: " "},
	}
}

// wrongPrices are what nobody can be charged by, of a plan's kind.
func wrongPrices() map[string][]portal.CreatePlanInput {
	priced := func(kind term.PlanKind, p *term.Price) portal.CreatePlanInput {
		return portal.CreatePlanInput{Kind: &kind, Price: p}
	}
	return map[string][]portal.CreatePlanInput{
		"REQUIRED price": {priced(term.PlanSubscription, nil), priced(term.PlanMetered, nil), priced(term.PlanTiered, nil)},
		"INVALID price.amount": {
			priced(term.PlanFree, &term.Price{Amount: "free"}), priced(term.PlanSubscription, &term.Price{Amount: "-1"}),
			priced(term.PlanSubscription, &term.Price{Amount: "1e3"}), priced(term.PlanMetered, &term.Price{Amount: "", Unit: 1}),
		},
		"INVALID price.currency": {
			priced(term.PlanFree, &term.Price{Amount: "1", Currency: "XXQ"}), priced(term.PlanTiered, &term.Price{Amount: "1", Currency: "eur", Unit: 1}),
		},
		"INVALID price.unit": {
			priced(term.PlanMetered, &term.Price{Amount: "1"}), priced(term.PlanTiered, &term.Price{Amount: "1"}),
			priced(term.PlanMetered, &term.Price{Amount: "1", Unit: 2_000_000_001}),
			priced(term.PlanSubscription, &term.Price{Amount: "1", Unit: 1}), priced(term.PlanFree, &term.Price{Amount: "1", Unit: 1}),
		},
		"INVALID price.currency INVALID price.unit": {priced(term.PlanMetered, &term.Price{Amount: "1", Currency: "XXQ"})},
	}
}

// TestPlansThatCannotBeKept: a plan's terms and prices are checked when it is
// made, and by the same rules when it is changed; nothing of it is stored.
func TestPlansThatCannotBeKept(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		product, _ := f.MustProduct(t, x.Admin, "weather")
		plans := f.Client.Plan.Query().CountX(portaltest.System(t))
		refused := func(problem string, in portal.CreatePlanInput) {
			in.ProductID = product.GlobalID()
			if in.Name == "" {
				in.Name = "Plan"
			}
			_, err := f.Portal.CreatePlan(x.Admin, in)
			words := strings.Fields(problem)
			want := []string{}
			for i := 0; i < len(words); i += 2 {
				want = append(want, words[i]+" "+words[i+1])
			}
			requireProblems(t, err, want...)
			plan := planOf(t, f, x, product, in.Kind)
			change := portal.UpdatePlanInput{PlanID: plan.GlobalID(), Price: portal.Patch[term.Price]{Set: in.Kind != nil, Value: in.Price},
				RateLimit: portal.Patch[term.RateLimit]{Set: true, Value: in.RateLimit}, Quota: portal.Patch[term.Quota]{Set: true, Value: in.Quota}}
			if in.ExternalID != nil {
				change.ExternalID = set(*in.ExternalID)
			}
			if in.Name != "Plan" {
				change.Name = set(in.Name)
			}
			_, err = f.Portal.UpdatePlan(x.Admin, change)
			requireProblems(t, err, want...)
			require.Equal(t, 1, f.Client.Plan.GetX(portaltest.System(t), plan.ID).Version)
			f.Client.Plan.DeleteOne(plan).ExecX(portaltest.System(t))
		}
		for problem, in := range wrongTerms() {
			refused(problem, in)
		}
		for problem, all := range wrongPrices() {
			for _, in := range all {
				refused(problem, in)
			}
		}
		require.Equal(t, plans, f.Client.Plan.Query().CountX(portaltest.System(t)))
	})
}

// planOf is a sound plan of a kind.
func planOf(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant, product *db.Product, kind *term.PlanKind) *db.Plan {
	in := portal.CreatePlanInput{ProductID: product.GlobalID(), Name: "Sound", Kind: kind}
	if kind != nil && *kind != term.PlanFree {
		in.Price = &term.Price{Amount: "1"}
		if *kind != term.PlanSubscription {
			in.Price.Unit = 1
		}
	}
	made, err := f.Portal.CreatePlan(x.Admin, in)
	require.NoError(t, err)
	return made
}

// TestPlansAtTheirEdges: the largest terms are taken, what is left out is
// filled in.
func TestPlansAtTheirEdges(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		product, _ := f.MustProduct(t, x.Admin, "weather")
		most, monthly, metered := term.RateLimit{Limit: 1_000_000, Per: term.PerSecond, Burst: 1_000_000}, term.PlanSubscription, term.PlanMetered
		made, err := f.Portal.CreatePlan(x.Admin, portal.CreatePlanInput{ProductID: product.GlobalID(), Name: "Most", Kind: &metered, RateLimit: &most,
			Quota: &term.Quota{Limit: 2_000_000_000, Per: term.PerMonth}, Price: &term.Price{Amount: "999999999999.999999", Currency: "USD", Unit: 2_000_000_000}})
		require.NoError(t, err)
		require.Equal(t, &most, made.RateLimit)
		require.Equal(t, 2_000_000_000, made.Quota.Limit)
		require.Equal(t, &term.Price{Amount: "999999999999.999999", Currency: "USD", Unit: 2_000_000_000}, made.Price)

		made, err = f.Portal.CreatePlan(x.Admin, portal.CreatePlanInput{ProductID: product.GlobalID(), Name: "Least", Kind: &monthly,
			RateLimit: &term.RateLimit{Limit: 1, Per: term.PerHour}, Quota: &term.Quota{Limit: 1, Per: term.PerDay}, Price: &term.Price{Amount: "0"}})
		require.NoError(t, err)
		require.Equal(t, &term.RateLimit{Limit: 1, Per: term.PerHour, Burst: 1}, made.RateLimit)
		require.Equal(t, &term.Price{Amount: "0", Currency: x.Organization.Currency}, made.Price)

		made, err = f.Portal.CreatePlan(x.Admin, portal.CreatePlanInput{ProductID: product.GlobalID(), Name: "Nothing"})
		require.NoError(t, err)
		require.Equal(t, []any{term.PlanFree, (*term.RateLimit)(nil), (*term.Quota)(nil), (*term.Price)(nil)}, []any{made.Kind, made.RateLimit, made.Quota, made.Price})
	})
}

// TestAPlanIsChangedAndCleared: each term by itself, the others stay; what is
// cleared is gone, what is the same already is no change, and the log tells.
func TestAPlanIsChangedAndCleared(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		product, _ := f.MustProduct(t, x.Admin, "weather")
		rate, quota, price, auto := &term.RateLimit{Limit: 5, Per: term.PerMinute, Burst: 7}, &term.Quota{Limit: 9, Per: term.PerDay}, &term.Price{Amount: "1", Currency: "USD"}, term.Auto
		made, err := f.Portal.CreatePlan(x.Admin, portal.CreatePlanInput{ProductID: product.GlobalID(), Name: "Plan"})
		require.NoError(t, err)
		terms := func() []any {
			p := f.Client.Plan.GetX(portaltest.System(t), made.ID)
			return []any{p.Name, p.ExternalID, p.RateLimit, p.Quota, p.Price, p.Approval}
		}
		want := terms()
		require.Equal(t, []any{"Plan", "", (*term.RateLimit)(nil), (*term.Quota)(nil), (*term.Price)(nil), (*term.Approval)(nil)}, want)
		version := 1
		change := func(place int, in portal.UpdatePlanInput, value any) {
			t.Helper()
			for range 2 {
				in.PlanID = made.GlobalID()
				out, err := f.Portal.UpdatePlan(x.Admin, in)
				require.NoError(t, err)
				want[place] = value
				require.Equal(t, want, terms())
				if version == out.Version {
					return // it was so already
				}
				require.Equal(t, version+1, out.Version)
				version++
			}
			require.Fail(t, "what changes nothing is a change")
		}
		change(0, portal.UpdatePlanInput{Name: set("Other")}, "Other")
		change(1, portal.UpdatePlanInput{ExternalID: set("sap-1")}, "sap-1")
		change(2, portal.UpdatePlanInput{RateLimit: set(*rate)}, rate)
		change(3, portal.UpdatePlanInput{Quota: set(*quota)}, quota)
		change(4, portal.UpdatePlanInput{Price: set(*price)}, price)
		change(5, portal.UpdatePlanInput{Approval: set(auto)}, &auto)
		change(1, portal.UpdatePlanInput{ExternalID: portal.Patch[string]{Set: true}}, "")
		change(2, portal.UpdatePlanInput{RateLimit: portal.Patch[term.RateLimit]{Set: true}}, (*term.RateLimit)(nil))
		change(3, portal.UpdatePlanInput{Quota: portal.Patch[term.Quota]{Set: true}}, (*term.Quota)(nil))
		change(4, portal.UpdatePlanInput{Price: portal.Patch[term.Price]{Set: true}}, (*term.Price)(nil))
		change(5, portal.UpdatePlanInput{Approval: portal.Patch[term.Approval]{Set: true}}, (*term.Approval)(nil))
		require.Equal(t, 12, version)
	})
}
