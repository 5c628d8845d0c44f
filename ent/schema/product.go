package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"portico/clients/go/gate/access"
	"portico/ent/rowpolicy"
	"portico/internal/domain"
)

// Product is an API product, to which apps subscribe.
type Product struct{ ent.Schema }

// Mixin of Product.
func (Product) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}} }

// Fields of Product.
func (Product) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Immutable().MaxLen(63).Comment("A slug, unique in the organization: the name that gateways use."),
		field.String("title"),
		field.String("title_folded"),
		field.String("summary").Default("").Comment("What it is, in one line of plain text."),
		field.String("description").Default(""),
		field.String("api_version").Default("").Comment("The API's own version, as its provider names it."),
		field.String("external_id").Default("").Comment("The product's name in another system."),
		field.Enum("visibility").GoType(domain.ProductVisibility("")).Default(string(domain.Public)).Comment("PRIVATE: hidden from developers whose account has neither a grant nor a live subscription."),
		field.Enum("status").GoType(domain.ProductStatus("")).Default(string(domain.Draft)),
		field.Enum("approval").GoType(domain.Approval("")).Default(string(domain.Manual)),
		field.JSON("auth_types", []access.AuthType{}).Default(access.AuthTypes()),
		field.String("documentation_url").Default(""),
		field.String("logo_url").Default(""),
		field.String("terms_version").Optional().Nillable().Comment("Identifies the terms that who registers an app accepts; NULL: none."),
		field.String("terms_url").Optional().Nillable(),
		field.String("hand_off_url").Default("").Comment("Where developers continue while a subscription waits."),
		field.Bool("keyless").Default(false).Comment("Calls need no API key."),
		field.JSON("request_form", &domain.Form{}).Optional().Comment("What is asked who registers an app; checked by its type. NULL: nothing."),
		field.Bool("enforce_endpoints").Default(false).Comment("Only calls of its endpoints are allowed, also by subscriptions to all endpoints."),
		field.JSON("tags", []string{}).Optional().Comment("Folded and sorted; NULL: none."),
		field.Time("deprecates_at").Optional().Nillable().Comment("When it was or will be deprecated."),
		field.Time("retires_at").Optional().Nillable().Comment("When it was or will be retired."),
		field.Int("last_document").Default(0).Comment("The greatest number that one of its OpenAPI documents has had."),
		field.Int("ending_notice").Optional().Nillable().Comment("The last notice of its retirement that was announced, in days before; NULL: none."),
	}
}

// Edges of Product.
func (Product) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of Product.
func (Product) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "name").Unique(),
		index.Fields("organization_id", "title_folded", "id"),
		index.Fields("organization_id", "created_at", "id"),
		// What will end, for all organizations: few of their products.
		index.Fields("deprecates_at").StorageKey("product_deprecation_due").Annotations(where("deprecates_at IS NOT NULL AND status = 'PUBLISHED'")),
		index.Fields("retires_at").StorageKey("product_retirement_due").Annotations(where("retires_at IS NOT NULL AND status <> 'RETIRED'")),
	}
}

// Annotations of Product.
func (Product) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "Product", Prefix: "prod", List: "products",
			Orders:  []Order{byCreation(), {Name: "TITLE", Column: "title_folded"}},
			Columns: map[string][]string{"viewerCan": {"organization_id", "status", "visibility"}, "approvers": nil, "grants": nil, "descriptionHtml": {"description"}, "terms": {"terms_version", "terms_url"}},
		},
		checks(map[string]string{
			"products_visibility": oneOf("visibility", domain.ProductVisibility("").Values()),
			"products_status":     oneOf("status", domain.ProductStatus("").Values()),
			"products_approval":   oneOf("approval", domain.Approval("").Values()),
			"products_terms":      "((terms_version IS NULL) = (terms_url IS NULL))",
			"products_ending":     "deprecates_at IS NULL OR retires_at IS NULL OR deprecates_at <= retires_at",
			"products_notice":     "ending_notice IS NULL OR (ending_notice > 0 AND retires_at IS NOT NULL)",
			// What domain.MaxTags and domain.MaxTag allow, as JSON.
			"products_tags": "tags IS NULL OR length(CAST(tags AS text)) <= 1000",
			// What domain.MaxForm allows, as JSON.
			"products_request_form": "request_form IS NULL OR length(CAST(request_form AS text)) <= 100000",
		}),
		Retention{What: "products, retired ones too", Forever: true},
	}
}

// Policy of Product.
func (Product) Policy() ent.Policy { return rowpolicy.Product() }
