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
)

// Subscription is an app's use of a product by a plan. The public type is called
// ProductSubscription, since GraphQL reserves Subscription.
type Subscription struct{ ent.Schema }

// Mixin of Subscription.
func (Subscription) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}} }

// Fields of Subscription.
func (Subscription) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.UUID("app_id", uuid.UUID{}).Immutable(),
		field.UUID("product_id", uuid.UUID{}).Immutable(),
		field.UUID("plan_id", uuid.UUID{}),
		field.JSON("endpoint_ids", []uuid.UUID{}).Optional().Comment("The only endpoints that may be called; NULL: all of the product."),
		field.Enum("status").GoType(access.SubscriptionStatus("")),
		field.Bool("newest").Default(true).Comment("The newest row of its app and product; older ones are history."),
		field.UUID("requested_by", uuid.UUID{}).Optional().Nillable(),
		field.UUID("decided_by", uuid.UUID{}).Optional().Nillable(),
		field.Time("decided_at").Optional().Nillable(),
		field.String("reason").Default("").Comment("The reason that was given for the last transition."),
		field.Time("deleted_at").Optional().Nillable().Comment("Its app was deleted."),
	}
}

// Edges of Subscription.
func (Subscription) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("app", App.Type).Field("app_id").Unique().Required().Immutable(),
		edge.To("account", Account.Type).Field("account_id").Unique().Required().Immutable(),
		edge.To("product", Product.Type).Field("product_id").Unique().Required().Immutable(),
		edge.To("plan", Plan.Type).Field("plan_id").Unique().Required(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of Subscription.
func (Subscription) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("app_id", "product_id").Unique().StorageKey("subscription_one_live").
			Annotations(entsql.IndexWhere("status IN ('WAITING', 'APPROVED', 'SUSPENDED')")),
		index.Fields("app_id", "product_id").Unique().StorageKey("subscription_one_newest").
			Annotations(entsql.IndexWhere("newest")),
		index.Fields("app_id", "created_at", "id"),
		index.Fields("organization_id", "status", "created_at", "id"),
		index.Fields("account_id", "created_at", "id"),
		index.Fields("account_id", "product_id"),
		index.Fields("organization_id", "product_id"), // what retiring a product would end
	}
}

// Annotations of Subscription.
func (Subscription) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "ProductSubscription", Prefix: "sub", List: "subscriptions",
			Orders: []Order{byCreation()},
			Columns: map[string][]string{
				"app": {"app_id"}, "account": {"account_id"}, "product": {"product_id"}, "plan": {"plan_id"}, "badgeColor": {"status"},
				"allowedTransitions": {"organization_id", "account_id", "status"}, "viewerCan": {"organization_id", "account_id", "status"},
				"narrowed": {"endpoint_ids"}, "quota": {"plan_id", "app_id", "account_id", "product_id"}, "timeline": nil, "callsLast24h": nil,
			},
			Refers: map[string]string{
				"app_id": "App", "account_id": "Account", "product_id": "Product", "plan_id": "Plan", "requested_by": "User", "decided_by": "User",
			},
		},
		checks(map[string]string{"subscriptions_status": oneOf("status", access.SubscriptionStatus("").Values())}),
		Retention{What: "subscriptions; suspended ones stay until an administrator ends them", With: []string{"apps"}},
	}
}

// Policy of Subscription.
func (Subscription) Policy() ent.Policy { return rowpolicy.Subscription() }
