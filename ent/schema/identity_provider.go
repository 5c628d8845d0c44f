package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/internal/domain"
)

// IdentityProvider is an OpenID provider whose people an organization lets in. The
// command line alone writes it.
type IdentityProvider struct{ ent.Schema }

// Mixin of IdentityProvider.
func (IdentityProvider) Mixin() []ent.Mixin {
	return []ent.Mixin{Machinery{}, Identity{}, Tenant{}, Changeable{}}
}

// Fields of IdentityProvider.
func (IdentityProvider) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Comment("In addresses: small letters, digits and hyphens."),
		field.String("label").Comment("What people read on a sign-in page."),
		field.String("issuer").Comment("Exactly as in the claim iss."),
		field.String("audience").Comment("What access tokens must name in the claim aud; empty: none are accepted."),
		field.String("client_id").Comment("Portico's own id there, for the sign-in of browsers; empty: they do not sign in so."),
		field.Bytes("client_secret").Optional().Sensitive().Comment("Encrypted under a pepper of the key ring; NULL: a public client."),
		field.String("scopes").Default("openid profile email").Comment("What is asked for at the sign-in of browsers, separated by blanks."),
		field.String("algorithms").Comment("The JWS algorithms by which tokens may be signed, separated by blanks."),
		field.String("subject_claim").Default("sub"),
		field.String("email_claim").Default("email"),
		field.String("verified_claim").Default("email_verified").Comment("Is true if the person owns the address."),
		field.String("name_claim").Default("name"),
		field.String("role_claim").Default("").Comment("Empty: none."),
		field.String("admin_value").Default("").Comment("Who has it in role_claim may act as an administrator, or an approver; empty: nobody."),
		field.String("approver_value").Default("").Comment("Who has it in role_claim may act as an approver; empty: nobody."),
		field.String("accounts_claim").Default("").Comment("Has the ids of the accounts that a developer belongs to; empty: none."),
		field.String("required_claim").Default("").Comment("Without required_value in it, a token is refused; empty: nothing is required."),
		field.String("required_value").Default(""),
		field.String("create_users").Default(string(domain.CreateNever)),
		field.Bool("link_by_email").Default(false).Comment("Whether a verified address makes somebody the user who has it."),
		field.Bool("second_factor").Default(false).Comment("Whether a sign-in there counts as one with a second factor."),
	}
}

// Indexes of IdentityProvider.
func (IdentityProvider) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "name").Unique(),
		// An access token is for one organization.
		index.Fields("issuer", "audience").Unique().Annotations(where("audience <> ''")),
	}
}

// Annotations of IdentityProvider.
func (IdentityProvider) Annotations() []schema.Annotation {
	return []schema.Annotation{
		checks(map[string]string{
			"identity_providers_name":   "length(name) BETWEEN 1 AND 63",
			"identity_providers_label":  "length(label) BETWEEN 1 AND 100",
			"identity_providers_issuer": "length(issuer) BETWEEN 1 AND 500",
			// An ID token is no access token; and without both nothing could be done.
			"identity_providers_use":          "audience <> client_id",
			"identity_providers_algorithms":   algorithmsOnly(),
			"identity_providers_admin":        "((role_claim = '') = (admin_value = '' AND approver_value = ''))",
			"identity_providers_required":     "((required_claim = '') = (required_value = ''))",
			"identity_providers_create_users": oneOf("create_users", domain.CreateUsers("").Values()),
		}),
		Retention{What: "identity providers, until they are removed", Forever: true},
	}
}

// algorithmsOnly returns the condition that a list has only algorithms, and one at least:
// nothing is left of it without them.
func algorithmsOnly() string {
	text := "' ' || algorithms || ' '"
	for _, a := range domain.SigningAlgorithms() {
		text = "replace(" + text + ", '" + a + " ', '')"
	}
	return "(replace(" + text + ", ' ', '') = '' AND algorithms <> '')"
}

// ExternalIdentity is who somebody is at an identity provider. It outlives a deleted
// user: the same person is not let in again as somebody new.
type ExternalIdentity struct{ ent.Schema }

// Mixin of ExternalIdentity.
func (ExternalIdentity) Mixin() []ent.Mixin {
	return []ent.Mixin{Machinery{}, Identity{}, Tenant{}}
}

// Fields of ExternalIdentity.
func (ExternalIdentity) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("provider_id", uuid.UUID{}).Immutable(),
		field.String("subject").Immutable().Comment("The provider's id of the person."),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Time("claims_at").Comment("When the token whose claims were applied last was issued: older ones change nothing."),
		field.Time("created_at").Immutable(),
	}
}

// Indexes of ExternalIdentity.
func (ExternalIdentity) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("provider_id", "subject").Unique(),
		index.Fields("user_id"),
	}
}

// Annotations of ExternalIdentity.
func (ExternalIdentity) Annotations() []schema.Annotation {
	return []schema.Annotation{
		checks(map[string]string{"external_identities_subject": "length(subject) BETWEEN 1 AND 255"}),
		Retention{What: "who users are at identity providers, of deleted users too; until the provider is removed or the two are unlinked", Forever: true},
	}
}

// ExternalMembership is a membership that a provider's claims have made. Without the
// membership, somebody has ended it, and the same claims do not make it again.
type ExternalMembership struct{ ent.Schema }

// Mixin of ExternalMembership.
func (ExternalMembership) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}, Identity{}} }

// Fields of ExternalMembership.
func (ExternalMembership) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("identity_id", uuid.UUID{}).Immutable(),
		field.UUID("account_id", uuid.UUID{}).Immutable(),
	}
}

// Indexes of ExternalMembership.
func (ExternalMembership) Indexes() []ent.Index {
	return []ent.Index{index.Fields("identity_id", "account_id").Unique()}
}

// Annotations of ExternalMembership.
func (ExternalMembership) Annotations() []schema.Annotation {
	return []schema.Annotation{Retention{What: "which memberships identity providers have made, as long as the identity", Forever: true}}
}
