package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// GateCaller is what a node has seen of a gateway within the last hour.
type GateCaller struct{ ent.Schema }

// Mixin of GateCaller.
func (GateCaller) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}} }

// Fields of GateCaller.
func (GateCaller) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("Derived from the node and the token."),
		field.UUID("node_id", uuid.UUID{}).Immutable(),
		field.UUID("organization_id", uuid.UUID{}).Immutable(),
		field.UUID("token_id", uuid.UUID{}).Immutable().Comment("The service token by which the gateway is known."),
		field.JSON("seen", json.RawMessage{}).Comment("The format is that of package gateway/presence."),
		field.Time("stored_at").Comment("When the node last updated this row."),
	}
}

// Indexes of GateCaller. There is none by stored_at, which changes with each update, so
// that Postgres need not touch the indexes; the table is small.
func (GateCaller) Indexes() []ent.Index {
	return []ent.Index{index.Fields("organization_id", "token_id")}
}

// Annotations of GateCaller.
func (GateCaller) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "what servers have seen of gateways; servers that run remove it after an hour", For: day, Since: "stored_at", Job: usagePurgeJob},
	}
}
