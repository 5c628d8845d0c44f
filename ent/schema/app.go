package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/ent/rowpolicy"
	"portico/internal/domain"
)

// App is a developer's application; credentials and subscriptions belong to it.
type App struct{ ent.Schema }

// Mixin of App.
func (App) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}} }

// Fields of App.
func (App) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.UUID("reference_id", uuid.UUID{}).Immutable().Default(uuid.New).
			Comment("The name of the app in other systems; never changed, never reused."),
		field.String("name"),
		field.String("name_folded"),
		field.String("description").Default(""),
		field.JSON("labels", []domain.Label{}).Default([]domain.Label{}),
		field.Time("last_used_at").Optional().Nillable().Comment("The latest last use of its credentials, to the minute; NULL: never."),
		field.Int("key_count").Default(0).Comment("How many of its credentials are not revoked. A trigger on these keeps it, also where the previous release writes them."),
		field.Time("deleted_at").Optional().Nillable(),
		field.Time("purged_at").Optional().Nillable().
			Comment("Set when the retention time is over: only the row with its reference id remains, so that the id is never reused."),
	}
}

// Edges of App.
func (App) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("account", Account.Type).Field("account_id").Unique().Required().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of App.
func (App) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "reference_id").Unique(),
		index.Fields("account_id", "created_at", "id"),
		index.Fields("account_id", "name_folded", "id"),
		index.Fields("organization_id", "created_at", "id"),
		index.Fields("organization_id", "name_folded", "id"),
		index.Fields("organization_id", "key_count", "id"),
		index.Fields("organization_id", "id"), // for pages, as of credentials
		index.Fields("deleted_at").Annotations(entsql.IndexWhere("deleted_at IS NOT NULL AND purged_at IS NULL")),
		index.Fields("organization_id", "deleted_at", "id").Annotations(entsql.IndexWhere("deleted_at IS NOT NULL AND purged_at IS NULL")),
	}
}

// Annotations of App.
func (App) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "App", Prefix: "app", List: "apps", Of: []string{"Account"},
			Orders: []Order{byCreation(), {Name: "NAME", Column: "name_folded"}, {Name: "LAST_USED_AT", Column: "last_used_at", Nulls: NullsEarliest}, {Name: "KEYS", Column: "key_count"}},
			Columns: map[string][]string{
				"account": {"account_id"}, "viewerCan": {"organization_id", "account_id"},
				"keyCounts": nil, "callsLast24h": nil, "productSubscriptions": nil, "connectedEndpoints": nil, "timeline": nil,
			},
			Refers: map[string]string{"account_id": "Account"},
		},
		checks(map[string]string{"apps_purged": "purged_at IS NULL OR deleted_at IS NOT NULL"}),
		Retention{What: "deleted apps; the reference id stays, so that it is never reused", Setting: "deletedRetentionDays", Since: "deleted_at", Job: purgeJob, Emptied: true},
	}
}

// Policy of App.
func (App) Policy() ent.Policy { return rowpolicy.App() }
