package intake

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/zone"
	"portico/internal/database"
	"portico/internal/domain"
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
			used = q.appendUsed(used, organization, &c)
		}
	}
	return addUsed(ctx, s.db, tx, used, make([]int64, len(used)))
}

// subscriptionQuota is the quotas in which an app's calls of a product are counted.
type subscriptionQuota struct {
	app, product uuid.UUID
	quota        limits.Quota
	// endpoints are the quotas of single endpoints, capped says that the plan has a spending
	// cap.
	endpoints map[uuid.UUID]limits.Quota
	capped    bool
	zone      *time.Location
}

// appendUsed appends what calls take from the quotas.
func (q *subscriptionQuota) appendUsed(to []limits.Used, organization uuid.UUID, c *counts.Row) []limits.Used {
	take := func(counter, account uuid.UUID, of limits.Quota) {
		start, end := of.Period(c.At, q.zone)
		to = append(to, limits.Used{Organization: organization, AppCounter: counter, AccountCounter: account, PeriodStart: start, PeriodEnd: end, N: c.Calls})
	}
	ofApp := limits.ByApp(q.app, q.product)
	if !q.quota.None() {
		take(ofApp, limits.ByAccount(c.Account, q.product, q.quota.Per), q.quota)
	}
	if of := q.endpoints[c.Endpoint]; !of.None() && c.Endpoint != uuid.Nil {
		take(limits.ByEndpoint(ofApp, c.Endpoint), uuid.Nil, of)
	}
	if q.capped {
		take(limits.BySpending(ofApp), uuid.Nil, limits.Quota{Per: access.PerMonth})
	}
	return to
}

// quotasOf returns the quotas of the approved subscriptions of apps, each by its revision, if it
// has one of its plan.
func (s *Store) quotasOf(ctx context.Context, tx *database.Tx, organization uuid.UUID, apps []uuid.UUID) ([]subscriptionQuota, error) {
	args := &usagesql.Args{DB: s.db}
	in, of := args.AnyOf("s.app_id", apps), args.Add(organization)
	rows, err := tx.QueryContext(ctx, `SELECT s.app_id, s.product_id, `+domain.TermsColumn("quota")+`, `+domain.TermsColumn("endpoint_limits")+`,
			`+domain.TermsColumn("calls_within_cap")+` IS NOT NULL, o.time_zone
		FROM subscriptions s`+domain.TermsJoin+`
		JOIN organizations o ON o.id = s.organization_id
		WHERE `+in+` AND s.organization_id = `+of+` AND s.newest AND s.status = 'APPROVED'`, args.Values...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []subscriptionQuota
	for rows.Next() {
		q, err := scanQuotas(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, rows.Err()
}

func scanQuotas(rows *sql.Rows) (q subscriptionQuota, err error) {
	var text, endpoints []byte
	var name string
	if err := rows.Scan(&q.app, &q.product, &text, &endpoints, &q.capped, &name); err != nil {
		return q, err
	}
	var terms *access.Quota
	var limited []access.EndpointLimit
	for column, to := range map[*[]byte]any{&text: &terms, &endpoints: &limited} {
		if len(*column) > 0 {
			if err := json.Unmarshal(*column, to); err != nil {
				return q, err
			}
		}
	}
	q.quota, q.endpoints = limits.QuotaOf(terms), map[uuid.UUID]limits.Quota{}
	for _, l := range limited {
		q.endpoints[l.EndpointID] = limits.QuotaOf(l.Quota)
	}
	q.zone, err = zone.Load(name)
	return q, err
}
