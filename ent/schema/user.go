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
		field.Int("token_version").Default(1).Comment("Access tokens of another version are invalid."),
		field.Bool("made_in_development").Default(false).Comment("Demo data with a well-known password: refused outside of development."),
		field.Time("last_sign_in_at").Optional().Nillable(),
		field.Time("sign_in_unlocked_at").Optional().Nillable().Comment("Failed sign-ins before this time do not count."),
		field.Time("password_changed_at").Optional().Nillable(),
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
		index.Fields("organization_id", "email_folded").Unique(),
		index.Fields("organization_id", "created_at", "id"),
		index.Fields("email_folded"),
	}
}

// Annotations of User.
func (User) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{Type: "User", Prefix: "user", List: "users", Orders: []Order{byCreation()}},
		checks(map[string]string{
			"users_role":   oneOf("role", domain.UserRole("").Values()),
			"users_status": oneOf("status", domain.UserStatus("").Values()),
		}),
		Retention{What: "users, disabled ones too", Forever: true},
	}
}

// Policy of User.
func (User) Policy() ent.Policy { return rowpolicy.User() }
