package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"

	"portico/ent/rowpolicy"
	"portico/internal/domain"
)

// Organization is a tenant, with the policies that apply to all its accounts.
type Organization struct{ ent.Schema }

// Mixin of Organization.
func (Organization) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Changeable{}} }

// Fields of Organization.
func (Organization) Fields() []ent.Field {
	return []ent.Field{
		field.String("slug").Unique().Immutable().MaxLen(63),
		field.String("name"),
		field.String("website").Default(""),
		field.String("support_email").Default(""),
		field.String("logo_url").Default(""),
		field.String("time_zone").Default("UTC").Comment("IANA name; periods of quotas begin and end by it."),
		field.String("currency").Default("EUR").Comment("ISO 4217."),
		field.Enum("portal_unregister").GoType(domain.PortalUnregister("")).Default(string(domain.WithdrawOnly)),
		field.Enum("production_keys").GoType(domain.ProductionKeys("")).Default(string(domain.AnyMember)),
		field.Enum("leaked_keys").GoType(domain.LeakedKeys("")).Default(string(domain.RevokeLeaked)).Comment("What becomes of API keys that somebody reports as leaked."),
		field.Enum("catalogue_access").GoType(domain.CatalogueAccess("")).Default(string(domain.CatalogueSignedIn)).Comment("Who reads the public products that are on offer."),
		field.Bool("password_sign_in").Default(true),
		field.Bool("act_as").Default(false).Comment("Whether service tokens may act for developers."),
		field.Bool("staff_totp").Default(false).Comment("Whether administrators need a second factor to sign in."),
		field.Enum("sign_up").GoType(domain.SignUpPolicy("")).Default(string(domain.SignUpInvitation)).Comment("Who may become a user."),
		field.JSON("sign_up_form", &domain.Form{}).Optional().Comment("What people are asked who sign up; checked by its type. NULL: nothing."),
		field.String("terms_version").Optional().Nillable().Comment("Of the terms that developers must accept; NULL: there are none."),
		field.String("terms_url").Optional().Nillable().Comment("Where they are read."),
		field.Bool("imported_keys").Default(false).Comment("Whether gateways accept imported keys in a form that is not Portico's own."),
		field.String("key_prefix").Default("ptk").Comment("The first part of new raw keys."),
		field.JSON("longest_key_life", domain.KeyLife{}).Default(domain.KeyLife{}),
		field.JSON("rotate_keys_every", domain.KeyLife{}).Optional().Comment("After how many days keys are due for rotation. NULL: never."),
		field.Int("requests_expire_after_days").Optional().Nillable().Comment("After how many days a request expires that nobody has decided about, 1–365. NULL: never."),
		field.Bool("multi_product_requests").Default(true).Comment("Whether developers may ask for several products with one request for a key."),
		field.Int("collect_keys_within_days").Default(domain.DefaultCollectDays).Comment("Within how many days of the approval a key must be collected, 1–90."),
		field.Int("deleted_retention_days").Default(30).Positive(),
		field.Int("event_retention_days").Default(730).Positive(),
		field.JSON("usage_retention", &domain.UsageRetention{}).Optional().Comment("How long counts of calls are kept; NULL: domain.DefaultUsageRetention."),
	}
}

// Annotations of Organization.
func (Organization) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{Type: "Organization", Prefix: "org", Columns: map[string][]string{"terms": {"terms_version", "terms_url"}}},
		checks(map[string]string{
			"organizations_portal_unregister": oneOf("portal_unregister", domain.PortalUnregister("").Values()),
			"organizations_sign_up":           oneOf("sign_up", domain.SignUpPolicy("").Values()),
			"organizations_terms":             "((terms_version IS NULL) = (terms_url IS NULL))",
			"organizations_production_keys":   oneOf("production_keys", domain.ProductionKeys("").Values()),
			"organizations_leaked_keys":       oneOf("leaked_keys", domain.LeakedKeys("").Values()),
			"organizations_catalogue_access":  oneOf("catalogue_access", domain.CatalogueAccess("").Values()),
			"organizations_requests_expire":   "requests_expire_after_days IS NULL OR (requests_expire_after_days >= 1 AND requests_expire_after_days <= 365)",
			"organizations_collect_keys":      "(collect_keys_within_days >= 1 AND collect_keys_within_days <= 90)",
		}),
		Retention{What: "organizations, with their settings", Forever: true},
	}
}

// Policy of Organization.
func (Organization) Policy() ent.Policy { return rowpolicy.Organization() }
