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
	"portico/internal/lifecycle"
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
		field.UUID("plan_revision_id", uuid.UUID{}).Optional().Nillable().Comment("The revision of the plan by which it goes. NULL, and one of another plan, which the release before may leave: the plan as it is."),
		field.JSON("endpoint_ids", []uuid.UUID{}).Optional().Comment("The only endpoints that may be called; NULL: all of the product."),
		field.JSON("answers", &domain.Answers{}).Optional().Comment("To the product's form, with the questions as they were; checked by their type. NULL: none."),
		field.String("accepted_terms_version").Optional().Nillable().Comment("The terms of the product that were accepted last for it; NULL: none."),
		field.Time("accepted_terms_at").Optional().Nillable(),
		field.UUID("accepted_terms_by", uuid.UUID{}).Optional().Nillable().Comment("NULL: a service token."),
		field.Enum("status").GoType(access.SubscriptionStatus("")),
		field.Bool("newest").Default(true).Comment("The newest row of its app and product; older ones are history."),
		field.UUID("key_request_id", uuid.UUID{}).Optional().Nillable().Comment("The request for a key that has made it, which alone decides about it while it waits."),
		field.UUID("requested_by", uuid.UUID{}).Optional().Nillable(),
		field.UUID("decided_by", uuid.UUID{}).Optional().Nillable(),
		field.Time("decided_at").Optional().Nillable(),
		field.String("reason").Default("").Comment("The reason that was given with the last decision about it or its plan."),
		field.UUID("pending_plan_id", uuid.UUID{}).Optional().Nillable().Comment("The plan that it is to get; the columns of its change of plan are NULL together."),
		field.UUID("pending_plan_revision_id", uuid.UUID{}).Optional().Nillable().Comment("The revision of pending_plan_id that was asked for; as plan_revision_id."),
		field.Enum("pending_status").GoType(lifecycle.PlanChangeStatus("")).Optional().Nillable(),
		field.Enum("pending_when").GoType(domain.PlanChangeTime("")).Optional().Nillable(),
		field.Time("pending_effective_at").Optional().Nillable().Comment("When it gets it; NULL while that waits for a decision."),
		field.Time("pending_requested_at").Optional().Nillable(),
		field.UUID("pending_requested_by", uuid.UUID{}).Optional().Nillable(),
		field.Time("pending_waits_since").Optional().Nillable().Comment("Since when the change of plan waits for a decision, if not since it was asked for."),
		field.String("pending_reason").Default("").Comment("The reason that was given for the change of plan."),
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
		edge.To("pending_plan", Plan.Type).Field("pending_plan_id").Unique().Annotations(entsql.OnDelete(entsql.NoAction)),
		edge.To("plan_revision", PlanRevision.Type).Field("plan_revision_id").Unique().Annotations(entsql.OnDelete(entsql.NoAction)),
		edge.To("pending_plan_revision", PlanRevision.Type).Field("pending_plan_revision_id").Unique().Annotations(entsql.OnDelete(entsql.NoAction)),
		edge.To("key_request", KeyRequest.Type).Field("key_request_id").Unique().Annotations(entsql.OnDelete(entsql.SetNull)),
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
		index.Fields("organization_id", "created_at", "id"),
		index.Fields("plan_id", "created_at", "id"),
		// Which revisions gateways must know, and how many subscriptions go by each.
		index.Fields("plan_revision_id", "status").StorageKey("subscription_plan_revision"),
		// Those who go by one revision of a plan, oldest first, and whether anybody goes by none.
		index.Fields("plan_id", "plan_revision_id", "created_at", "id", "deleted_at").StorageKey("subscription_live_terms").
			Annotations(entsql.IndexWhere("status IN " + domain.LiveStatuses)),
		index.Fields("pending_plan_revision_id").StorageKey("subscription_pending_plan_revision").
			Annotations(entsql.IndexWhere("pending_plan_revision_id IS NOT NULL")),
		index.Fields("account_id", "created_at", "id"),
		index.Fields("account_id", "product_id"),
		index.Fields("organization_id", "pending_status", "created_at", "id").StorageKey("subscription_plan_changes").
			Annotations(entsql.IndexWhere("pending_status IS NOT NULL")),
		index.Fields("pending_effective_at").StorageKey("subscription_plan_changes_due").
			Annotations(entsql.IndexWhere("pending_effective_at IS NOT NULL")),
		// What waits too long.
		index.Fields("organization_id", "pending_requested_at").StorageKey("subscription_plan_requests").
			Annotations(entsql.IndexWhere("pending_requested_at IS NOT NULL")),
		index.Fields("key_request_id").Annotations(entsql.IndexWhere("key_request_id IS NOT NULL")),
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
				"app": {"app_id"}, "account": {"account_id"}, "product": {"product_id"}, "plan": {"plan_id"}, "keyRequest": {"key_request_id"}, "badgeColor": {"status"},
				"allowedTransitions": {"organization_id", "account_id", "status", "pending_status", "key_request_id"}, "viewerCan": {"organization_id", "account_id", "status", "key_request_id"},
				"narrowed": {"endpoint_ids"}, "quota": {"plan_id", "plan_revision_id", "app_id", "account_id", "product_id"}, "endpointQuotas": {"plan_id", "plan_revision_id", "app_id", "product_id"}, "spending": {"plan_id", "plan_revision_id", "app_id", "product_id"}, "planRevision": {"plan_id", "plan_revision_id"}, "timeline": nil, "callsLast24h": nil, "handOffUrl": {"status", "product_id"},
				"acceptedTerms": {"accepted_terms_version", "accepted_terms_at", "accepted_terms_by"}, "termsToAccept": {"status", "product_id", "accepted_terms_version"},
				"pendingChange": {"status", "pending_plan_id", "pending_plan_revision_id", "pending_status", "pending_when", "pending_effective_at", "pending_requested_at", "pending_requested_by", "pending_reason"},
			},
			Refers: map[string]string{
				"app_id": "App", "account_id": "Account", "product_id": "Product", "plan_id": "Plan", "requested_by": "User", "decided_by": "User", "accepted_terms_by": "User",
				"key_request_id": "KeyRequest", "pending_plan_id": "Plan", "pending_requested_by": "User",
			},
		},
		checks(map[string]string{
			"subscriptions_status":         oneOf("status", access.SubscriptionStatus("").Values()),
			"subscriptions_pending_status": "pending_status IS NULL OR " + oneOf("pending_status", lifecycle.PlanChangeStatus("").Values()),
			// What domain.MaxAnswers allows, as JSON.
			"subscriptions_answers":        "answers IS NULL OR length(CAST(answers AS text)) <= 50000",
			"subscriptions_accepted_terms": "((accepted_terms_version IS NULL) = (accepted_terms_at IS NULL) AND (accepted_terms_by IS NULL OR accepted_terms_version IS NOT NULL))",
			"subscriptions_pending_when":   "pending_when IS NULL OR " + oneOf("pending_when", domain.PlanChangeTime("").Values()),
			// Not by the status of the subscription: the previous release, which does not know
			// these columns, may end one that has a change of plan. It has no effect then.
			"subscriptions_pending": "((pending_plan_id IS NULL) = (pending_status IS NULL) AND (pending_plan_id IS NULL) = (pending_when IS NULL) AND (pending_plan_id IS NULL) = (pending_requested_at IS NULL) AND (pending_effective_at IS NOT NULL) = (pending_status IS NOT NULL AND pending_status = 'SCHEDULED') AND (pending_plan_id IS NOT NULL OR pending_requested_by IS NULL))",
		}),
		Retention{What: "subscriptions; suspended ones stay until an administrator ends them", With: []string{"apps"}},
	}
}

// Policy of Subscription.
func (Subscription) Policy() ent.Policy { return rowpolicy.Subscription() }
