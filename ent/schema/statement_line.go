package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/ent/rowpolicy"
	"portico/internal/domain"
)

// StatementLine is a time during which a subscription ran by the terms of one plan, within
// one month, and what it has cost. It begins with the subscription or its plan, ends with it or
// with the month, is settled when all its calls are counted, and is part of a statement from
// then on, when a trigger forbids to change it. Its names and its price are copies.
type StatementLine struct{ ent.Schema }

// Mixin of StatementLine.
func (StatementLine) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}} }

// Fields of StatementLine.
func (StatementLine) Fields() []ent.Field {
	return []ent.Field{
		field.Time("created_at").Immutable(),
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.UUID("statement_id", uuid.UUID{}).Optional().Nillable().Comment("NULL: its month is not closed."),
		field.UUID("subscription_id", uuid.UUID{}).Immutable(),
		field.UUID("app_id", uuid.UUID{}).Immutable(),
		field.String("app_name").Immutable(),
		field.UUID("product_id", uuid.UUID{}).Immutable(),
		field.String("product_name").Immutable(),
		field.UUID("plan_id", uuid.UUID{}).Immutable(),
		field.String("plan_name").Immutable(),
		field.Enum("kind").GoType(domain.PlanKind("")).Immutable(),
		field.JSON("price", &domain.Price{}).Immutable(),
		field.String("currency").Immutable().Comment("That of the price."),
		field.Time("period_start").Immutable(),
		field.Time("period_end").Immutable(),
		field.Time("started_at").Immutable(),
		field.Time("ended_at").Optional().Nillable().Comment("NULL: it runs."),
		field.Int64("calls").Default(0).Comment("Calls that were let through, from started_at to counted_until."),
		field.Int64("calls_before").Default(0).Comment("Those of the same account, app and product on earlier lines of the month, once it is settled."),
		field.Time("counted_until").Comment("A full minute."),
		field.Time("count_due_at").Optional().Nillable().Comment("When further calls are counted; NULL: it is settled."),
		field.JSON("charge", []domain.ChargeLine{}).Optional().Comment("What the amount is made of, once it is settled."),
		field.String("amount").Optional().Nillable().Comment("A decimal number; NULL: it is not settled."),
	}
}

// Edges of StatementLine.
func (StatementLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("statement", Statement.Type).Field("statement_id").Unique().Annotations(entsql.OnDelete(entsql.NoAction)),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of StatementLine.
func (StatementLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("subscription_id").Unique().StorageKey("statement_line_one_runs").Annotations(where("ended_at IS NULL")),
		index.Fields("subscription_id", "ended_at"),
		index.Fields("period_end").StorageKey("statement_line_runs").Annotations(where("ended_at IS NULL")),
		index.Fields("count_due_at").StorageKey("statement_line_due").Annotations(where("count_due_at IS NOT NULL")),
		index.Fields("period_end", "account_id").StorageKey("statement_line_open").Annotations(where("statement_id IS NULL")),
		index.Fields("account_id", "created_at", "id").StorageKey("statement_line_of_account").Annotations(where("statement_id IS NULL")),
		index.Fields("account_id", "app_id", "product_id", "period_start"),
		index.Fields("statement_id", "created_at", "id"),
		index.Fields("organization_id", "created_at", "id"),
		index.Fields("account_id", "created_at", "id"),
	}
}

// Annotations of StatementLine.
func (StatementLine) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "StatementLine", Prefix: "line", List: "statementLines",
			Orders: []Order{byCreation()},
			Columns: map[string][]string{
				"statement": {"statement_id"}, "accountId": {"account_id"}, "subscriptionId": {"subscription_id"}, "appId": {"app_id"},
				"productId": {"product_id"}, "planId": {"plan_id"}, "charges": {"charge", "amount"},
			},
			Refers: map[string]string{"statement_id": "Statement"},
		},
		checks(map[string]string{
			"statement_lines_kind":    oneOf("kind", domain.PlanKind("").Values()),
			"statement_lines_period":  "(started_at >= period_start AND started_at <= period_end AND (ended_at IS NULL OR (ended_at >= started_at AND ended_at <= period_end)))",
			"statement_lines_calls":   "(calls >= 0 AND calls_before >= 0)",
			"statement_lines_settled": "((count_due_at IS NULL) = (amount IS NOT NULL) AND (amount IS NULL OR ended_at IS NOT NULL) AND (statement_id IS NULL OR amount IS NOT NULL))",
			"statement_lines_price":   "length(CAST(price AS text)) <= 20000",
			"statement_lines_charge":  "charge IS NULL OR length(CAST(charge AS text)) <= 50000",
		}),
		Retention{What: "lines of statements, of closed months and of the present one", Forever: true},
	}
}

// Policy of StatementLine.
func (StatementLine) Policy() ent.Policy { return rowpolicy.StatementLine() }
