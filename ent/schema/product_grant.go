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

// ProductGrant is that an account sees a private product.
type ProductGrant struct{ ent.Schema }

// Mixin of ProductGrant.
func (ProductGrant) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}} }

// Fields of ProductGrant.
func (ProductGrant) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("product_id", uuid.UUID{}).Immutable(),
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.Time("created_at").Immutable().Default(now),
	}
}

// Edges of ProductGrant.
func (ProductGrant) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("product", Product.Type).Field("product_id").Unique().Required().Immutable(),
		edge.To("account", Account.Type).Field("account_id").Unique().Required().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of ProductGrant. The first serves the row policies, which ask for the products of
// an account in every statement of a developer about the catalogue.
func (ProductGrant) Indexes() []ent.Index {
	return []ent.Index{index.Fields("account_id", "product_id").Unique(), index.Fields("product_id")}
}

// Annotations of ProductGrant.
func (ProductGrant) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "which account sees which private product", Until: "the grant is withdrawn, or the account is deleted"},
	}
}

// Policy of ProductGrant.
func (ProductGrant) Policy() ent.Policy { return rowpolicy.ProductGrant() }
