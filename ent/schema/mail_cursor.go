package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
)

// MailCursor is how far the letters of an organization's event log have been
// noted as deliveries. The row with the zero id says that mail has begun: an
// organization without a row is read from its first event since then.
type MailCursor struct{ ent.Schema }

// Mixin of MailCursor.
func (MailCursor) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}} }

// Fields of MailCursor.
func (MailCursor) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("The organization; zero: mail has begun."),
		field.Int64("position").Default(0).Comment("The last event that was read."),
		field.Int64("sequence").Default(0).Comment("The last number that a delivery has."),
		field.String("daily_on").Default("").Comment("The last day of which the daily letters were noted, in the organization's time zone."),
	}
}

// Annotations of MailCursor.
func (MailCursor) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "how far mail has read each event log", With: []string{"organizations"}},
	}
}
