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
)

// Endpoint is an operation of a product: a method and a path template.
type Endpoint struct{ ent.Schema }

// Mixin of Endpoint.
func (Endpoint) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}} }

// Fields of Endpoint.
func (Endpoint) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("product_id", uuid.UUID{}).Immutable(),
		field.Enum("method").GoType(access.Method("")),
		field.String("path").MaxLen(1024).Comment("A template such as /orders/{id}; see package pathmatch."),
		field.String("description").Default(""),
	}
}

// Edges of Endpoint.
func (Endpoint) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("product", Product.Type).Field("product_id").Unique().Required().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of Endpoint.
func (Endpoint) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("product_id", "method", "path").Unique(),
		index.Fields("product_id", "created_at", "id"),
		index.Fields("organization_id"),
	}
}

// Annotations of Endpoint.
func (Endpoint) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "Endpoint", Prefix: "ep", List: "endpoints", Of: []string{"Product", "ProductSubscription"},
			Orders:  []Order{byCreation()},
			Columns: map[string][]string{"product": {"product_id"}, "viewerCan": {"organization_id"}},
			Refers:  map[string]string{"product_id": "Product"},
		},
		checks(map[string]string{"endpoints_method": oneOf("method", access.Method("").Values())}),
		Retention{What: "endpoints, unless they are deleted before", With: []string{"products"}},
	}
}

// Policy of Endpoint.
func (Endpoint) Policy() ent.Policy { return rowpolicy.Endpoint() }
