package source

import (
	"context"
	"database/sql"
	"reflect"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/internal/domain"
)

// revisions adds to the plans the older terms by which live subscriptions go, or are to go.
// Those of the plan's own number are among them if the release before has changed the plan,
// which makes no revision.
func (s *Reader) revisions(ctx context.Context, organization uuid.UUID, products []keycache.Product) error {
	plans := map[uuid.UUID]*keycache.Plan{}
	for i := range products {
		for j := range products[i].Plans {
			p := &products[i].Plans[j]
			plans[p.ID] = p
		}
	}
	return s.each(ctx, `SELECT r.plan_id, r.number, r.rate_limit, r.quota, r.quota_per, r.endpoint_limits, r.overage, r.calls_within_cap FROM plan_revisions r
		WHERE r.organization_id = $1 AND (
			EXISTS (SELECT 1 FROM subscriptions s WHERE s.plan_revision_id = r.id AND s.status IN `+domain.LiveStatuses+`)
			OR EXISTS (SELECT 1 FROM subscriptions s WHERE s.pending_plan_revision_id = r.id))
		ORDER BY r.plan_id, r.number`,
		[]any{organization}, func(rows *sql.Rows) error {
			var plan uuid.UUID
			var rate, quota, endpoints []byte
			var r keycache.PlanRevision
			if err := rows.Scan(&plan, &r.Revision, &rate, &quota, &r.QuotaPer, &endpoints, &r.Overage, &r.CallsWithinCap); err != nil {
				return err
			}
			if err := decode(rate, &r.RateLimit); err != nil {
				return err
			}
			if err := decode(quota, &r.Quota); err != nil {
				return err
			}
			if err := decode(endpoints, &r.EndpointLimits); err != nil {
				return err
			}
			if p := plans[plan]; p != nil && (r.Revision != p.Revision || !reflect.DeepEqual(p.Newest(), r)) {
				p.Revisions = append(p.Revisions, r)
			}
			return nil
		})
}
