package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
)

// Lease lets one node at a time run a background job.
type Lease struct{ ent.Schema }

// Mixin of Lease.
func (Lease) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}} }

// Fields of Lease.
func (Lease) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Comment("The job."),
		field.String("holder").Default("").Comment("The node."),
		field.Time("until").Comment("When the lease ends by itself."),
		field.Time("last_run_at").Optional().Nillable().Comment("When the job last succeeded."),
	}
}

// Annotations of Lease.
func (Lease) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "a row for each background job", Forever: true},
	}
}
