package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/ent/rowpolicy"
)

// PlanRevision is the terms of a plan as they were, or are: a subscription goes by those of
// one revision until it gets those of another. Rows never change.
type PlanRevision struct{ ent.Schema }

// Mixin of PlanRevision.
func (PlanRevision) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, PlanTerms{}} }

// Fields of PlanRevision.
func (PlanRevision) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("plan_id", uuid.UUID{}).Immutable(),
		field.UUID("product_id", uuid.UUID{}).Immutable().Comment("The plan's: who sees the product sees it."),
		field.Int("number").Immutable().Comment("1, 2, 3 … of its plan."),
		field.Time("created_at").Immutable().Default(now),
	}
}

// Edges of PlanRevision.
func (PlanRevision) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("plan", Plan.Type).Field("plan_id").Unique().Required().Immutable(),
		edge.To("product", Product.Type).Field("product_id").Unique().Required().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of PlanRevision.
func (PlanRevision) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("plan_id", "number").Unique(),
		index.Fields("plan_id", "created_at", "id"),
		index.Fields("product_id"),
		index.Fields("organization_id"),
	}
}

// Annotations of PlanRevision.
func (PlanRevision) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "PlanRevision", Prefix: "planrev", List: "revisions", Of: []string{"Plan"},
			Orders:  []Order{byCreation()},
			Columns: map[string][]string{"plan": {"plan_id"}, "charge": {"kind", "price"}, "subscriptionCount": nil},
			Refers:  map[string]string{"plan_id": "Plan"},
		},
		checksOfTerms("plan_revisions", map[string]string{"plan_revisions_number": "number >= 1"}),
		Retention{What: "revisions of plans", With: []string{"products"}},
	}
}

// Policy of PlanRevision.
func (PlanRevision) Policy() ent.Policy { return rowpolicy.PlanRevision() }
