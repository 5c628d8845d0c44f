package catalog

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// What the release before writes has no revision: it sets the plan of a subscription alone.

// The parameters are the plan, its product and its organization. Where nothing is found, which
// is what there is but during an update, an index answers each part: plans may have very many
// subscriptions. The release before gives a subscription another plan of the same product, so
// that what has a revision of another one is looked for among those of the product.
const anyUnbound = `SELECT
	EXISTS (SELECT 1 FROM subscriptions WHERE plan_id = $1 AND plan_revision_id IS NULL AND status IN ` + domain.LiveStatuses + `)
	OR EXISTS (SELECT 1 FROM plan_revisions r JOIN subscriptions s ON s.plan_id = $1 AND s.plan_revision_id = r.id AND s.status IN ` + domain.LiveStatuses + `
		WHERE r.product_id = $2 AND r.plan_id <> $1)
	OR EXISTS (SELECT 1 FROM subscriptions s LEFT JOIN plan_revisions r ON r.id = s.pending_plan_revision_id AND r.plan_id = $1
		WHERE s.organization_id = $3 AND s.pending_status IS NOT NULL AND s.pending_plan_id = $1 AND r.id IS NULL)`

// bound is a subscription that has got a revision.
type bound struct {
	id, app, account uuid.UUID
	status           access.SubscriptionStatus
}

// bindUnbound gives a revision, whose terms are those of its locked plan, to what goes by the
// plan without one, or by one of another plan. Nothing changes for anybody, so that the
// versions stay; but gateways go by the plan as it is while a subscription has no revision, and
// must read those anew before the plan has other terms: that is what the events are for.
func bindUnbound(ctx context.Context, tx *change.Tx, x *db.Plan, r *db.PlanRevision) error {
	if found, err := isAnyUnbound(ctx, tx, x); err != nil || !found {
		return err
	}
	all, err := bindSubscriptions(ctx, tx, x, r)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE subscriptions SET pending_plan_revision_id = $1
		WHERE organization_id = $2 AND pending_status IS NOT NULL AND pending_plan_id = $3
			AND (pending_plan_revision_id IS NULL OR pending_plan_revision_id NOT IN (SELECT id FROM plan_revisions WHERE plan_id = $3))`,
		r.ID, x.OrganizationID, x.ID); err != nil {
		return err
	}
	product, err := tx.Product.Get(viewer.AsSystem(ctx, x.OrganizationID), x.ProductID)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.status.Live() {
			tx.Record(s.event(product.Title, r))
		}
	}
	return nil
}

func isAnyUnbound(ctx context.Context, tx *change.Tx, x *db.Plan) (found bool, err error) {
	rows, err := tx.QueryContext(ctx, anyUnbound, x.ID, x.ProductID, x.OrganizationID)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&found); err != nil {
			return false, err
		}
	}
	return found, rows.Err()
}

// bindSubscriptions also binds those that have ended: they show by which terms they went.
func bindSubscriptions(ctx context.Context, tx *change.Tx, x *db.Plan, r *db.PlanRevision) (out []bound, err error) {
	rows, err := tx.QueryContext(ctx, `UPDATE subscriptions SET plan_revision_id = $1
		WHERE organization_id = $2 AND plan_id = $3
			AND (plan_revision_id IS NULL OR plan_revision_id NOT IN (SELECT id FROM plan_revisions WHERE plan_id = $3))
		RETURNING id, app_id, account_id, status`, r.ID, x.OrganizationID, x.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s bound
		if err := rows.Scan(&s.id, &s.app, &s.account, &s.status); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// event tells of the number alone: plans are named by events that give another one.
func (s bound) event(title string, r *db.PlanRevision) eventlog.Entry {
	return eventlog.Entry{
		Type: eventlog.SubscriptionPlanChanged, Subject: nodeid.ProductSubscription, SubjectID: s.id, SubjectName: title, AccountID: &s.account, AppID: &s.app,
		Changes: []domain.Change{{Field: "planRevision", After: domain.Text(r.Number)}},
	}
}
