package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
)

// EventPosition is the last position in an organization's log. Its row is locked at the
// end of each transaction that writes, so that positions are in the order of commits.
type EventPosition struct{ ent.Schema }

// Mixin of EventPosition.
func (EventPosition) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}} }

// Fields of EventPosition.
func (EventPosition) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("The organization."),
		field.Int64("last").Default(0),
	}
}

// Annotations of EventPosition.
func (EventPosition) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "the last position in each event log", With: []string{"organizations"}},
	}
}
