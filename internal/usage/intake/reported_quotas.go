package intake

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/zone"
	"portico/internal/database"
	"portico/internal/usage/counts"
	"portico/internal/usage/usagesql"
)

// addToQuotas counts the calls that a gateway let through by itself in the quotas of
// their subscriptions, and thus of their accounts, so that all nodes know of them.
func (s *Store) addToQuotas(ctx context.Context, tx *database.Tx, organization uuid.UUID, calls []counts.Row) error {
	passed := map[[2]uuid.UUID][]counts.Row{} // by app and product
	var apps []uuid.UUID
	for _, c := range calls {
		if c.Passed() && c.App != uuid.Nil && c.Product != uuid.Nil {
			of := [2]uuid.UUID{c.App, c.Product}
			passed[of] = append(passed[of], c)
			apps = append(apps, c.App)
		}
	}
	if len(passed) == 0 {
		return nil
	}
	all, err := s.quotasOf(ctx, tx, organization, apps)
	if err != nil {
		return err
	}
	var used []limits.Used
	for _, q := range all {
		for _, c := range passed[[2]uuid.UUID{q.app, q.product}] {
			start, end := q.quota.Period(c.At, q.zone)
			used = append(used, limits.Used{
				Organization: organization, AppCounter: limits.ByApp(q.app, q.product), AccountCounter: limits.ByAccount(c.Account, q.product, q.quota.Per),
				PeriodStart: start, PeriodEnd: end, N: c.Calls,
			})
		}
	}
	return addUsed(ctx, s.db, tx, used, make([]int64, len(used)))
}

// subscriptionQuota is the quota in which an app's calls of a product are counted.
type subscriptionQuota struct {
	app, product uuid.UUID
	quota        limits.Quota
	zone         *time.Location
}

// quotasOf returns the quotas of the approved subscriptions of apps.
func (s *Store) quotasOf(ctx context.Context, tx *database.Tx, organization uuid.UUID, apps []uuid.UUID) ([]subscriptionQuota, error) {
	const quota = `CASE WHEN r.id IS NULL THEN p.quota ELSE r.quota END` // of its revision, if it has one of its plan
	args := &usagesql.Args{DB: s.db}
	in, of := args.AnyOf("s.app_id", apps), args.Add(organization)
	rows, err := tx.QueryContext(ctx, `SELECT s.app_id, s.product_id, `+quota+`, o.time_zone FROM subscriptions s
		JOIN plans p ON p.id = s.plan_id LEFT JOIN plan_revisions r ON r.id = s.plan_revision_id AND r.plan_id = s.plan_id
		JOIN organizations o ON o.id = s.organization_id
		WHERE `+in+` AND s.organization_id = `+of+` AND s.newest AND s.status = 'APPROVED' AND `+quota+` IS NOT NULL`, args.Values...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []subscriptionQuota
	for rows.Next() {
		var q subscriptionQuota
		var text []byte
		var name string
		if err := rows.Scan(&q.app, &q.product, &text, &name); err != nil {
			return nil, err
		}
		var terms *access.Quota
		if err := json.Unmarshal(text, &terms); err != nil {
			return nil, err
		}
		if q.quota = limits.QuotaOf(terms); q.quota.None() {
			continue
		}
		if q.zone, err = zone.Load(name); err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, rows.Err()
}
