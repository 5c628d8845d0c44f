package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"portico/clients/go/gate/access"
	"portico/ent/rowpolicy"
	"portico/internal/domain"
)

// Account is a customer of the organization: a company, or a single developer.
type Account struct{ ent.Schema }

// Mixin of Account.
func (Account) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}} }

// Fields of Account.
func (Account) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.String("name_folded").Comment("The name in the form in which it is searched and ordered."),
		field.JSON("profile", domain.Profile{}).Default(domain.Profile{}),
		field.Enum("status").GoType(access.AccountStatus("")).Default(string(access.AccountActive)),
		field.Time("deleted_at").Optional().Nillable(),
	}
}

// Edges of Account.
func (Account) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of Account.
func (Account) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "created_at", "id"),
		index.Fields("organization_id", "name_folded", "id"),
		index.Fields("organization_id", "id"), // for pages, as of credentials
	}
}

// Annotations of Account.
func (Account) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "Account", Prefix: "acct", List: "accounts", Of: []string{"User"},
			Orders:  []Order{byCreation(), {Name: "NAME", Column: "name_folded"}},
			Columns: map[string][]string{"viewerCan": {"organization_id", "status"}, "timeline": nil},
		},
		checks(map[string]string{"accounts_status": oneOf("status", access.AccountStatus("").Values())}),
		Retention{What: "deleted accounts", Setting: "deletedRetentionDays", Since: "deleted_at", Job: purgeJob, Emptied: true},
	}
}

// Policy of Account.
func (Account) Policy() ent.Policy { return rowpolicy.Account() }
