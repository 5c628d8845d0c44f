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

// Guide is a page about a product for its developers, in Markdown.
type Guide struct{ ent.Schema }

// Mixin of Guide.
func (Guide) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}} }

// Fields of Guide.
func (Guide) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("product_id", uuid.UUID{}).Immutable(),
		field.String("slug").MaxLen(63).Comment("Unique in the product: for addresses of pages."),
		field.String("title"),
		field.String("text").Comment("Markdown."),
		field.Int("position").Comment("1 is the first of the product's; without gaps."),
	}
}

// Edges of Guide.
func (Guide) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("product", Product.Type).Field("product_id").Unique().Required().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of Guide.
func (Guide) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("product_id", "slug").Unique(),
		index.Fields("product_id", "position", "id"),
		index.Fields("organization_id"),
	}
}

// Annotations of Guide.
func (Guide) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "Guide", Prefix: "guide", List: "guides", Of: []string{"Product"},
			Orders:  []Order{{Name: "POSITION", Column: "position"}},
			Columns: map[string][]string{"product": {"product_id"}, "html": {"text"}, "viewerCan": {"organization_id"}},
			Refers:  map[string]string{"product_id": "Product"},
		},
		checks(map[string]string{
			"guides_position": "position > 0",
			// What catalog.MaxGuide allows.
			"guides_text": "length(text) <= 65536",
		}),
		Retention{What: "guides, unless they are deleted before", With: []string{"products"}},
	}
}

// Policy of Guide.
func (Guide) Policy() ent.Policy { return rowpolicy.Guide() }
