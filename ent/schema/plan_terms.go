package schema

import (
	"maps"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
)

// PlanTerms adds what a developer agrees to with a plan. Changing one of these makes a
// revision: package catalog copies each from the plan, and a test finds those it does not.
type PlanTerms struct{ mixin.Schema }

// Fields of PlanTerms.
func (PlanTerms) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").GoType(domain.PlanKind("")),
		field.JSON("rate_limit", &access.RateLimit{}).Optional().Comment("NULL: not limited."),
		field.JSON("quota", &access.Quota{}).Optional().Comment("NULL: not limited."),
		field.Enum("quota_per").GoType(access.QuotaPer("")).Default(string(access.QuotaPerApp)),
		field.JSON("price", &domain.Price{}).Optional().Comment("NULL: free of charge."),
		field.JSON("endpoint_limits", []access.EndpointLimit{}).Optional().Comment("Of single endpoints, besides; NULL: none."),
		field.Enum("overage").GoType(access.Overage("")).Default(string(access.OverageRefuse)),
		field.String("spending_cap").Optional().Nillable().Comment("What a month may cost, in the price's currency; NULL: whatever."),
		field.Int64("calls_within_cap").Optional().Nillable().Comment("What the spending cap is in calls of an app in a month; NULL: not limited."),
	}
}

// checksOfTerms returns the checks of a table with PlanTerms, and others of its own.
func checksOfTerms(table string, others map[string]string) schema.Annotation {
	out := map[string]string{
		table + "_kind":      oneOf("kind", domain.PlanKind("").Values()),
		table + "_quota_per": oneOf("quota_per", access.QuotaPer("").Values()),
		table + "_overage":   oneOf("overage", access.Overage("").Values()),
		// What 50 limits are as JSON.
		table + "_endpoint_limits": "endpoint_limits IS NULL OR length(CAST(endpoint_limits AS text)) <= 20000",
		table + "_spending_cap":    "spending_cap IS NULL OR (kind IN ('METERED', 'TIERED') AND length(spending_cap) BETWEEN 1 AND 20)",
		table + "_calls_within":    "calls_within_cap IS NULL OR (spending_cap IS NOT NULL AND calls_within_cap > 0)",
	}
	maps.Copy(out, others)
	return checks(out)
}
