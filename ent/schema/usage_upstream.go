package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/ent/rule"
)

// UsageUpstream is what gateways reported of the answers behind them, by the
// hour in UTC. The id is made as that of Calls.
type UsageUpstream struct{ ent.Schema }

// Fields of UsageUpstream.
func (UsageUpstream) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable(),
		field.UUID("organization_id", uuid.UUID{}).Immutable(),
		field.Time("at").Immutable(),
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.UUID("app_id", uuid.UUID{}).Immutable(),
		field.UUID("credential_id", uuid.UUID{}).Immutable(),
		field.UUID("product_id", uuid.UUID{}).Immutable(),
		field.Int("status_class").Immutable().Comment("1–5: the first digit of the HTTP status."),
		field.Int64("calls"),
		field.Int64("latency_us").Comment("The sum over all calls, in microseconds."),
	}
}

// Indexes of UsageUpstream.
func (UsageUpstream) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "at"),
		index.Fields("app_id", "at"),
	}
}

// Policy of UsageUpstream.
func (UsageUpstream) Policy() ent.Policy { return rule.SystemOnly() }

// UsageBatch is a batch of counts that has been taken in, so that the same one
// sent again counts nothing.
type UsageBatch struct{ ent.Schema }

// Fields of UsageBatch.
func (UsageBatch) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").MaxLen(300).Immutable().Comment("Who sent it, and the name it was given there."),
		field.Time("received_at").Immutable(),
	}
}

// Indexes of UsageBatch.
func (UsageBatch) Indexes() []ent.Index { return []ent.Index{index.Fields("received_at")} }

// Policy of UsageBatch.
func (UsageBatch) Policy() ent.Policy { return rule.SystemOnly() }

// QuotaCount is how much of a registration's quota is used in a period.
type QuotaCount struct{ ent.Schema }

// Fields of QuotaCount.
func (QuotaCount) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("Made of the registration and the period's start."),
		field.UUID("organization_id", uuid.UUID{}).Immutable(),
		field.UUID("subscription_id", uuid.UUID{}).Immutable(),
		field.Time("period_start").Immutable(),
		field.Time("period_end").Immutable(),
		field.Int64("used"),
	}
}

// Indexes of QuotaCount.
func (QuotaCount) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("subscription_id", "period_start").Unique(),
		index.Fields("organization_id"),
		index.Fields("period_end"),
	}
}

// Policy of QuotaCount.
func (QuotaCount) Policy() ent.Policy { return rule.SystemOnly() }
