package catalog

import (
	"entgo.io/ent/dialect/sql"

	"portico/ent/db/planrevision"
	"portico/ent/db/subscription"
	"portico/internal/domain"
)

// Live matches rows by the column of a subscription's status: those of live ones. The states
// are written out, so that a partial index serves it.
func Live(status string) *sql.Predicate {
	return sql.P(func(b *sql.Builder) { b.Ident(status).WriteString(" IN " + domain.LiveStatuses) })
}

// GoneBy matches the revisions by which a live subscription goes, with their plan.
func GoneBy(s *sql.Selector) *sql.Predicate {
	t := sql.Dialect(s.Dialect()).Table(subscription.Table)
	return sql.Exists(sql.Dialect(s.Dialect()).Select(t.C(subscription.FieldID)).From(t).Where(sql.And(
		sql.ColumnsEQ(t.C(subscription.FieldPlanID), s.C(planrevision.FieldPlanID)),
		sql.ColumnsEQ(t.C(subscription.FieldPlanRevisionID), s.C(planrevision.FieldID)),
		Live(t.C(subscription.FieldStatus)),
	)))
}

// pending matches the revisions by which a subscription is to go.
func pending(s *sql.Selector) *sql.Predicate {
	t := sql.Dialect(s.Dialect()).Table(subscription.Table)
	return sql.Exists(sql.Dialect(s.Dialect()).Select(t.C(subscription.FieldID)).From(t).
		Where(sql.ColumnsEQ(t.C(subscription.FieldPendingPlanRevisionID), s.C(planrevision.FieldID))))
}
