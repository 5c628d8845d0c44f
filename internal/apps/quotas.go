package apps

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/zone"
	"portico/ent/db"
	"portico/ent/db/plan"
	"portico/ent/db/planrevision"
	"portico/internal/viewer"
)

// QuotaPeriod is a quota of a plan, or of a revision of one, in the current period.
type QuotaPeriod struct {
	Limit      int64
	Start, End time.Time
	per        access.QuotaPeriod
	perAccount bool
}

// Counter returns the counter of a subscription's quota.
func (q *QuotaPeriod) Counter(s *db.Subscription) uuid.UUID {
	if q.perAccount {
		return limits.ByAccount(s.AccountID, s.ProductID, q.per)
	}
	return limits.ByApp(s.AppID, s.ProductID)
}

// QuotaPeriods returns the quotas of plans as they are, using one statement. Plans without
// a quota are absent.
func (svc *Service) QuotaPeriods(ctx context.Context, plans []uuid.UUID) (map[uuid.UUID]*QuotaPeriod, error) {
	rows, err := svc.entities.PlansByID(ctx, plans, []string{plan.FieldQuota, plan.FieldQuotaPer})
	if err != nil {
		return nil, err
	}
	zone, err := zone.Load(viewer.Current(ctx).TimeZone)
	if err != nil {
		return nil, err
	}
	out, now := make(map[uuid.UUID]*QuotaPeriod, len(rows)), svc.clock.Now()
	for id, row := range rows {
		if period := quotaPeriod(row.Quota, row.QuotaPer, now, zone); period != nil {
			out[id] = period
		}
	}
	return out, nil
}

func quotaPeriod(given *access.Quota, per access.QuotaPer, now time.Time, zone *time.Location) *QuotaPeriod {
	q := limits.QuotaOf(given)
	if q.None() {
		return nil
	}
	out := &QuotaPeriod{Limit: q.Limit, per: q.Per, perAccount: per == access.QuotaPerAccount}
	out.Start, out.End = q.Period(now, zone)
	return out
}

// RevisionQuota is the quota of a revision of a plan in the current period; nil for none.
type RevisionQuota struct {
	PlanID uuid.UUID
	Period *QuotaPeriod
}

// RevisionQuotas returns the quotas of revisions, using one statement. Those that the viewer
// may not see are absent.
func (svc *Service) RevisionQuotas(ctx context.Context, revisions []uuid.UUID) (map[uuid.UUID]*RevisionQuota, error) {
	rows, err := svc.entities.PlanRevisionsByID(ctx, revisions, []string{planrevision.FieldPlanID, planrevision.FieldQuota, planrevision.FieldQuotaPer})
	if err != nil {
		return nil, err
	}
	zone, err := zone.Load(viewer.Current(ctx).TimeZone)
	if err != nil {
		return nil, err
	}
	out, now := make(map[uuid.UUID]*RevisionQuota, len(rows)), svc.clock.Now()
	for id, row := range rows {
		out[id] = &RevisionQuota{PlanID: row.PlanID, Period: quotaPeriod(row.Quota, row.QuotaPer, now, zone)}
	}
	return out, nil
}

// QuotaUse is how much of a subscription's quota is used in the current period.
type QuotaUse struct {
	Limit, Used, Remaining int64
	ResetsAt               time.Time
}

// Use finds the period among a subscription's counts. If it is missing, nothing
// has been used.
func (q *QuotaPeriod) Use(counts []limits.Used) *QuotaUse {
	out := &QuotaUse{Limit: q.Limit, ResetsAt: q.End}
	for _, c := range counts {
		if c.PeriodStart.Equal(q.Start) {
			out.Used = c.N
		}
	}
	out.Remaining = max(0, q.Limit-out.Used)
	return out
}
