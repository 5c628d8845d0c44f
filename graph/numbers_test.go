package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// bounds are the minimum and maximum of the numbers of inputs, as the schema
// states them.
func bounds() map[string][2]int {
	return map[string][2]int{
		"RateLimitInput.limit": {1, 1_000_000}, "RateLimitInput.burst": {1, 1_000_000}, "QuotaInput.limit": {1, 2_000_000_000},
		"KeyLifeInput.development": {1, 3650}, "KeyLifeInput.staging": {1, 3650}, "KeyLifeInput.production": {1, 3650},
		"KeyRotationInput.development": {1, 3650}, "KeyRotationInput.staging": {1, 3650}, "KeyRotationInput.production": {1, 3650},
		"UpdateOrganizationInput.requestsExpireAfterDays": {1, 365}, "UpdateOrganizationInput.collectKeysWithinDays": {1, 90},
		"UpdateOrganizationInput.deletedRetentionDays": {1, 365}, "UpdateOrganizationInput.eventRetentionDays": {30, 3650},
		"UsageRetentionInput.minutes": {2, 90}, "UsageRetentionInput.hours": {3, 1000}, "UsageRetentionInput.days": {3, 3660},
		"CreateGuideInput.position": {1, 50}, "UpdateGuideInput.position": {1, 50},
		"RotateKeyInput.overlapMinutes": {0, 43200}, "MovePlanSubscriptionsInput.first": {1, 100},
		"QuestionInput.maxLength":  {1, 500},
		"PriceInput.unit":          {0, 0}, // of a plan that is not for calls; see below
		"PriceInput.includedCalls": {0, 0}, // the same
	}
}

// A number out of bounds is refused with its path, and 0 is a number: an absent
// field is absent, not 0.
func TestNumbersOfInputsHaveBounds(t *testing.T) {
	whole, all := places(t)
	b := &validInputs{newWorld(t, testdb.SQLite(t)), whole, map[string]arguments{}}
	known, met := bounds(), map[string]bool{}
	for _, p := range all {
		if name := p.field.Type.Name(); name != "Int" && name != "BigInt" {
			continue
		}
		if p.owner == "PriceTierInput" {
			continue // only a TIERED plan has them; see below
		}
		if p.path[0] == "endpointLimits" {
			continue // only for an endpoint of the product: see TestPlan_EndpointLimits
		}
		if p.field.Name == "versions" {
			continue // each is a result of its own: see TestDecideSubscriptions_Versions
		}
		if p.field.Name == "version" {
			for _, v := range []int{0, -1, 1<<31 - 1} {
				a := b.send(p, v, "")
				require.Len(t, a.Errors, 1, "%s: %s", p, a.raw)
				require.Equal(t, "STALE_VERSION", a.Errors[0].Extensions["reason"], "%s: %s", p, a.raw)
			}
			continue
		}
		bound, ok := known[p.name()]
		require.True(t, ok, "say what %s may be", p)
		met[p.name()] = true
		for _, v := range []int{0, -1, bound[0] - 1, bound[1] + 1, 1<<31 - 1} {
			if v < bound[0] || v > bound[1] {
				a := b.send(p, v, "")
				require.Contains(t, b.problems(p, a), "INVALID "+strings.Join(p.path, "."), "%s = %d: %s", p, v, a.raw)
			}
		}
		if p.owner == "UsageRetentionInput" {
			continue // its numbers depend on one another
		}
		for _, v := range bound {
			require.Empty(t, b.problem(p, b.send(p, v, "")), "%s = %d", p, v)
			delete(b.made, p.mutation)
		}
	}
	require.Len(t, met, len(known), "there are no such numbers any more")
}

func TestCallsOfAPrice(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	const most = 1_000_000_000_000
	create := func(kind string, price arguments) answer {
		return w.askAs("admin", mutation("createPlan", "plan { price { includedCalls tiers { upTo amount } } } userErrors { code field }"), map[string]any{"input": arguments{
			"productId": w.freshProduct(), "name": "plan", "kind": kind, "price": price}})
	}
	for _, included := range []int{0, most} {
		a := create("METERED", arguments{"amount": "1", "unit": 1, "includedCalls": included})
		require.JSONEq(t, fmt.Sprintf(`{"createPlan": {"plan": {"price": {"includedCalls": %d, "tiers": []}}, "userErrors": []}}`, included), a.data(t))
	}
	for _, included := range []int{-1, most + 1} {
		a := create("METERED", arguments{"amount": "1", "unit": 1, "includedCalls": included})
		require.JSONEq(t, `{"createPlan": {"plan": null, "userErrors": [{"code": "INVALID", "field": ["price", "includedCalls"]}]}}`, a.data(t))
	}
	tiers := func(upTo any) arguments {
		return arguments{"amount": "2", "unit": 1, "tiers": []arguments{{"upTo": upTo, "amount": "2"}, {"upTo": nil, "amount": "1"}}}
	}
	for _, upTo := range []int{1, most} {
		a := create("TIERED", tiers(upTo))
		require.JSONEq(t, fmt.Sprintf(`{"createPlan": {"plan": {"price": {"includedCalls": 0, "tiers": [{"upTo": %d, "amount": "2.00"}, {"upTo": null, "amount": "1.00"}]}}, "userErrors": []}}`, upTo), a.data(t))
	}
	a := create("TIERED", tiers(nil))
	require.JSONEq(t, `{"createPlan": {"plan": null, "userErrors": [{"code": "REQUIRED", "field": ["price", "tiers", "0", "upTo"]}]}}`, a.data(t))
	for _, upTo := range []int{0, -1, most + 1} {
		a := create("TIERED", tiers(upTo))
		require.JSONEq(t, `{"createPlan": {"plan": null, "userErrors": [{"code": "INVALID", "field": ["price", "tiers", "0", "upTo"]}]}}`, a.data(t))
	}
	for kind, wrong := range map[string][]any{
		"METERED": {0, -1, 2_000_000_001, nil}, "TIERED": {0, -1, 2_000_000_001, nil}, "SUBSCRIPTION": {1, -1, 1000}, "FREE": {1, -1},
	} {
		for _, unit := range wrong {
			a := w.askAs("admin", mutation("createPlan", "plan { id } userErrors { code field }"), map[string]any{"input": arguments{
				"productId": w.freshProduct(), "name": "plan", "kind": kind, "price": arguments{"amount": "1", "unit": unit}}})
			require.JSONEq(t, `{"createPlan": {"plan": null, "userErrors": [{"code": "INVALID", "field": ["price", "unit"]}]}}`, a.data(t), "%s %v", kind, unit)
		}
	}
}

// A price has one form, which depends on the currency's digits; what is no plain
// decimal number is refused.
func TestPricesHaveOneForm(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		create := func(amount any, currency string) answer {
			return w.askAs("admin", mutation("createPlan", "plan { price { amount currency } } userErrors { code field }"), map[string]any{"input": arguments{
				"productId": w.freshProduct(), "name": "plan", "kind": "SUBSCRIPTION", "price": arguments{"amount": amount, "currency": currency}}})
		}
		for _, c := range [][3]string{
			{"00.5", "EUR", "0.50"}, {"0005", "EUR", "5.00"}, {"0.50", "EUR", "0.50"}, {"0.500", "EUR", "0.50"}, {"0.0005", "EUR", "0.0005"}, {"9.9", "USD", "9.90"},
			{"0100.00", "JPY", "100"}, {"1", "KWD", "1.000"},
		} {
			require.JSONEq(t, `{"createPlan": {"plan": {"price": {"amount": "`+c[2]+`", "currency": "`+c[1]+`"}}, "userErrors": []}}`, create(c[0], c[1]).data(t), "%v", c)
		}
		for _, wrong := range []any{"+1", "1.", ".5", "1e3", "-", "", " 1", "1 ", "1,5", "0x1", "1_0", "\u0661", "1.5.0", "NaN", "Inf", "1234567890123", "1.1234567", 1, 1.5} {
			a := create(wrong, "EUR")
			require.Len(t, a.Errors, 1, "%v: %s", wrong, a.raw)
			require.Equal(t, "BAD_USER_INPUT", a.Errors[0].Extensions["code"], "%v: %s", wrong, a.raw)
		}
		plan := w.freshPlan()
		a := w.askAs("admin", mutation("updatePlan", "plan { price { amount } } userErrors { code }"), map[string]any{"input": arguments{"planId": plan, "price": arguments{"amount": "007.5"}}})
		require.JSONEq(t, `{"updatePlan": {"plan": {"price": {"amount": "7.50"}}, "userErrors": []}}`, a.data(t))
		again := w.askAs("admin", mutation("updatePlan", "plan { version } userErrors { code }"), map[string]any{"input": arguments{"planId": plan, "price": arguments{"amount": "7.500"}}})
		require.JSONEq(t, `{"updatePlan": {"plan": {"version": 2}, "userErrors": []}}`, again.data(t), "nothing has changed")
	})
}

// A policy can be written as it was read.
func TestKeyLifetimeRoundTrips(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newWorld(t, url)
		const reading = "organization { longestKeyLife { development staging production } } userErrors { code field }"
		set := func(life any) string {
			return s.askAs("admin", mutation("updateOrganization", reading), map[string]any{"input": arguments{"longestKeyLife": life}}).data(t)
		}
		for _, life := range []string{`{"development":30,"staging":null,"production":null}`, `{"development":null,"staging":null,"production":null}`} {
			vars := map[string]any{"development": nil, "production": nil}
			if strings.Contains(life, "30") {
				vars["development"] = 30
			}
			require.JSONEq(t, `{"updateOrganization":{"organization":{"longestKeyLife":`+life+`},"userErrors":[]}}`, set(vars))
		}
		require.JSONEq(t, `{"updateOrganization":{"organization":null,"userErrors":[{"code":"INVALID","field":["longestKeyLife","production"]}]}}`, set(map[string]any{"production": 0}))
		require.NotNil(t, s.Client.Organization.GetX(portaltest.System(t), s.one.Organization.ID).LongestKeyLife)
	})
}

// Pages and tops are bounded wherever a root field takes them.
func TestNumbersOfArgumentsHaveBounds(t *testing.T) {
	whole, _ := places(t)
	w := newWorld(t, testdb.SQLite(t))
	tried := 0
	for _, f := range whole.Query.Fields {
		if f.Arguments.ForName("first") == nil {
			continue
		}
		for _, ask := range []string{"first: 0", "first: -1", "first: 101", "last: 0", "last: -1", "last: 101"} {
			tried++
			a := w.askAs("admin", "{ "+f.Name+"("+ask+") { totalCount } }", nil)
			require.Len(t, a.Errors, 1, "%s %s: %s", f.Name, ask, a.raw)
			require.Equal(t, "BAD_USER_INPUT", a.Errors[0].Extensions["code"], "%s %s: %s", f.Name, ask, a.raw)
		}
	}
	require.Positive(t, tried)
	for _, n := range []string{"0", "-1", "51"} {
		a := w.askAs("admin", `{ usage(where: {from: "2026-03-01T00:00:00Z", to: "2026-03-01T01:00:00Z", timeZone: "UTC"}, interval: HOUR) { topApps(first: `+n+`) { calls } } }`, nil)
		require.Len(t, a.Errors, 1, a.raw)
		require.Equal(t, "BAD_USER_INPUT", a.Errors[0].Extensions["code"], a.raw)
	}
	// The only other numbers among the arguments are compared with what is stored: the
	// position to continue from, and how many keys there are.
	for _, d := range whole.Types {
		if d.Kind == ast.InputObject && strings.HasSuffix(d.Name, "Filter") {
			for _, f := range d.Fields {
				if name := f.Type.Name(); name == "Int" || name == "BigInt" {
					require.Contains(t, []string{"afterPosition", "keysAtLeast", "keysAtMost"}, f.Name)
				}
			}
		}
	}
}
