package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// wrongTerms returns invalid terms by the problems that they have.
func wrongTerms() map[string]catalog.CreatePlanInput {
	rate := func(limit, burst int) *access.RateLimit {
		return &access.RateLimit{Limit: limit, Per: access.PerSecond, Burst: burst}
	}
	quota := func(limit int) *access.Quota { return &access.Quota{Limit: limit, Per: access.PerMonth} }
	return map[string]catalog.CreatePlanInput{
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

// wrongPrices returns invalid prices of each kind of plan by the problems that they
// have.
func wrongPrices() map[string][]catalog.CreatePlanInput {
	priced := func(kind domain.PlanKind, p *domain.Price) catalog.CreatePlanInput {
		return catalog.CreatePlanInput{Kind: &kind, Price: p}
	}
	// tiers returns tiers that end at these calls, 0 for no end.
	tiers := func(upTo ...int) (out []domain.PriceTier) {
		for _, n := range upTo {
			t := domain.PriceTier{Amount: "1"}
			if n != 0 {
				t.UpTo = &n
			}
			out = append(out, t)
		}
		return out
	}
	return map[string][]catalog.CreatePlanInput{
		"REQUIRED price": {priced(domain.PlanSubscription, nil), priced(domain.PlanMetered, nil), priced(domain.PlanTiered, nil)},
		"INVALID price.amount": {
			priced(domain.PlanFree, &domain.Price{Amount: "free"}), priced(domain.PlanSubscription, &domain.Price{Amount: "-1"}),
			priced(domain.PlanSubscription, &domain.Price{Amount: "1e3"}), priced(domain.PlanMetered, &domain.Price{Amount: "0.0000001", Unit: 1}),
			priced(domain.PlanMetered, &domain.Price{Unit: 1}), priced(domain.PlanTiered, &domain.Price{Amount: "2", Unit: 1, Tiers: tiers(0)}),
		},
		"INVALID price.includedCalls": {
			priced(domain.PlanMetered, &domain.Price{Amount: "1", Unit: 1, IncludedCalls: -1}), priced(domain.PlanMetered, &domain.Price{Amount: "1", Unit: 1, IncludedCalls: domain.MaxChargedCalls + 1}),
			priced(domain.PlanSubscription, &domain.Price{Amount: "1", IncludedCalls: 1}), priced(domain.PlanTiered, &domain.Price{Amount: "1", Unit: 1, Tiers: tiers(0), IncludedCalls: 1}),
		},
		"INVALID price.tiers":  {priced(domain.PlanMetered, &domain.Price{Amount: "1", Unit: 1, Tiers: tiers(0)})},
		"TOO_MANY price.tiers": {priced(domain.PlanTiered, &domain.Price{Amount: "1", Unit: 1, Tiers: make([]domain.PriceTier, 11)})},
		"INVALID price.tiers.0.upTo": {
			priced(domain.PlanTiered, &domain.Price{Amount: "1", Unit: 1, Tiers: tiers(-1, 0)}), priced(domain.PlanTiered, &domain.Price{Amount: "1", Unit: 1, Tiers: tiers(domain.MaxChargedCalls+1, 0)}),
			priced(domain.PlanTiered, &domain.Price{Amount: "1", Unit: 1, Tiers: tiers(5)}), // no call may be without a price
		},
		"REQUIRED price.tiers.0.upTo": {priced(domain.PlanTiered, &domain.Price{Amount: "1", Unit: 1, Tiers: tiers(0, 0)})},
		"INVALID price.tiers.1.upTo":  {priced(domain.PlanTiered, &domain.Price{Amount: "1", Unit: 1, Tiers: tiers(5, 5, 0)}), priced(domain.PlanTiered, &domain.Price{Amount: "1", Unit: 1, Tiers: tiers(domain.MaxChargedCalls, domain.MaxChargedCalls, 0)}), priced(domain.PlanTiered, &domain.Price{Amount: "1", Unit: 1, Tiers: tiers(5, 4, 0)})},
		"INVALID price.tiers.1.amount": {
			priced(domain.PlanTiered, &domain.Price{Amount: "1", Unit: 1, Tiers: append(tiers(5), domain.PriceTier{Amount: "0.1234567"})}),
			priced(domain.PlanTiered, &domain.Price{Amount: "1", Unit: 1, Tiers: append(tiers(5), domain.PriceTier{})}),
		},
		"INVALID price.currency": {
			priced(domain.PlanFree, &domain.Price{Amount: "1", Currency: "XXQ"}), priced(domain.PlanTiered, &domain.Price{Amount: "1", Currency: "eur", Unit: 1}),
		},
		"INVALID price.unit": {
			priced(domain.PlanMetered, &domain.Price{Amount: "1"}), priced(domain.PlanTiered, &domain.Price{Amount: "1"}),
			priced(domain.PlanMetered, &domain.Price{Amount: "1", Unit: 2_000_000_001}),
			priced(domain.PlanSubscription, &domain.Price{Amount: "1", Unit: 1}), priced(domain.PlanFree, &domain.Price{Amount: "1", Unit: 1}),
		},
		"INVALID price.currency INVALID price.unit": {priced(domain.PlanMetered, &domain.Price{Amount: "1", Currency: "XXQ"})},
	}
}

// A plan's terms and prices are checked alike when it is created and when it is
// updated; nothing of an invalid one is stored.
func TestPlan_Errors(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		product, _ := f.MustProduct(t, x.Admin, "weather")
		plans := f.Client.Plan.Query().CountX(portaltest.System(t))
		refused := func(t *testing.T, problem string, in catalog.CreatePlanInput) {
			in.ProductID = product.GlobalID()
			if in.Name == "" {
				in.Name = "Plan"
			}
			_, err := f.Portal.Catalog.CreatePlan(x.Admin, in)
			want := inPairs(problem)
			portaltest.RequireProblems(t, err, want...)
			plan := planOf(t, f, x, product, in.Kind)
			change := catalog.UpdatePlanInput{PlanID: plan.GlobalID(), Price: input.Patch[domain.Price]{Set: in.Kind != nil, Value: in.Price},
				RateLimit: input.Patch[access.RateLimit]{Set: true, Value: in.RateLimit}, Quota: input.Patch[access.Quota]{Set: true, Value: in.Quota}}
			if in.ExternalID != nil {
				change.ExternalID = input.SetTo(*in.ExternalID)
			}
			if in.Name != "Plan" {
				change.Name = input.SetTo(in.Name)
			}
			_, err = f.Portal.Catalog.UpdatePlan(x.Admin, change)
			portaltest.RequireProblems(t, err, want...)
			require.Equal(t, 1, f.Client.Plan.GetX(portaltest.System(t), plan.ID).Version)
			plans++ // the one that was changed in vain
		}
		for problem, in := range wrongTerms() {
			t.Run(portaltest.Subtest(inPairs(problem)...), func(t *testing.T) { refused(t, problem, in) })
		}
		for problem, all := range wrongPrices() {
			t.Run(portaltest.Subtest(inPairs(problem)...), func(t *testing.T) {
				for _, in := range all {
					refused(t, problem, in)
				}
			})
		}
		require.Equal(t, plans, f.Client.Plan.Query().CountX(portaltest.System(t)))
	})
}

// inPairs separates the problems of a text, each a code and a field.
func inPairs(problems string) (out []string) {
	words := strings.Fields(problems)
	for i := 0; i < len(words); i += 2 {
		out = append(out, words[i]+" "+words[i+1])
	}
	return out
}

// planOf creates a valid plan of a kind.
func planOf(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant, product *db.Product, kind *domain.PlanKind) *db.Plan {
	in := catalog.CreatePlanInput{ProductID: product.GlobalID(), Name: "Sound " + uuid.NewString(), Kind: kind}
	if kind != nil && *kind != domain.PlanFree {
		in.Price = &domain.Price{Amount: "1"}
		if *kind != domain.PlanSubscription {
			in.Price.Unit = 1
		}
	}
	created, err := f.Portal.Catalog.CreatePlan(x.Admin, in)
	require.NoError(t, err)
	return created
}

// The largest terms are accepted, and defaults are filled in.
func TestCreatePlan(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		product, _ := f.MustProduct(t, x.Admin, "weather")
		most, monthly, metered := access.RateLimit{Limit: 1_000_000, Per: access.PerSecond, Burst: 1_000_000}, domain.PlanSubscription, domain.PlanMetered
		t.Run("OK, the largest terms", func(t *testing.T) {
			created, err := f.Portal.Catalog.CreatePlan(x.Admin, catalog.CreatePlanInput{ProductID: product.GlobalID(), Name: "Most", Kind: &metered, RateLimit: &most,
				Quota: &access.Quota{Limit: 2_000_000_000, Per: access.PerMonth}, Price: &domain.Price{Amount: "999999999999.999999", Currency: "USD", Unit: 2_000_000_000}})
			require.NoError(t, err)
			require.Equal(t, &most, created.RateLimit)
			require.Equal(t, 2_000_000_000, created.Quota.Limit)
			require.Equal(t, &domain.Price{Amount: "999999999999.999999", Currency: "USD", Unit: 2_000_000_000}, created.Price)
		})
		t.Run("OK, the smallest terms", func(t *testing.T) {
			created, err := f.Portal.Catalog.CreatePlan(x.Admin, catalog.CreatePlanInput{ProductID: product.GlobalID(), Name: "Least", Kind: &monthly,
				RateLimit: &access.RateLimit{Limit: 1, Per: access.PerHour}, Quota: &access.Quota{Limit: 1, Per: access.PerDay}, Price: &domain.Price{Amount: "0"}})
			require.NoError(t, err)
			require.Equal(t, &access.RateLimit{Limit: 1, Per: access.PerHour, Burst: 1}, created.RateLimit)
			require.Equal(t, &domain.Price{Amount: "0.00", Currency: x.Organization.Currency}, created.Price)
		})
		t.Run("OK, included calls and tiers", func(t *testing.T) {
			tiered := domain.PlanTiered
			created, err := f.Portal.Catalog.CreatePlan(x.Admin, catalog.CreatePlanInput{ProductID: product.GlobalID(), Name: "Included", Kind: &metered,
				Price: &domain.Price{Amount: "1", Unit: 1, IncludedCalls: domain.MaxChargedCalls}})
			require.NoError(t, err)
			require.Equal(t, &domain.Price{Amount: "1.00", Currency: x.Organization.Currency, Unit: 1, IncludedCalls: domain.MaxChargedCalls}, created.Price)
			in := catalog.CreatePlanInput{ProductID: product.GlobalID(), Name: "Tiers", Kind: &tiered, Price: &domain.Price{Amount: "0.5", Unit: 1000, Tiers: []domain.PriceTier{{Amount: "00.4"}}}}
			for n := domain.MaxChargedCalls; len(in.Price.Tiers) < 10; n-- {
				in.Price.Tiers = append([]domain.PriceTier{{UpTo: new(n), Amount: "0.50"}}, in.Price.Tiers...)
			}
			created, err = f.Portal.Catalog.CreatePlan(x.Admin, in)
			require.NoError(t, err)
			require.Equal(t, "0.50", created.Price.Amount, "of the first tier")
			require.Equal(t, domain.PriceTier{Amount: "0.40"}, created.Price.Tiers[9], "in its normal form")
			again, err := f.Portal.Catalog.UpdatePlan(x.Admin, catalog.UpdatePlanInput{PlanID: created.GlobalID(), Price: input.SetTo(*in.Price)})
			require.NoError(t, err)
			require.Equal(t, []any{1, created.Price}, []any{again.Version, again.Price}, "the same is no change")
			again, err = f.Portal.Catalog.UpdatePlan(x.Admin, catalog.UpdatePlanInput{PlanID: created.GlobalID(), Price: input.SetTo(domain.Price{Amount: "1", Unit: 1000, Tiers: []domain.PriceTier{}})})
			require.NoError(t, err)
			require.Equal(t, &domain.Price{Amount: "1.00", Currency: x.Organization.Currency, Unit: 1000}, again.Price)
		})
		t.Run("OK, no terms", func(t *testing.T) {
			created, err := f.Portal.Catalog.CreatePlan(x.Admin, catalog.CreatePlanInput{ProductID: product.GlobalID(), Name: "Nothing"})
			require.NoError(t, err)
			require.Equal(t, []any{domain.PlanFree, (*access.RateLimit)(nil), (*access.Quota)(nil), (*domain.Price)(nil)}, []any{created.Kind, created.RateLimit, created.Quota, created.Price})
		})
	})
}

// Each term is updated and cleared by itself, and the others stay. The same value
// again is no change.
func TestUpdatePlan(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		product, _ := f.MustProduct(t, x.Admin, "weather")
		rate, quota, price, auto := &access.RateLimit{Limit: 5, Per: access.PerMinute, Burst: 7}, &access.Quota{Limit: 9, Per: access.PerDay}, &domain.Price{Amount: "1.00", Currency: "USD"}, domain.Auto
		created, err := f.Portal.Catalog.CreatePlan(x.Admin, catalog.CreatePlanInput{ProductID: product.GlobalID(), Name: "Plan"})
		require.NoError(t, err)
		terms := func() []any {
			p := f.Client.Plan.GetX(portaltest.System(t), created.ID)
			return []any{p.Name, p.ExternalID, p.RateLimit, p.Quota, p.Price, p.Approval}
		}
		want := terms()
		require.Equal(t, []any{"Plan", "", (*access.RateLimit)(nil), (*access.Quota)(nil), (*domain.Price)(nil), (*domain.Approval)(nil)}, want)
		version := 1
		update := func(place int, in catalog.UpdatePlanInput, value any) {
			t.Helper()
			for range 2 {
				in.PlanID = created.GlobalID()
				out, err := f.Portal.Catalog.UpdatePlan(x.Admin, in)
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
		update(0, catalog.UpdatePlanInput{Name: input.SetTo("Other")}, "Other")
		update(1, catalog.UpdatePlanInput{ExternalID: input.SetTo("sap-1")}, "sap-1")
		update(2, catalog.UpdatePlanInput{RateLimit: input.SetTo(*rate)}, rate)
		update(3, catalog.UpdatePlanInput{Quota: input.SetTo(*quota)}, quota)
		update(4, catalog.UpdatePlanInput{Price: input.SetTo(*price)}, price)
		update(5, catalog.UpdatePlanInput{Approval: input.SetTo(auto)}, &auto)
		update(1, catalog.UpdatePlanInput{ExternalID: input.Patch[string]{Set: true}}, "")
		update(2, catalog.UpdatePlanInput{RateLimit: input.Patch[access.RateLimit]{Set: true}}, (*access.RateLimit)(nil))
		update(3, catalog.UpdatePlanInput{Quota: input.Patch[access.Quota]{Set: true}}, (*access.Quota)(nil))
		update(4, catalog.UpdatePlanInput{Price: input.Patch[domain.Price]{Set: true}}, (*domain.Price)(nil))
		update(5, catalog.UpdatePlanInput{Approval: input.Patch[domain.Approval]{Set: true}}, (*domain.Approval)(nil))
		require.Equal(t, 12, version)
	})
}
