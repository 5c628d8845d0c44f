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

// Session is a sign-in of a user on a device, until it ends.
type Session struct{ ent.Schema }

// Mixin of Session.
func (Session) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}} }

// Fields of Session.
func (Session) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.UUID("account_id", uuid.UUID{}).Optional().Nillable().Comment("The account that was chosen for it; NULL, or no longer one of the user's: the one joined first."),
		field.String("device").Immutable().Comment("Program and system of the sign-in, such as Firefox on Linux; empty: unknown."),
		field.String("address").Comment("The network address of the last refresh, for the user's own eyes."),
		field.Time("created_at").Immutable().Default(now),
		field.Time("last_seen_at").Comment("When it was refreshed last."),
		field.Time("expires_at").Comment("From then on it cannot be refreshed; the time at which it was ended, if it was."),
		field.Time("ended_at").Optional().Nillable().Comment("When it was ended before its time; NULL: it was not."),
	}
}

// Edges of Session.
func (Session) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("account", Account.Type).Field("account_id").Unique(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of Session.
func (Session) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "created_at", "id"),
		index.Fields("organization_id"),
		index.Fields("expires_at"),
	}
}

// Annotations of Session.
func (Session) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "Session", Prefix: "sess", List: "sessions",
			Orders:  []Order{byCreation()},
			Columns: map[string][]string{"current": {"id"}},
		},
		checks(map[string]string{"sessions_ended": "ended_at IS NULL OR ended_at >= expires_at"}),
		Retention{What: "sessions that have ended or expired", For: 7 * day, Since: "expires_at", Job: purgeJob},
	}
}

// Policy of Session.
func (Session) Policy() ent.Policy { return rowpolicy.OwnUser() }
