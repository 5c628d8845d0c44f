package usage

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/clients/go/gate/zone"
	"portico/internal/database"
	"portico/internal/domain"
)

// addTaken counts the calls that a gateway let pass by itself in the quotas of
// their subscriptions, and so of their accounts, so that everybody else sees
// them.
func (s *Store) addTaken(ctx context.Context, tx *database.Tx, organization uuid.UUID, calls []counted) error {
	passed := map[[2]uuid.UUID][]counted{} // by app and product
	var apps []uuid.UUID
	for _, c := range calls {
		if c.Code == verdict.Valid.String() && c.App != uuid.Nil && c.Product != uuid.Nil {
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
			start, end := q.quota.Period(c.at, q.zone)
			used = append(used, limits.Used{
				Organization: organization, Subscription: limits.ByApp(q.app, q.product), Account: limits.ByAccount(c.Account, q.product, q.quota.Per),
				PeriodStart: start, PeriodEnd: end, N: c.calls,
			})
		}
	}
	return addQuotas(ctx, s.db, tx, used, make([]int64, len(used)))
}

// quotaOf is the quota that an app's calls of a product are counted against.
type quotaOf struct {
	app, product uuid.UUID
	quota        limits.Quota
	zone         *time.Location
}

// quotasOf finds the approved subscriptions of apps whose plans have a quota.
func (s *Store) quotasOf(ctx context.Context, tx *database.Tx, organization uuid.UUID, apps []uuid.UUID) ([]quotaOf, error) {
	sel := &selection{db: s.db}
	in, of := sel.anyOf("s.app_id", apps), sel.arg(organization)
	rows, err := tx.QueryContext(ctx, `SELECT s.app_id, s.product_id, p.quota, o.time_zone FROM subscriptions s
		JOIN plans p ON p.id = s.plan_id JOIN organizations o ON o.id = s.organization_id
		WHERE `+in+` AND s.organization_id = `+of+` AND s.newest AND s.status = 'APPROVED' AND p.quota IS NOT NULL`, sel.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []quotaOf
	for rows.Next() {
		var q quotaOf
		var text []byte
		var name string
		if err := rows.Scan(&q.app, &q.product, &text, &name); err != nil {
			return nil, err
		}
		var terms *domain.Quota
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
