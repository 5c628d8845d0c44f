package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// GateNode is a running server that answers gateways.
type GateNode struct{ ent.Schema }

// Mixin of GateNode.
func (GateNode) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}} }

// Fields of GateNode.
func (GateNode) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("New at each start."),
		field.String("name").Immutable().Comment("The host and the process, for people."),
		field.Time("started_at").Immutable(),
		field.Time("seen_at").Comment("When the node last updated this row."),
		field.Time("flushed_at").Comment("The time up to which its counts are part of reports."),
	}
}

// Indexes of GateNode.
func (GateNode) Indexes() []ent.Index { return []ent.Index{index.Fields("seen_at")} }

// Annotations of GateNode.
func (GateNode) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "servers that have ended; others that run remove them after an hour", For: day, Since: "seen_at", Job: usagePurgeJob},
	}
}

// GateCursor is the position up to which a node has applied an organization's log.
type GateCursor struct{ ent.Schema }

// Mixin of GateCursor.
func (GateCursor) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}} }

// Fields of GateCursor.
func (GateCursor) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("Derived from the node and the organization."),
		field.UUID("node_id", uuid.UUID{}).Immutable(),
		field.UUID("organization_id", uuid.UUID{}).Immutable(),
		field.Int64("position"),
		field.Time("applied_at"),
	}
}

// Indexes of GateCursor.
func (GateCursor) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("node_id", "organization_id").Unique(),
		index.Fields("organization_id"),
	}
}

// Annotations of GateCursor.
func (GateCursor) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "how far servers have read the event logs", With: []string{"gate_nodes"}},
	}
}
