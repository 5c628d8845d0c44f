package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/ent/rowpolicy"
	"portico/internal/address"
	"portico/internal/domain"
)

// SignUp is what somebody has entered who wants to become a user. There is no user until
// the address is verified, and where the organization wants it, until an administrator
// has approved. The token of the link is derived from the id: nothing here yields it.
type SignUp struct{ ent.Schema }

// Mixin of SignUp.
func (SignUp) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}} }

// Fields of SignUp.
func (SignUp) Fields() []ent.Field {
	return []ent.Field{
		field.String("email").Immutable(),
		field.String("email_folded").GoType(address.Email{}).ValueScanner(folded()).Immutable().Comment("The address in the form in which it is compared."),
		field.String("name").Immutable(),
		field.String("account_name").Immutable(),
		field.Enum("language").GoType(domain.Language("")).Optional().Nillable().Immutable().Comment("Of letters to the person; NULL: the organization's."),
		field.String("terms_version").Optional().Nillable().Immutable().Comment("Of the terms that were accepted with it; NULL: there were none."),
		field.JSON("answers", domain.Answers{}).Immutable().Comment("With the questions as they were; checked by their type."),
		field.Enum("state").GoType(domain.SignUpState("")).Default(string(domain.SignUpUnverified)),
		field.String("password_hash").Sensitive().Default("").Comment("argon2id; chosen with the link, and kept while the sign-up waits for a decision."),
		field.Time("created_at").Immutable().Default(now),
		field.Time("expires_at").Immutable().Comment("When the link stops working."),
		field.Time("verified_at").Optional().Nillable(),
		field.Time("decided_at").Optional().Nillable().Comment("When an administrator, or a service token, has decided."),
		field.UUID("decided_by", uuid.UUID{}).Optional().Nillable().Comment("The user who decided; NULL: nobody, or a service token."),
		field.String("reason").Default("").Comment("Of the decision."),
		field.UUID("person_id", uuid.UUID{}).Optional().Nillable().Comment("The user that it has become."),
		field.Time("ended_at").Optional().Nillable().Comment("When it ends or has ended; NULL: it waits, or is that of a user."),
	}
}

// Edges of SignUp.
func (SignUp) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("person", User.Type).Field("person_id").Unique(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of SignUp.
func (SignUp) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "email_folded").Unique().StorageKey("sign_up_one_waiting").Annotations(where("state = 'WAITING'")),
		index.Fields("organization_id", "email_folded", "state").StorageKey("sign_up_address"),
		index.Fields("organization_id", "created_at", "id"),
		index.Fields("organization_id", "state", "expires_at"),
		index.Fields("person_id").Unique(),
		index.Fields("ended_at"),
	}
}

// Annotations of SignUp.
func (SignUp) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "SignUp", Prefix: "sup", List: "signUps",
			Orders: []Order{byCreation()},
			Columns: map[string][]string{
				"status":    {"state", "expires_at"},
				"user":      {"person_id"},
				"viewerCan": {"organization_id", "state", "expires_at"},
			},
			Refers: map[string]string{"decided_by": "User", "person_id": "User"},
		},
		checks(map[string]string{
			"sign_ups_state":    oneOf("state", domain.SignUpState("").Values()),
			"sign_ups_language": oneOf("language", domain.Language("").Values()),
			"sign_ups_expires":  "expires_at > created_at",
			"sign_ups_password": "((state = 'WAITING') = (password_hash <> ''))",
			"sign_ups_user":     "((state = 'ACCEPTED') = (person_id IS NOT NULL))",
			"sign_ups_verified": "state NOT IN ('WAITING', 'ACCEPTED', 'REJECTED') OR verified_at IS NOT NULL",
			"sign_ups_ended":    "((state IN ('WAITING', 'ACCEPTED')) = (ended_at IS NULL))",
		}),
		Retention{What: "sign-ups that have led to nothing; those of a user go with the user, and those that wait for a decision stay", For: week, Since: "ended_at", Job: purgeJob},
	}
}

// Policy of SignUp.
func (SignUp) Policy() ent.Policy { return rowpolicy.SignUp() }
