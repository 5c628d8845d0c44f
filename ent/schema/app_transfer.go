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

// AppTransfer is the offer of an app to another account, and what has become of it. What
// the receiving account is shown of the app is that of the time of the offer.
type AppTransfer struct{ ent.Schema }

// Mixin of AppTransfer.
func (AppTransfer) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}} }

// Fields of AppTransfer.
func (AppTransfer) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("app_id", uuid.UUID{}).Immutable(),
		field.UUID("from_account_id", uuid.UUID{}).Immutable(),
		field.UUID("to_account_id", uuid.UUID{}).Immutable(),
		field.String("app_name").Immutable(),
		field.String("from_account_name").Immutable(),
		field.String("to_account_name").Immutable(),
		field.JSON("product_titles", []string{}).Immutable().Comment("The products that it had live subscriptions for."),
		field.Int("key_count").Immutable().Comment("How many keys it had that were not revoked."),
		field.Enum("status").GoType(domain.AppTransferStatus("")).Default(string(domain.TransferPending)),
		field.String("reason").Default("").Immutable().Comment("What the offering side wrote to the other."),
		field.String("answer").Default("").Comment("The reason that was given for its end."),
		field.UUID("offered_by", uuid.UUID{}).Optional().Nillable().Immutable().Comment("NULL: a service token."),
		field.UUID("decided_by", uuid.UUID{}).Optional().Nillable().Comment("NULL: a service token, or Portico itself."),
		field.Time("decided_at").Optional().Nillable().Comment("When it ended."),
		field.Time("expires_at").Immutable(),
	}
}

// Edges of AppTransfer.
func (AppTransfer) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("app", App.Type).Field("app_id").Unique().Required().Immutable(),
		edge.To("from_account", Account.Type).Field("from_account_id").Unique().Required().Immutable(),
		edge.To("to_account", Account.Type).Field("to_account_id").Unique().Required().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of AppTransfer.
func (AppTransfer) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("app_id").Unique().StorageKey("app_transfer_one_open").Annotations(where("status = 'PENDING'")),
		index.Fields("app_id", "from_account_id"), // whose the app was, for counts of calls that come late
		index.Fields("from_account_id", "created_at", "id"),
		index.Fields("to_account_id", "created_at", "id"),
		index.Fields("organization_id", "created_at", "id"),
		index.Fields("expires_at").StorageKey("app_transfer_due").Annotations(where("status = 'PENDING'")),
		index.Fields("expires_at"),
	}
}

// Annotations of AppTransfer.
func (AppTransfer) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "AppTransfer", Prefix: "xfer", List: "appTransfers",
			Orders: []Order{byCreation()},
			Columns: map[string][]string{
				"app": {"app_id"}, "status": {"status", "expires_at"}, "callsLast24h": {"app_id", "status", "expires_at"},
				"fromAccount": {"from_account_id"}, "toAccount": {"to_account_id"},
				"offeredBy": {"offered_by", "from_account_id"}, "decidedBy": {"decided_by", "status", "from_account_id", "to_account_id"},
				"viewerCan": {"organization_id", "from_account_id", "to_account_id", "status", "expires_at"},
			},
			Refers: map[string]string{"app_id": "App", "from_account_id": "Account", "to_account_id": "Account", "offered_by": "User", "decided_by": "User"},
		},
		checks(map[string]string{
			"app_transfers_status":   oneOf("status", domain.AppTransferStatus("").Values()),
			"app_transfers_accounts": "from_account_id <> to_account_id",
			"app_transfers_decided":  "((status = 'PENDING') = (decided_at IS NULL) AND (status <> 'PENDING' OR (decided_by IS NULL AND answer = '')))",
			"app_transfers_expires":  "expires_at > created_at",
			"app_transfers_keys":     "key_count >= 0",
		}),
		Retention{What: "offers of apps to other accounts", For: 12 * month, Since: "expires_at", Except: "status = 'PENDING'", Job: purgeJob},
	}
}

// Policy of AppTransfer.
func (AppTransfer) Policy() ent.Policy { return rowpolicy.AppTransfer() }
