package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"
)

// Calls is what the tables of counts have in common. The id consists of the time and a
// hash of what is counted, so that equal calls are counted in the same row; see package
// usage. Ids that a call does not have are zero.
type Calls struct{ mixin.Schema }

// Fields of Calls.
func (Calls) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable(),
		field.UUID("organization_id", uuid.UUID{}).Immutable(),
		field.Time("at").Immutable().Comment("The start of the minute, hour or day."),
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.UUID("app_id", uuid.UUID{}).Immutable(),
		field.UUID("credential_id", uuid.UUID{}).Immutable(),
		field.UUID("product_id", uuid.UUID{}).Immutable(),
		field.UUID("endpoint_id", uuid.UUID{}).Immutable(),
		field.String("code").Immutable().Comment("The code of the verdict."),
		field.Int64("calls"),
	}
}

// Indexes of Calls.
func (Calls) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "at"),
		index.Fields("app_id", "at"),
		index.Fields("credential_id", "at"),
	}
}

// RolledCalls is Calls with further indexes: hours and days have fewer rows, so the
// indexes are cheap there.
type RolledCalls struct{ Calls }

// Indexes of RolledCalls.
func (r RolledCalls) Indexes() []ent.Index {
	return append(r.Calls.Indexes(), index.Fields("account_id", "at"), index.Fields("product_id", "at"), index.Fields("at"))
}

// UsageMinute counts the calls of a minute.
type UsageMinute struct{ ent.Schema }

// Mixin of UsageMinute.
func (UsageMinute) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}, Calls{}} }

// Fields of UsageMinute.
func (UsageMinute) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("rolled").Default(0).Comment("How many of the calls are already part of hours and days."),
		field.Bool("due").Default(true).Comment("Whether calls and rolled differ: a partial index of these rows keeps the roll-up fast."),
	}
}

// Indexes of UsageMinute.
func (UsageMinute) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("id").StorageKey("usage_minutes_due").Annotations(where("due")),
		index.Fields("at"),
	}
}

// Annotations of UsageMinute.
func (UsageMinute) Annotations() []schema.Annotation {
	kept := ofUsage("counts of calls by the minute, once they are part of hours and days", "minutes")
	kept.Except = "due"
	return []schema.Annotation{kept}
}

// UsageHour counts the calls of an hour in the organization's time zone.
type UsageHour struct{ ent.Schema }

// Mixin of UsageHour.
func (UsageHour) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}, RolledCalls{}} }

// Annotations of UsageHour.
func (UsageHour) Annotations() []schema.Annotation {
	return []schema.Annotation{
		ofUsage("counts of calls by the hour", "hours"),
	}
}

// UsageDay counts the calls of a day in the organization's time zone.
type UsageDay struct{ ent.Schema }

// Mixin of UsageDay.
func (UsageDay) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}, RolledCalls{}} }

// Annotations of UsageDay.
func (UsageDay) Annotations() []schema.Annotation {
	return []schema.Annotation{
		ofUsage("counts of calls by the day", "days"),
	}
}
