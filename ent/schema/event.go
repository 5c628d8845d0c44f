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

// Event is an entry of the append-only log: who did what to which object. Triggers
// refuse updates, and deletes outside of purging.
type Event struct{ ent.Schema }

// Mixin of Event.
func (Event) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}} }

// Fields of Event.
func (Event) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("position").Immutable().Comment("1, 2, 3 … in the order of commits inside the organization, without gaps."),
		field.String("type").Immutable().Comment("What happened; package eventlog lists the types."),
		field.Int("payload_version").Immutable().Default(1).Comment("The version of the format of changes."),
		field.Time("at").Immutable(),
		field.String("actor_role").Immutable(),
		field.UUID("actor_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The user; NULL: a machine or Portico itself."),
		field.String("actor_name").Immutable(),
		field.UUID("actor_token_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The service token that did it, by itself or for the user; NULL: none."),
		field.String("address").Default("").Immutable().Comment("The network address of the request."),
		field.String("request_id").Default("").Immutable(),
		field.String("subject_type").Immutable().Comment("The public type of the object."),
		field.UUID("subject_id", uuid.UUID{}).Immutable(),
		field.String("subject_name").Default("").Immutable(),
		field.UUID("account_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The account whose developers may read it."),
		field.UUID("app_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The app in whose timeline it appears."),
		field.String("reason").Default("").Immutable(),
		field.JSON("changes", []domain.Change{}).Default([]domain.Change{}).Immutable(),
	}
}

// Edges of Event.
func (Event) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of Event.
func (Event) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "position").Unique(),
		index.Fields("subject_id", "position"),
		index.Fields("app_id", "position"),
		index.Fields("account_id", "position"),
		index.Fields("organization_id", "at"),
	}
}

// Annotations of Event.
func (Event) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "Event", Prefix: "evt", List: "events",
			Orders: []Order{{Name: "POSITION", Column: "position"}},
			Columns: map[string][]string{
				"actor": {"actor_role", "actor_id", "actor_name", "actor_token_id"}, "subject": {"subject_type", "subject_id", "subject_name"},
			},
			Refers: map[string]string{"actor_id": "User"},
		},
		Retention{What: "the event log", Setting: "eventRetentionDays", Since: "at", Job: purgeJob},
	}
}

// Policy of Event.
func (Event) Policy() ent.Policy { return rowpolicy.Event() }
