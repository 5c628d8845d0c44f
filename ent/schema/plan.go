package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/ent/rowpolicy"
	"portico/internal/domain"
)

// Plan is the terms of a product: how many calls are allowed, and the price, as new
// subscriptions get them; a PlanRevision keeps them for those that have agreed to them.
type Plan struct{ ent.Schema }

// Mixin of Plan.
func (Plan) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}, PlanTerms{}} }

// Fields of Plan.
func (Plan) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("product_id", uuid.UUID{}).Immutable(),
		field.String("name"),
		field.String("external_id").Default(""),
		field.Enum("approval").GoType(domain.Approval("")).Optional().Nillable().Comment("NULL: the product's."),
		field.Int("revision").Default(1).Comment("The number of its newest revision, whose terms are those of this row. The release before may change the row without one."),
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
		checksOfTerms("plans", map[string]string{
			"plans_approval": "approval IS NULL OR " + oneOf("approval", domain.Approval("").Values()),
		}),
		Retention{What: "plans", With: []string{"products"}},
	}
}

// Policy of Plan.
func (Plan) Policy() ent.Policy { return rowpolicy.Plan() }
