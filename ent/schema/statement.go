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
)

// Statement is what an account's subscriptions have cost in a month, in one currency, or the
// correction of one. It outlives what it tells of: what it names are copies, and its ids refer
// to nothing. A trigger forbids to change or to delete it.
type Statement struct{ ent.Schema }

// Mixin of Statement.
func (Statement) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}} }

// Fields of Statement.
func (Statement) Fields() []ent.Field {
	return []ent.Field{
		field.Time("created_at").Immutable().Comment("When it was closed."),
		field.Int("number").Immutable().Comment("Counts the statements of the organization, without a gap."),
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.String("account_name").Immutable().Comment("As it was when the statement was closed."),
		field.Time("period_start").Immutable(),
		field.Time("period_end").Immutable(),
		field.String("currency").Immutable(),
		field.String("amount").Immutable().Comment("A decimal number: the sum of the lines."),
		field.Int("line_count").Immutable(),
		field.UUID("corrects_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The statement that it corrects; NULL: it is none of a correction."),
		field.String("reason").Default("").Immutable().Comment("Why it corrects another one."),
	}
}

// Edges of Statement.
func (Statement) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("corrections", Statement.Type).Annotations(entsql.OnDelete(entsql.NoAction)).
			From("corrects").Field("corrects_id").Unique().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of Statement.
func (Statement) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "number").Unique(),
		index.Fields("account_id", "period_start", "currency").Unique().StorageKey("statement_one_a_period").Annotations(where("corrects_id IS NULL")),
		index.Fields("organization_id", "created_at", "id"),
		index.Fields("organization_id", "period_start", "id"),
		index.Fields("account_id", "created_at", "id"),
		index.Fields("account_id", "period_start", "id"),
		index.Fields("corrects_id").Annotations(where("corrects_id IS NOT NULL")),
	}
}

// Annotations of Statement.
func (Statement) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "Statement", Prefix: "stmt", List: "statements", Of: []string{"Account"},
			Orders:  []Order{byCreation(), {Name: "PERIOD_START", Column: "period_start"}},
			Columns: map[string][]string{"accountId": {"account_id"}, "closedAt": {"created_at"}, "corrects": {"corrects_id"}, "total": {"corrects_id"}},
			Refers:  map[string]string{"corrects_id": "Statement"},
		},
		checks(map[string]string{
			"statements_period": "period_end > period_start",
			"statements_number": "number >= 1",
			"statements_amount": "length(amount) BETWEEN 1 AND 60",
			"statements_reason": "((corrects_id IS NULL) = (reason = ''))",
		}),
		Retention{What: "statements of what accounts have used, and their corrections: they are records of the organization's business and stay when an account is deleted", Forever: true},
	}
}

// Policy of Statement.
func (Statement) Policy() ent.Policy { return rowpolicy.Statement() }
