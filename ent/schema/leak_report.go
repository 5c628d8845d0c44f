package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// LeakReport is a report of an API key that has leaked. What follows from it is done after
// the answer, so that the answer cannot tell whether there is such a key.
type LeakReport struct{ ent.Schema }

// Mixin of LeakReport.
func (LeakReport) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}, Identity{}} }

// Fields of LeakReport.
func (LeakReport) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("credential_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("Whose key it is. NULL: there is no such key, or its secret is another."),
		field.String("reporter").Immutable().Comment("Who reports it, for the event: what is known, and no name."),
		field.String("url").Immutable().Comment("Where it was found, in the finder's words; empty: not said."),
		field.String("source").Immutable().Comment("In what it was found, in a scanner's words, such as content; empty: not said."),
		field.String("note").Immutable().Comment("What the finder wrote."),
		field.String("client").Immutable().Comment("The network address of who reports, for the event."),
		field.String("request_id").Immutable(),
		field.Time("reported_at").Immutable(),
	}
}

// Indexes of LeakReport.
func (LeakReport) Indexes() []ent.Index { return []ent.Index{index.Fields("reported_at")} }

// Annotations of LeakReport.
func (LeakReport) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "reports of leaked keys; usually deleted within a second", For: 30 * day, Since: "reported_at", Job: purgeJob, NotAhead: true},
	}
}
