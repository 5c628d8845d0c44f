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
	"portico/internal/domain"
)

// ServiceToken is the token with which a machine authenticates: a gateway, or a program
// that uses the API.
type ServiceToken struct{ ent.Schema }

// Mixin of ServiceToken.
func (ServiceToken) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}} }

// Fields of ServiceToken.
func (ServiceToken) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The account that it acts for; NULL: the organization."),
		field.String("name").Immutable().Comment("Never used again, so that events name one token."),
		field.JSON("scopes", []string{}).Immutable().Comment("What the token may do: names of domain.ServiceTokenScope."),
		field.Bytes("token_hash").Unique().Sensitive(),
		field.String("hint").Comment("The last four characters."),
		field.JSON("product_ids", []uuid.UUID{}).Optional().Comment("The products it may ask about; NULL: all."),
		field.Enum("environment").GoType(access.Environment("")).Optional().Nillable().Comment("The environment of the credentials it may ask about; NULL: any."),
		field.Time("expires_at").Optional().Nillable().Comment("From then on it is refused; NULL: never."),
		field.Int("expiry_notice").Optional().Nillable().Comment("How many days before the expiry the last notice was due: 30, 14, 7 or 1. NULL: none was yet."),
		field.Time("revoked_at").Optional().Nillable(),
		field.Time("last_used_at").Optional().Nillable(),
	}
}

// Edges of ServiceToken.
func (ServiceToken) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("account", Account.Type).Field("account_id").Unique().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of ServiceToken.
func (ServiceToken) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "name").Unique(),
		index.Fields("organization_id", "created_at", "id"),
		index.Fields("account_id"),
		index.Fields("expires_at").Annotations(where("expires_at IS NOT NULL AND revoked_at IS NULL")),
	}
}

// Annotations of ServiceToken.
func (ServiceToken) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "ServiceToken", Prefix: "tok", List: "serviceTokens",
			Orders: []Order{byCreation()},
			Columns: map[string][]string{
				"status": {"revoked_at", "expires_at"}, "account": {"account_id"}, "viewerCan": {"organization_id"},
			},
			Refers: map[string]string{"account_id": "Account"},
		},
		checks(map[string]string{
			"service_tokens_environment": "environment IS NULL OR " + oneOf("environment", access.Environment("").Values()),
			"service_tokens_scopes":      scopesOnly(),
			"service_tokens_account":     "((" + scopesText + " LIKE '%\"portal:%') = (account_id IS NOT NULL))",
		}),
		Retention{What: "service tokens, revoked ones too", Forever: true},
	}
}

// Policy of ServiceToken.
func (ServiceToken) Policy() ent.Policy { return rowpolicy.ServiceToken() }

const scopesText = "CAST(scopes AS TEXT)"

// scopesOnly returns the condition that a list has only scopes, and one at least: nothing
// is left of its text without them.
func scopesOnly() string {
	text := scopesText
	for _, s := range domain.ServiceTokenScopes() {
		text = "replace(" + text + ", '\"" + s.Name() + "\"', '')"
	}
	return "(replace(replace(" + text + ", ',', ''), ' ', '') = '[]' AND replace(" + scopesText + ", ' ', '') <> '[]')"
}
