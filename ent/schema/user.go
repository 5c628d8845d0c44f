package schema

import (
	"database/sql"
	"database/sql/driver"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"portico/ent/rowpolicy"
	"portico/internal/address"
	"portico/internal/domain"
)

// User is a person of one organization.
type User struct{ ent.Schema }

// Mixin of User.
func (User) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}} }

// Fields of User.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.String("name_folded"),
		field.String("email"),
		field.String("email_folded").GoType(address.Email{}).ValueScanner(folded()).Comment("The address in the form in which it is compared."),
		field.Enum("role").GoType(domain.UserRole("")),
		field.Enum("status").GoType(domain.UserStatus("")).Default(string(domain.UserActive)),
		field.String("password_hash").Sensitive().Comment("argon2id, in its own encoding; empty: no password."),
		field.Int("token_version").Default(1).Comment("Not read any more: sessions end one by one. A later release drops it."),
		field.Bool("made_in_development").Default(false).Comment("Demo data with a well-known password: refused outside of development."),
		field.Enum("language").GoType(domain.Language("")).Optional().Nillable().Comment("Of letters to the user; NULL: the organization's."),
		field.String("time_zone").Optional().Nillable().Comment("IANA name, of times in letters to the user; NULL: the organization's."),
		field.Enum("theme").GoType(domain.Theme("")).Optional().Nillable().Comment("For front ends; NULL: none chosen."),
		field.Bool("key_names_in_mail").Default(true).Comment("Whether letters to the user may name API keys."),
		field.Time("totp_enabled_at").Optional().Nillable().Comment("Since when signing in takes a code of the authenticator app; NULL: it does not."),
		field.Time("last_sign_in_at").Optional().Nillable(),
		field.Time("sign_in_unlocked_at").Optional().Nillable().Comment("Failed sign-ins before this time do not count."),
		field.Time("codes_unlocked_at").Optional().Nillable().Comment("Wrong codes of the second factor before this time do not count."),
		field.Time("password_changed_at").Optional().Nillable(),
		field.String("terms_version").Optional().Nillable().Comment("Of the organization's terms that the person accepted last; NULL: none."),
		field.Time("terms_accepted_at").Optional().Nillable(),
		field.Time("deleted_at").Optional().Nillable().Comment("From then on the row has no name, address and password; others refer to it."),
	}
}

// folded stores an address in the form in which it is compared. An invalid value is read
// as an address that equals no other.
func folded() field.TypeValueScanner[address.Email] {
	return field.ValueScannerFunc[address.Email, *sql.NullString]{
		V: func(e address.Email) (driver.Value, error) { return e.String(), nil },
		S: func(s *sql.NullString) (address.Email, error) { return address.ParseEmail(s.String), nil },
	}
}

// Edges of User.
func (User) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of User.
func (User) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "email_folded").Unique().Annotations(where("deleted_at IS NULL")),
		index.Fields("organization_id", "created_at", "id"),
		index.Fields("email_folded"),
	}
}

// Annotations of User.
func (User) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "User", Prefix: "user", List: "users", Orders: []Order{byCreation()},
			Columns: map[string][]string{"acceptedTerms": {"terms_version", "terms_accepted_at"}},
		},
		checks(map[string]string{
			"users_role":     oneOf("role", domain.UserRole("").Values()),
			"users_status":   oneOf("status", domain.UserStatus("").Values()),
			"users_language": oneOf("language", domain.Language("").Values()),
			"users_theme":    oneOf("theme", domain.Theme("").Values()),
			"users_terms":    "((terms_version IS NULL) = (terms_accepted_at IS NULL))",
		}),
		Retention{What: "users, disabled ones too; of deleted ones that they existed", Forever: true},
	}
}

// Policy of User.
func (User) Policy() ent.Policy { return rowpolicy.User() }
