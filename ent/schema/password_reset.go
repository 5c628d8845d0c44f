package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// PasswordReset is a link that sets a new password of a user. Its token is derived
// from the id. A user has one at most: a newer one replaces it, and it is deleted
// when it is used, or when the password changes otherwise.
type PasswordReset struct{ ent.Schema }

// Mixin of PasswordReset.
func (PasswordReset) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}, Identity{}, Tenant{}} }

// Fields of PasswordReset.
func (PasswordReset) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Unique().Immutable(),
		field.Time("created_at").Immutable(),
		field.Time("expires_at").Immutable(),
	}
}

// Indexes of PasswordReset.
func (PasswordReset) Indexes() []ent.Index { return []ent.Index{index.Fields("expires_at")} }

// Annotations of PasswordReset.
func (PasswordReset) Annotations() []schema.Annotation {
	return []schema.Annotation{
		checks(map[string]string{"password_resets_expire": "expires_at > created_at"}),
		Retention{What: "links that set a new password; those that are used or replaced are deleted at once", For: hour, Since: "expires_at", Job: purgeJob, NotAhead: true},
	}
}
