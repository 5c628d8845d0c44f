package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// IdempotencyKey records what was created by a request with a key that the client chose,
// so that the same request, sent again, creates nothing.
type IdempotencyKey struct{ ent.Schema }

// Mixin of IdempotencyKey.
func (IdempotencyKey) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}, Identity{}, Tenant{}} }

// Fields of IdempotencyKey.
func (IdempotencyKey) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.String("mutation").Immutable(),
		field.String("key").MaxLen(255).Immutable(),
		field.Bytes("input_hash").Immutable().Comment("SHA-256 of the input, which contains no secret."),
		field.UUID("object_id", uuid.UUID{}).Immutable().Comment("The object that the first request created."),
		field.UUID("second_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("A second object that it created: the first credential of an app."),
		field.Time("created_at").Immutable().Default(now),
	}
}

// Indexes of IdempotencyKey.
func (IdempotencyKey) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "mutation", "key").Unique(),
		index.Fields("created_at"),
	}
}

// Annotations of IdempotencyKey.
func (IdempotencyKey) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "idempotency keys", For: day, Since: "created_at", Job: purgeJob},
	}
}
