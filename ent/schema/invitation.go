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

// Invitation invites whoever has an e-mail address to join an account. The token of
// its link is derived from the id: nothing here yields it.
type Invitation struct{ ent.Schema }

// Mixin of Invitation.
func (Invitation) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}} }

// Fields of Invitation.
func (Invitation) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.String("email").Immutable(),
		field.String("email_folded").GoType(address.Email{}).ValueScanner(folded()).Immutable().Comment("The address in the form in which it is compared."),
		field.Enum("role").GoType(domain.MembershipRole("")).Immutable().Comment("What the person becomes in the account."),
		field.UUID("invited_by", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The user who invited; NULL: a service token, or Portico itself."),
		field.UUID("invited_by_token", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The service token that invited; NULL: none did."),
		field.Time("created_at").Immutable().Default(now),
		field.Time("expires_at").Immutable(),
		field.Time("accepted_at").Optional().Nillable(),
		field.Time("revoked_at").Optional().Nillable().Comment("When it was taken back, or replaced by a newer one."),
	}
}

// Edges of Invitation.
func (Invitation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("account", Account.Type).Field("account_id").Unique().Required().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of Invitation.
func (Invitation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("account_id", "email_folded").Unique().StorageKey("invitation_one_open").
			Annotations(where("accepted_at IS NULL AND revoked_at IS NULL")),
		index.Fields("account_id", "created_at", "id"),
		index.Fields("organization_id"),
		index.Fields("expires_at"),
	}
}

// Annotations of Invitation.
func (Invitation) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "Invitation", Prefix: "inv", List: "invitations", Of: []string{"Account"},
			Orders: []Order{byCreation()},
			Columns: map[string][]string{
				"status":    {"accepted_at", "revoked_at", "expires_at"},
				"viewerCan": {"organization_id", "account_id", "accepted_at", "revoked_at", "expires_at"},
			},
			Refers: map[string]string{"invited_by": "User"},
		},
		checks(map[string]string{
			"invitations_role":    oneOf("role", domain.MembershipRole("").Values()),
			"invitations_ended":   "accepted_at IS NULL OR revoked_at IS NULL",
			"invitations_expires": "expires_at > created_at",
		}),
		Retention{What: "invitations, and the addresses that were invited; those of a deleted account go with it", For: month, Since: "expires_at", Job: purgeJob},
	}
}

// Policy of Invitation.
func (Invitation) Policy() ent.Policy { return rowpolicy.Invitation() }
