package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"

	"portico/ent/rowpolicy"
)

// Lease lets one node at a time run a background job.
type Lease struct{ ent.Schema }

// Fields of Lease.
func (Lease) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Comment("The job."),
		field.String("holder").Default("").Comment("The node."),
		field.Time("until").Comment("When the lease ends by itself."),
		field.Time("last_run_at").Optional().Nillable().Comment("When the job last succeeded."),
	}
}

// Policy of Lease.
func (Lease) Policy() ent.Policy { return rowpolicy.SystemOnly() }
