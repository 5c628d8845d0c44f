// Package schema is the data model: an entity a file, in the order Mixin,
// Fields, Edges, Indexes, Annotations, Policy. Rules of the trade live in the
// services; what the database itself can refuse is said here.
package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"

	"portico/internal/clock"
)

// Identity returns a row its primary key: a UUID of version 7, so that rows made
// later sort later and index pages stay together.
type Identity struct{ mixin.Schema }

// Fields of Identity.
func (Identity) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Default(newID),
	}
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// Tenant marks a row as an organization's: the wall that nothing crosses.
type Tenant struct{ mixin.Schema }

// Fields of Tenant.
func (Tenant) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("organization_id", uuid.UUID{}).Immutable().Comment("The organization the row belongs to."),
	}
}

// Changeable returns a row its times and its version, which counts its changes
// and lets an update be refused that was made against an older one.
type Changeable struct{ mixin.Schema }

// Fields of Changeable.
func (Changeable) Fields() []ent.Field {
	return []ent.Field{
		field.Time("created_at").Immutable().Default(now),
		field.Time("updated_at").Default(now),
		field.Int("version").Default(1).Comment("Grows by one with each change."),
	}
}

func now() time.Time { return clock.System{}.Now() }

// checks lists conditions that the database itself holds for each row.
func checks(byName map[string]string) schema.Annotation {
	return &entsql.Annotation{Checks: byName}
}

// oneOf is the condition that a column holds one of the values.
func oneOf(column string, values []string) string {
	text := column + " IN ("
	for i, v := range values {
		if i > 0 {
			text += ", "
		}
		text += "'" + v + "'"
	}
	return text + ")"
}

// where makes an index one of the rows alone that fulfil a condition.
func where(condition string) schema.Annotation { return entsql.IndexWhere(condition) }
