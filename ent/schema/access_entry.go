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

// AccessEntry is an entry of a credential's access list: a product that may be called
// with it.
type AccessEntry struct{ ent.Schema }

// Mixin of AccessEntry.
func (AccessEntry) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}} }

// Fields of AccessEntry.
func (AccessEntry) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.UUID("credential_id", uuid.UUID{}).Immutable(),
		field.UUID("product_id", uuid.UUID{}).Immutable(),
	}
}

// Edges of AccessEntry.
func (AccessEntry) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("credential", Credential.Type).Field("credential_id").Unique().Required().Immutable(),
		edge.To("product", Product.Type).Field("product_id").Unique().Required().Immutable(),
		edge.To("account", Account.Type).Field("account_id").Unique().Required().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of AccessEntry.
func (AccessEntry) Indexes() []ent.Index {
	return []ent.Index{index.Fields("credential_id", "product_id").Unique()}
}

// Annotations of AccessEntry.
func (AccessEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "access lists", With: []string{"credentials"}},
	}
}

// Policy of AccessEntry.
func (AccessEntry) Policy() ent.Policy { return rowpolicy.AccountOwned() }
