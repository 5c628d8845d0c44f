package domain

// The terms of a subscription are those of its revision, or of its plan as it is if it has no
// revision of this plan: the release before sets the plan alone. Whatever asks the database by
// itself reads them by these texts, everything else by catalog.TermsBy.
const (
	// TermsJoin joins to subscriptions s their plans p and their revisions r, whose columns are
	// NULL where it is the plan as it is.
	TermsJoin = ` JOIN plans p ON p.id = s.plan_id LEFT JOIN plan_revisions r ON r.id = s.plan_revision_id AND r.plan_id = s.plan_id`
	// LiveStatuses are those of SubscriptionStatus.Live, as a list: a partial index is only used
	// where its condition is written out.
	LiveStatuses = `('WAITING', 'APPROVED', 'SUSPENDED')`
)

// TermsColumn selects a term of the rows that TermsJoin joins. NULL is a term, too: it must not
// be looked for in the plan.
func TermsColumn(name string) string {
	return `CASE WHEN r.id IS NULL THEN p.` + name + ` ELSE r.` + name + ` END`
}
