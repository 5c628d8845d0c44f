package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// UsageUpstream counts the responses that gateways reported of the servers behind them,
// by hours of UTC. The id is formed as that of Calls.
type UsageUpstream struct{ ent.Schema }

// Mixin of UsageUpstream.
func (UsageUpstream) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}} }

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

// Annotations of UsageUpstream.
func (UsageUpstream) Annotations() []schema.Annotation {
	return []schema.Annotation{
		ofUsage("counts of answers of the servers behind gateways", "hours"),
	}
}

// UsageBatch is a batch of counts that was stored, so that the same batch, sent again,
// counts nothing. It is kept for longer than the age up to which reported calls are
// accepted: a batch that is sent again later counts nothing either.
type UsageBatch struct{ ent.Schema }

// Mixin of UsageBatch.
func (UsageBatch) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}} }

// Fields of UsageBatch.
func (UsageBatch) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").MaxLen(300).Immutable().Comment("The sender, and the batch's id there."),
		field.Time("received_at").Immutable(),
	}
}

// Indexes of UsageBatch.
func (UsageBatch) Indexes() []ent.Index { return []ent.Index{index.Fields("received_at")} }

// Annotations of UsageBatch.
func (UsageBatch) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "ids of batches of reported calls", For: 2 * day, Since: "received_at", Job: usagePurgeJob},
	}
}

// UsageJournal is a page of counts as a busy node first stores them, many in one row, so
// that they are stored within the second. They are added to the tables of counts up to a
// minute later, together with those that followed.
type UsageJournal struct{ ent.Schema }

// Mixin of UsageJournal.
func (UsageJournal) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}} }

// Annotations of UsageJournal.
func (UsageJournal) Annotations() []schema.Annotation {
	return []schema.Annotation{
		entsql.Table("usage_journal"),
		Retention{What: "counts that were just taken in", Until: "they are added to the counts by the minute"},
	}
}

// Fields of UsageJournal.
func (UsageJournal) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable(),
		field.UUID("node_id", uuid.UUID{}).Immutable(),
		field.Int("part").Immutable().Comment("Equal calls are in the same part, so that each part can be added on its own."),
		field.Time("taken_at").Immutable(),
		field.Bytes("body").Immutable().Comment("The format is that of package usage/intake."),
	}
}

// Indexes of UsageJournal.
func (UsageJournal) Indexes() []ent.Index {
	return []ent.Index{index.Fields("part", "taken_at"), index.Fields("node_id")}
}

// QuotaCount is how much of a quota an app has used in a period. subscription_id is the
// counter of the app and the product (limits.ByApp), which remains the same when the app
// registers again. What an account has used is the sum of the rows with its counter, so
// that both are right whichever of them a plan counts by.
type QuotaCount struct{ ent.Schema }

// Mixin of QuotaCount.
func (QuotaCount) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}} }

// Fields of QuotaCount.
func (QuotaCount) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("Derived from the counter and the period's start."),
		field.UUID("organization_id", uuid.UUID{}).Immutable(),
		field.UUID("subscription_id", uuid.UUID{}).Immutable(),
		field.UUID("account_counter", uuid.UUID{}).Optional().Nillable().Comment("limits.ByAccount; NULL: unknown."),
		field.Time("period_start").Immutable(),
		field.Time("period_end").Immutable(),
		field.Int64("used"),
	}
}

// Indexes of QuotaCount.
func (QuotaCount) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("subscription_id", "period_start").Unique(),
		index.Fields("account_counter", "period_start"),
		index.Fields("organization_id"),
		index.Fields("period_end"),
	}
}

// Annotations of QuotaCount.
func (QuotaCount) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Retention{What: "what quotas have counted, after their period", For: 90 * day, Since: "period_end", Job: usagePurgeJob},
	}
}
