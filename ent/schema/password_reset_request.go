package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// PasswordResetRequest is an address for which somebody has asked for a new
// password. Whether a user has it is looked up after the answer, so that the
// answer cannot tell.
type PasswordResetRequest struct{ ent.Schema }

// Mixin of PasswordResetRequest.
func (PasswordResetRequest) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}, Identity{}} }

// Fields of PasswordResetRequest.
func (PasswordResetRequest) Fields() []ent.Field {
	return []ent.Field{
		field.String("email_folded").Immutable().Comment("The address in the form in which it is compared."),
		field.String("organization").Immutable().Comment("The slug that was named; empty: every organization."),
		field.String("client").Immutable().Comment("The network address of who asks, for the event."),
		field.String("request_id").Immutable(),
		field.Time("requested_at").Immutable(),
		field.Time("claimed_until").Optional().Nillable().Comment("Until then a server is at work on it."),
	}
}

// Indexes of PasswordResetRequest.
func (PasswordResetRequest) Indexes() []ent.Index { return []ent.Index{index.Fields("requested_at")} }

// Annotations of PasswordResetRequest.
func (PasswordResetRequest) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "addresses for which a new password was asked; usually deleted within a second", For: hour, Since: "requested_at", Job: purgeJob, NotAhead: true},
	}
}
