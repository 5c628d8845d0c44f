package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// SignInAttempt is a sign-in that failed, or is still being checked.
type SignInAttempt struct{ ent.Schema }

// Mixin of SignInAttempt.
func (SignInAttempt) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}, Identity{}} }

// Fields of SignInAttempt.
func (SignInAttempt) Fields() []ent.Field {
	return []ent.Field{
		field.String("bucket").Immutable().Comment("A keyed hash of the address or the client: never the address itself."),
		field.Time("attempted_at").Immutable(),
	}
}

// Indexes of SignInAttempt.
func (SignInAttempt) Indexes() []ent.Index {
	return []ent.Index{index.Fields("bucket", "attempted_at"), index.Fields("attempted_at")}
}

// Annotations of SignInAttempt.
func (SignInAttempt) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "failed sign-ins, under hashes of addresses", For: hour, Since: "attempted_at", NotAhead: true, Job: purgeJob},
	}
}
