package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"

	"portico/ent/rowpolicy"
)

// Calls is what counted calls have in common. The id is made of the time and
// a hash of what is counted, so that the same count is the same row; see
// package usage. What a call had none of is all zeros.
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
		field.String("code").Immutable().Comment("The verdict."),
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

// RolledCalls is Calls with the indexes that only the fewer rows of hours and
// days can afford.
type RolledCalls struct{ Calls }

// Indexes of RolledCalls.
func (r RolledCalls) Indexes() []ent.Index {
	return append(r.Calls.Indexes(), index.Fields("account_id", "at"), index.Fields("product_id", "at"), index.Fields("at"))
}

// UsageMinute counts the calls of a minute.
type UsageMinute struct{ ent.Schema }

// Mixin of UsageMinute.
func (UsageMinute) Mixin() []ent.Mixin { return []ent.Mixin{Calls{}} }

// Fields of UsageMinute.
func (UsageMinute) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("rolled").Default(0).Comment("How many of the calls the hours and days hold already."),
		field.Bool("due").Default(true).Comment("Whether calls and rolled differ: an index of those alone keeps the roll-up short."),
	}
}

// Indexes of UsageMinute.
func (UsageMinute) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("id").StorageKey("usage_minutes_due").Annotations(where("due")),
		index.Fields("at"),
	}
}

// Policy of UsageMinute.
func (UsageMinute) Policy() ent.Policy { return rowpolicy.SystemOnly() }

// UsageHour counts the calls of an hour, by the organization's time zone.
type UsageHour struct{ ent.Schema }

// Mixin of UsageHour.
func (UsageHour) Mixin() []ent.Mixin { return []ent.Mixin{RolledCalls{}} }

// Policy of UsageHour.
func (UsageHour) Policy() ent.Policy { return rowpolicy.SystemOnly() }

// UsageDay counts the calls of a day, by the organization's time zone.
type UsageDay struct{ ent.Schema }

// Mixin of UsageDay.
func (UsageDay) Mixin() []ent.Mixin { return []ent.Mixin{RolledCalls{}} }

// Policy of UsageDay.
func (UsageDay) Policy() ent.Policy { return rowpolicy.SystemOnly() }
