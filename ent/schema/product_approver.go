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

// ProductApprover is that a user decides about the subscriptions of a product.
type ProductApprover struct{ ent.Schema }

// Mixin of ProductApprover.
func (ProductApprover) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}} }

// Fields of ProductApprover.
func (ProductApprover) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("product_id", uuid.UUID{}).Immutable(),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Time("created_at").Immutable().Default(now),
	}
}

// Edges of ProductApprover.
func (ProductApprover) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("product", Product.Type).Field("product_id").Unique().Required().Immutable(),
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of ProductApprover. The first serves the row policies, which ask for the
// products of a user in every statement of an approver.
func (ProductApprover) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "product_id").Unique(), index.Fields("product_id")}
}

// Annotations of ProductApprover.
func (ProductApprover) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "who decides about which product", Until: "the approver is removed, deleted or gets another role"},
	}
}

// Policy of ProductApprover.
func (ProductApprover) Policy() ent.Policy { return rowpolicy.ProductApprover() }
