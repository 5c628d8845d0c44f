package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
)

// TotpFactor is a user's authenticator app. Its secret is not stored: it is derived from
// the row's id under a pepper of the key ring. It is in use once the user has
// totp_enabled_at.
type TotpFactor struct{ ent.Schema }

// Mixin of TotpFactor.
func (TotpFactor) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}, Identity{}} }

// Fields of TotpFactor.
func (TotpFactor) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Unique().Immutable(),
		field.String("pepper_id").Immutable().Comment("The pepper that the secret is derived under."),
		field.Int64("last_step").Default(0).Comment("The time step of the code that was used last: codes up to it are refused."),
		field.Time("created_at").Immutable(),
	}
}

// Annotations of TotpFactor.
func (TotpFactor) Annotations() []schema.Annotation {
	return []schema.Annotation{Retention{What: "which authenticator app a user has, without its secret", Forever: true}}
}
