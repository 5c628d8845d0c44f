package rowpolicy

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"

	"portico/internal/viewer"
)

// PlanRevision is the policy of revisions of plans: viewers who see a plan see its revisions,
// but for those who have not signed in, since they see no subscription, and developers see the
// newest and those by which a subscription of their account goes, went, or is to go: what others
// have agreed to is no business of theirs. Nobody changes one.
func PlanRevision() ent.Policy {
	p := ofProduct()
	ofShown := p.read.account
	p.read.account = func(v viewer.Viewer) []func(*sql.Selector) { return append(ofShown(v), agreedTo(v)) }
	p.read.products = ofNamed("product_id")
	return appendOnly{p}
}

// agreedTo matches the newest revisions of plans, and those to which subscriptions of the
// developer's account refer.
func agreedTo(v viewer.Viewer) func(*sql.Selector) {
	return func(s *sql.Selector) {
		p := sql.Dialect(s.Dialect()).Table("plans")
		newest := sql.Dialect(s.Dialect()).Select(p.C("id")).From(p).
			Where(sql.And(sql.ColumnsEQ(p.C("id"), s.C("plan_id")), sql.ColumnsEQ(p.C("revision"), s.C("number"))))
		by := func(column string) *sql.Predicate {
			t := sql.Dialect(s.Dialect()).Table("subscriptions")
			return sql.In(s.C("id"), sql.Dialect(s.Dialect()).Select(t.C(column)).From(t).Where(sql.And(sql.EQ(t.C("account_id"), v.AccountID), sql.NotNull(t.C(column)))))
		}
		s.Where(sql.Or(sql.Exists(newest), by("plan_revision_id"), by("pending_plan_revision_id")))
	}
}
