package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/rowpolicy"
	"portico/internal/domain"
)

// KeyRequest is what a developer asks for at once: subscriptions of an app, and a key for
// their products, or their products on the access control list of a key that it has. The
// subscriptions that it has made refer to it, and wait until it is decided about.
type KeyRequest struct{ ent.Schema }

// Mixin of KeyRequest.
func (KeyRequest) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}} }

// Fields of KeyRequest.
func (KeyRequest) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.UUID("app_id", uuid.UUID{}).Immutable(),
		field.Enum("status").GoType(domain.KeyRequestStatus("")),
		field.String("name").Default("").Comment("Of the key to make."),
		field.Enum("environment").GoType(access.Environment("")).Default(string(access.Development)).Comment("Of the key to make."),
		field.Bool("changes_key").Default(false).Immutable().Comment("It changes a key that the app had, and makes none."),
		field.UUID("credential_id", uuid.UUID{}).Optional().Nillable().Comment("The key that it changes, or that was made when it was approved."),
		field.JSON("product_ids", []uuid.UUID{}).Comment("The products that the key is to reach, also those that the app had subscriptions for; sorted."),
		field.JSON("remove_product_ids", []uuid.UUID{}).Optional().Comment("The products that a key is to reach no more, of one that it changes; sorted. NULL: none."),
		field.UUID("requested_by", uuid.UUID{}).Optional().Nillable().Immutable().Comment("NULL: a service token."),
		field.UUID("decided_by", uuid.UUID{}).Optional().Nillable().Comment("NULL: a service token, or Portico itself."),
		field.Time("decided_at").Optional().Nillable().Comment("When it was approved, rejected or withdrawn, or when nobody had decided about it in time."),
		field.String("reason").Default("").Comment("The reason that was given for the last change of its state."),
		field.Time("collect_until").Optional().Nillable().Comment("Until when the key that it has made can be collected. NULL: it has made none."),
		field.Time("collected_at").Optional().Nillable(),
		field.Time("hidden_at").Optional().Nillable().Comment("When it was left out of lists."),
	}
}

// Edges of KeyRequest.
func (KeyRequest) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("app", App.Type).Field("app_id").Unique().Required().Immutable(),
		edge.To("account", Account.Type).Field("account_id").Unique().Required().Immutable(),
		edge.To("credential", Credential.Type).Field("credential_id").Unique().Annotations(entsql.OnDelete(entsql.SetNull)),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of KeyRequest.
func (KeyRequest) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "status", "created_at", "id"),
		index.Fields("organization_id", "created_at", "id"),
		index.Fields("account_id", "created_at", "id"),
		index.Fields("app_id", "created_at", "id"),
		index.Fields("credential_id").Annotations(where("credential_id IS NOT NULL")), // for deletions
		index.Fields("organization_id", "collect_until").StorageKey("key_request_uncollected").
			Annotations(where("status = 'APPROVED' AND collect_until IS NOT NULL AND collected_at IS NULL")),
	}
}

// Annotations of KeyRequest.
func (KeyRequest) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "KeyRequest", Prefix: "kreq", List: "keyRequests",
			Orders: []Order{byCreation()},
			Columns: map[string][]string{
				"app": {"app_id"}, "account": {"account_id"}, "credential": {"credential_id"}, "changesKey": {"changes_key"},
				"products": {"product_ids"}, "removeProducts": {"remove_product_ids"}, "timeline": nil, "productSubscriptions": nil,
				"viewerCan": {"organization_id", "account_id", "app_id", "status", "environment", "collect_until", "collected_at", "credential_id"},
				"deleted":   {"hidden_at"},
			},
			Refers: map[string]string{"app_id": "App", "account_id": "Account", "credential_id": "Credential", "requested_by": "User", "decided_by": "User"},
		},
		checks(map[string]string{
			"key_requests_status":      oneOf("status", domain.KeyRequestStatus("").Values()),
			"key_requests_environment": oneOf("environment", access.Environment("").Values()),
			"key_requests_decided":     "((status = 'PENDING') = (decided_at IS NULL) AND (status <> 'PENDING' OR decided_by IS NULL))",
			// A key that is made exists from the approval on; its row may be purged later.
			"key_requests_collect": "((collect_until IS NULL OR (NOT changes_key AND status IN ('APPROVED', 'EXPIRED'))) AND (collected_at IS NULL OR collect_until IS NOT NULL) AND (status <> 'APPROVED' OR changes_key OR collect_until IS NOT NULL))",
			"key_requests_hidden":  "hidden_at IS NULL OR status <> 'PENDING'",
			// What domain.MaxKeyRequestPlans, and the longest access control list, allow as JSON.
			"key_requests_products": "length(CAST(product_ids AS text)) <= 2000 AND (remove_product_ids IS NULL OR length(CAST(remove_product_ids AS text)) <= 5000)",
		}),
		Retention{What: "requests for keys", With: []string{"apps", "accounts"}},
	}
}

// Policy of KeyRequest.
func (KeyRequest) Policy() ent.Policy { return rowpolicy.KeyRequest() }
