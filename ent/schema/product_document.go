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

// ProductDocument is a version of the OpenAPI document of a product. It never changes.
type ProductDocument struct{ ent.Schema }

// Mixin of ProductDocument.
func (ProductDocument) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}} }

// Fields of ProductDocument.
func (ProductDocument) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("product_id", uuid.UUID{}).Immutable(),
		field.Int("number").Immutable().Comment("1, 2, 3 … inside the product; the greatest is the present one."),
		field.String("title").Immutable(),
		field.String("api_version").Immutable().Comment("The API's own version, as the document has it."),
		field.Enum("format").GoType(domain.DocumentFormat("")).Immutable(),
		field.String("text").Immutable(),
		field.Int("size").Immutable().Comment("Of the text, in bytes."),
		field.String("sha256").Immutable().Comment("Of the text, in hexadecimal digits."),
		field.String("server").Immutable().Comment("The address of the first server; empty: none that is absolute."),
		field.JSON("operations", domain.DocumentOperations{}).Immutable().Comment("What is read of the text once; checked by its type."),
		field.Time("created_at").Immutable().Default(now),
	}
}

// Edges of ProductDocument.
func (ProductDocument) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("product", Product.Type).Field("product_id").Unique().Required().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of ProductDocument.
func (ProductDocument) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("product_id", "number").Unique(),
		index.Fields("product_id", "created_at", "id"),
		index.Fields("organization_id"),
	}
}

// Annotations of ProductDocument.
func (ProductDocument) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "ProductDocument", Prefix: "doc", List: "documents", Of: []string{"Product"},
			Orders:  []Order{byCreation()},
			Columns: map[string][]string{"product": {"product_id"}, "curl": {"product_id", "server", "operations"}},
			Refers:  map[string]string{"product_id": "Product"},
		},
		checks(map[string]string{
			"product_documents_format": oneOf("format", domain.DocumentFormat("").Values()),
			"product_documents_number": "number > 0",
			// What domain.MaxDocument allows, and what domain.DocumentOperations can be as JSON.
			"product_documents_text":       "length(text) <= 200000",
			"product_documents_operations": "length(CAST(operations AS text)) <= 2000000",
		}),
		Retention{What: "OpenAPI documents, unless they are deleted before", With: []string{"products"}},
	}
}

// Policy of ProductDocument.
func (ProductDocument) Policy() ent.Policy { return rowpolicy.ProductDocument() }
