package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"

	"portico/ent/rowpolicy"
)

// EventPosition is the last position in an organization's log. Its row is locked at the
// end of each transaction that writes, so that positions are in the order of commits.
type EventPosition struct{ ent.Schema }

// Fields of EventPosition.
func (EventPosition) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("The organization."),
		field.Int64("last").Default(0),
	}
}

// Policy of EventPosition.
func (EventPosition) Policy() ent.Policy { return rowpolicy.SystemOnly() }
