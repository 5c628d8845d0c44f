// Package schema is the data model: an entity a file, in the order Mixin,
// Fields, Edges, Indexes, Annotations, Policy. Business rules are in the services;
// constraints that the database can check are here.
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

// Identity adds the primary key: a UUID of version 7, so that later rows sort later
// and are inserted into the same index pages.
type Identity struct{ mixin.Schema }

// Fields of Identity.
func (Identity) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Default(newID),
	}
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// Machinery marks a table of Portico's own machinery: hand-written SQL alone reads
// and writes it. It is declared here so that migrations follow from the
// declaration; no client is generated that could reach its rows, so it has no row
// policy.
type Machinery struct{ mixin.Schema }

// Annotations of Machinery.
func (Machinery) Annotations() []schema.Annotation { return []schema.Annotation{WithoutClient{}} }

// WithoutClient is the annotation of tables for which no client is generated.
type WithoutClient struct{}

// Name implements schema.Annotation.
func (WithoutClient) Name() string { return "WithoutClient" }

// Tenant adds the organization that the row belongs to; the row policies let no query
// see those of another one.
type Tenant struct{ mixin.Schema }

// Fields of Tenant.
func (Tenant) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("organization_id", uuid.UUID{}).Immutable().Comment("The organization the row belongs to."),
	}
}

// Changeable adds the times of creation and of the last change, and the version, which
// counts the changes: an update that is based on an older version is refused.
type Changeable struct{ mixin.Schema }

// Fields of Changeable.
func (Changeable) Fields() []ent.Field {
	return []ent.Field{
		field.Time("created_at").Immutable().Default(now),
		field.Time("updated_at").Default(now),
		field.Int("version").Default(1).Comment("Increases by one with each change."),
	}
}

func now() time.Time { return clock.System{}.Now() }

// checks adds CHECK constraints, by their names.
func checks(byName map[string]string) schema.Annotation {
	return &entsql.Annotation{Checks: byName}
}

// oneOf returns the condition that a column has one of the values.
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

// where makes an index partial: it contains only the rows that meet a condition.
func where(condition string) schema.Annotation { return entsql.IndexWhere(condition) }
