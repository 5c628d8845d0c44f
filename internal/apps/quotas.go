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
	"portico/internal/viewer"
)

// QuotaPeriod is a plan's quota in the current period.
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

// QuotaPeriods returns the quotas of plans, using one statement. Plans without
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
		if q := limits.QuotaOf(row.Quota); !q.None() {
			period := &QuotaPeriod{Limit: q.Limit, per: q.Per, perAccount: row.QuotaPer == access.QuotaPerAccount}
			period.Start, period.End = q.Period(now, zone)
			out[id] = period
		}
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
