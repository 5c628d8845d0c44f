package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/ent/rowpolicy"
	"portico/internal/domain"
)

// Membership is the place of a user in an account.
type Membership struct{ ent.Schema }

// Mixin of Membership.
func (Membership) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}} }

// Fields of Membership.
func (Membership) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Enum("role").GoType(domain.MembershipRole("")).Default(string(domain.Member)),
		field.Time("created_at").Immutable().Default(now),
	}
}

// Edges of Membership.
func (Membership) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("account", Account.Type).Field("account_id").Unique().Required().Immutable(),
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of Membership.
func (Membership) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "account_id").Unique(),
		index.Fields("account_id", "created_at", "id"),
	}
}

// Annotations of Membership.
func (Membership) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "Membership", Prefix: "mem", List: "members", Of: []string{"Account"},
			Orders:  []Order{byCreation()},
			Columns: map[string][]string{"user": {"user_id"}, "viewerCan": {"organization_id", "account_id", "user_id"}},
			Refers:  map[string]string{"user_id": "User"},
		},
		checks(map[string]string{"memberships_role": oneOf("role", domain.MembershipRole("").Values())}),
		Retention{What: "memberships", With: []string{"accounts"}},
	}
}

// Policy of Membership.
func (Membership) Policy() ent.Policy { return rowpolicy.Membership() }
