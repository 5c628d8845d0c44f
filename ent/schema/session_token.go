package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// SessionToken is a refresh token that a session accepts. A token of the session
// that has no row was used before.
type SessionToken struct{ ent.Schema }

// Mixin of SessionToken.
func (SessionToken) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}, Identity{}} }

// Fields of SessionToken.
func (SessionToken) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("session_id", uuid.UUID{}).Immutable(),
		field.Bytes("token_hash").Unique().Immutable().Sensitive(),
		field.Time("created_at").Immutable(),
		field.Time("rotated_at").Optional().Nillable().Comment("When it was used; the row stays for a few seconds more."),
	}
}

// Indexes of SessionToken.
func (SessionToken) Indexes() []ent.Index {
	return []ent.Index{index.Fields("session_id", "created_at", "id"), index.Fields("created_at")}
}

// Annotations of SessionToken.
func (SessionToken) Annotations() []schema.Annotation {
	return []schema.Annotation{
		// Longer than a session lives without being refreshed: see identity.SessionIdle.
		Retention{What: "hashes of refresh tokens", For: 15 * day, Since: "created_at", Job: purgeJob},
	}
}
