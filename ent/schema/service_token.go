package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/rowpolicy"
)

// ServiceToken is the token with which a machine authenticates.
type ServiceToken struct{ ent.Schema }

// Mixin of ServiceToken.
func (ServiceToken) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}} }

// Fields of ServiceToken.
func (ServiceToken) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.JSON("scopes", []string{}).Comment("What the token may do; `gateway` verifies keys."),
		field.Bytes("token_hash").Unique().Sensitive(),
		field.String("hint").Comment("The last four characters."),
		field.JSON("product_ids", []uuid.UUID{}).Optional().Comment("The products it may ask about; NULL: all."),
		field.Enum("environment").GoType(access.Environment("")).Optional().Nillable().Comment("The environment of the credentials it may ask about; NULL: any."),
		field.Time("revoked_at").Optional().Nillable(),
		field.Time("last_used_at").Optional().Nillable(),
	}
}

// Edges of ServiceToken.
func (ServiceToken) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of ServiceToken.
func (ServiceToken) Indexes() []ent.Index {
	return []ent.Index{index.Fields("organization_id", "name").Unique()}
}

// Annotations of ServiceToken.
func (ServiceToken) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{Type: "ServiceToken", Prefix: "tok", Hidden: true},
		checks(map[string]string{"service_tokens_environment": "environment IS NULL OR " + oneOf("environment", access.Environment("").Values())}),
		Retention{What: "service tokens, revoked ones too", Forever: true},
	}
}

// Policy of ServiceToken.
func (ServiceToken) Policy() ent.Policy { return rowpolicy.StaffOnly() }
