package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/rowpolicy"
	"portico/internal/domain"
)

// Plan is the terms of a product: how many calls are allowed, and the price.
type Plan struct{ ent.Schema }

// Mixin of Plan.
func (Plan) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}} }

// Fields of Plan.
func (Plan) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("product_id", uuid.UUID{}).Immutable(),
		field.String("name"),
		field.String("external_id").Default(""),
		field.Enum("kind").GoType(domain.PlanKind("")),
		field.JSON("rate_limit", &access.RateLimit{}).Optional().Comment("NULL: not limited."),
		field.JSON("quota", &access.Quota{}).Optional().Comment("NULL: not limited."),
		field.Enum("quota_per").GoType(access.QuotaPer("")).Default(string(access.QuotaPerApp)),
		field.JSON("price", &domain.Price{}).Optional().Comment("NULL: free of charge."),
		field.JSON("endpoint_limits", []access.EndpointLimit{}).Optional().Comment("Of single endpoints, besides; NULL: none."),
		field.Enum("overage").GoType(access.Overage("")).Default(string(access.OverageRefuse)),
		field.String("spending_cap").Optional().Nillable().Comment("What a month may cost, in the price's currency; NULL: whatever."),
		field.Int64("calls_within_cap").Optional().Nillable().Comment("What the spending cap is in calls of an app in a month; NULL: not limited."),
		field.Enum("approval").GoType(domain.Approval("")).Optional().Nillable().Comment("NULL: the product's."),
	}
}

// Edges of Plan.
func (Plan) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("product", Product.Type).Field("product_id").Unique().Required().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of Plan.
func (Plan) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("product_id", "name").Unique(),
		index.Fields("product_id", "created_at", "id"),
	}
}

// Annotations of Plan.
func (Plan) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{Type: "Plan", Prefix: "plan", List: "plans", Of: []string{"Product"}, Orders: []Order{byCreation()}, Columns: map[string][]string{"charge": {"kind", "price"}}},
		checks(map[string]string{
			"plans_kind":      oneOf("kind", domain.PlanKind("").Values()),
			"plans_quota_per": oneOf("quota_per", access.QuotaPer("").Values()),
			"plans_overage":   oneOf("overage", access.Overage("").Values()),
			// What 50 limits are as JSON.
			"plans_endpoint_limits": "endpoint_limits IS NULL OR length(CAST(endpoint_limits AS text)) <= 20000",
			"plans_spending_cap":    "spending_cap IS NULL OR (kind IN ('METERED', 'TIERED') AND length(spending_cap) BETWEEN 1 AND 20)",
			"plans_calls_within":    "calls_within_cap IS NULL OR (spending_cap IS NOT NULL AND calls_within_cap > 0)",
			"plans_approval":        "approval IS NULL OR " + oneOf("approval", domain.Approval("").Values()),
		}),
		Retention{What: "plans", With: []string{"products"}},
	}
}

// Policy of Plan.
func (Plan) Policy() ent.Policy { return rowpolicy.Plan() }
