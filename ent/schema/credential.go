package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/rowpolicy"
	"portico/internal/domain"
)

// Credential is the stored object behind an API key, of an app or of a whole account.
type Credential struct{ ent.Schema }

// Mixin of Credential.
func (Credential) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}} }

// Fields of Credential.
func (Credential) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.UUID("app_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("NULL: of the whole account."),
		field.String("name").Default(""),
		field.String("name_folded").Optional().Nillable().Comment("The name in the form in which it is searched; NULL: not folded yet, because the previous release wrote the name."),
		field.Enum("environment").GoType(access.Environment("")).Default(string(access.Development)),
		field.Enum("status").GoType(access.CredentialStatus("")).Default(string(access.CredentialActive)),
		field.Enum("auth_type").GoType(access.AuthType("")).Default(string(access.APIKey)).Comment("Not used: the product determines how API keys may be presented. It remains for the previous release."),
		field.UUID("username", uuid.UUID{}).Unique().Immutable().Comment("The public half of the API key, by which gateways look it up."),
		field.Bool("disabled_by_owner").Default(false).Comment("Whether whoever acts for its account has disabled it, and may enable it. False: staff did, also for those that were disabled before this was stored."),
		field.JSON("labels", []domain.Label{}).Optional().Comment("NULL: none, as of credentials that were created before this was stored."),
		field.Bytes("secret_hash").Optional().Nillable().Sensitive().Comment("HMAC-SHA-256 of the password; also of a revoked one, so that whoever holds the key can be told."),
		field.String("pepper_id").Default("").Sensitive().Comment("The id of the pepper of the key ring with which the hash was computed."),
		field.String("secret_hint").Default("").Comment("The last four characters of the password."),
		field.String("raw_key_hint").Default("").Comment("The beginning and the end of the raw key; empty for credentials that were created before this was stored."),
		field.Enum("access").GoType(access.ProductAccess("")).Default(string(access.AllProducts)),
		field.JSON("allowed_addresses", []string{}).Optional().Comment("Networks (CIDR) from which it may be used; NULL or empty: all."),
		field.JSON("rate_limit", &access.RateLimit{}).Optional().Comment("A limit in addition to those of its subscriptions; NULL: none."),
		field.Bool("imported").Default(false).Immutable().Comment("Its secret was made elsewhere, and brought in by an import."),
		field.Time("expires_at").Optional().Nillable().Comment("NULL: never."),
		field.Time("expiry_recorded_at").Optional().Nillable().Comment("When the event of the expiry was written."),
		field.Int("expiry_notice").Optional().Nillable().Comment("How many days before the expiry the last notice was due: 30, 14, 7 or 1. NULL: none was yet."),
		field.Time("last_used_at").Optional().Nillable(),
		field.Time("revoked_at").Optional().Nillable(),
		field.UUID("revoked_by", uuid.UUID{}).Optional().Nillable(),
		field.Enum("revoked_reason").GoType(domain.RevocationReason("")).Optional().Nillable(),
		field.String("revoked_note").Default(""),
		field.Time("deleted_at").Optional().Nillable().Comment("Its app was deleted."),
		field.UUID("predecessor_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The credential whose place it takes by a rotation."),
		field.UUID("successor_id", uuid.UUID{}).Optional().Nillable().Comment("The credential that its last rotation made, a revoked one too."),
		field.Time("rotated_at").Optional().Nillable().Comment("When it was last rotated. Since then expires_at is the end of the overlap."),
		field.Time("expires_unrotated_at").Optional().Nillable().Comment("When it would expire if it had not been rotated; NULL: never."),
		field.Time("still_used_from").Optional().Nillable().Comment("A use after this is told, because the overlap ends soon; NULL: none is, or one was."),
	}
}

// Edges of Credential.
func (Credential) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("app", App.Type).Field("app_id").Unique().Immutable(),
		edge.To("account", Account.Type).Field("account_id").Unique().Required().Immutable(),
		edge.To("successors", Credential.Type).From("predecessor").Field("predecessor_id").Unique().Immutable(),
		edge.To("predecessors", Credential.Type).From("successor").Field("successor_id").Unique(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of Credential.
func (Credential) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "environment", "app_id").Annotations(entsql.IndexWhere("status <> 'REVOKED' AND deleted_at IS NULL")), // for apps by the environments of their keys
		index.Fields("organization_id", "created_at", "id").StorageKey("credential_imported").Annotations(where("imported")),
		index.Fields("app_id", "created_at", "id"),
		index.Fields("account_id", "created_at", "id"),
		index.Fields("organization_id", "created_at", "id"), // beside those of the orders with NULLs; see Order
		index.Fields("organization_id", "id"),               // key caches and the feed read all credentials in pages
		index.Fields("expires_at").Annotations(entsql.IndexWhere("expires_at IS NOT NULL AND expiry_recorded_at IS NULL AND status <> 'REVOKED'")),
		// A credential has one successor that is not revoked.
		index.Fields("predecessor_id").Unique().Annotations(where("predecessor_id IS NOT NULL AND status <> 'REVOKED'")),
		index.Fields("predecessor_id").StorageKey("credential_predecessors").Annotations(where("predecessor_id IS NOT NULL")), // for deletions
		index.Fields("successor_id").Annotations(where("successor_id IS NOT NULL")),                                           // for deletions
		index.Fields("name").StorageKey("credential_unfolded").Annotations(where("name_folded IS NULL")),
		index.Fields("expires_at").StorageKey("credential_overlaps").Annotations(where("still_used_from IS NOT NULL")),
	}
}

// Annotations of Credential.
func (Credential) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "Credential", Prefix: "cred", List: "credentials", Of: []string{"Account", "App"},
			Orders: []Order{byCreation(), {Name: "LAST_USED_AT", Column: "last_used_at", Nulls: NullsEarliest}, {Name: "EXPIRES_AT", Column: "expires_at", Nulls: NullsLatest}},
			Columns: map[string][]string{
				"enabled": {"status", "expires_at"}, "status": {"status", "expires_at"}, "accountCredential": {"app_id"},
				"app": {"app_id"}, "account": {"account_id"}, "disabledBy": {"status", "expires_at", "disabled_by_owner"},
				"viewerCan":     {"organization_id", "account_id", "environment", "status", "expires_at", "disabled_by_owner", "successor_id"},
				"rotationDueAt": {"environment", "status", "expires_at", "created_at", "rotated_at"}, "outOfPolicy": {"environment", "status", "expires_at", "created_at", "rotated_at"},
				"predecessor": {"predecessor_id"}, "successor": {"successor_id"}, "rotation": {"successor_id"},
				"accessControlList": nil, "timeline": nil, "callsLast24h": nil, "enforcement": nil,
			},
			Refers: map[string]string{"account_id": "Account", "app_id": "App", "predecessor_id": "Credential", "successor_id": "Credential"},
		},
		checks(map[string]string{
			// Nothing writes UNCOLLECTED; such credentials are always refused.
			"credentials_status":      oneOf("status", []string{"ACTIVE", "UNCOLLECTED", "DISABLED", "REVOKED"}),
			"credentials_environment": oneOf("environment", access.Environment("").Values()),
			"credentials_auth_type":   oneOf("auth_type", access.AuthType("").Values()),
			"credentials_access":      oneOf("access", access.ProductAccess("").Values()),
			"credentials_reason":      "revoked_reason IS NULL OR " + oneOf("revoked_reason", domain.RevocationReason("").Values()),
			"credentials_revoked":     "((status = 'REVOKED') = (revoked_at IS NOT NULL) AND (status = 'REVOKED') = (revoked_reason IS NOT NULL))",
			// The previous release, which does not clear it, may revoke such a credential.
			"credentials_disabled_by": "NOT (disabled_by_owner AND status = 'ACTIVE')",
			"credentials_rotated":     "((rotated_at IS NOT NULL AND expires_at IS NOT NULL) OR (successor_id IS NULL AND expires_unrotated_at IS NULL AND still_used_from IS NULL))",
			"credentials_secret":      "status = 'REVOKED' OR (status = 'UNCOLLECTED') = (secret_hash IS NULL)",
		}),
		Retention{What: "credentials, revoked ones too", With: []string{"apps", "accounts"}},
	}
}

// Policy of Credential.
func (Credential) Policy() ent.Policy { return rowpolicy.DeletableAccountOwned() }
