package server

import (
	"context"
	"errors"
	"time"

	"portico/internal/catalog"
	"portico/internal/jobs"
	"portico/internal/retention"
	"portico/internal/telemetry"
)

// The intervals of the background work.
const (
	expiriesEvery    = time.Minute
	namesEvery       = time.Minute
	planChangesEvery = time.Minute
	endingsEvery     = time.Minute
	statementsEvery  = time.Minute
	reconcileEvery   = 10 * time.Minute
	purgeEvery       = time.Hour
	rollUpEvery      = time.Minute
)

// jobs returns the background work, which one server at a time does.
func (p *process) jobs() *jobs.Runner {
	all := []jobs.Job{
		{Name: "expiries", Every: expiriesEvery, Run: func(ctx context.Context) error {
			_, err := p.portal.Maintenance.RecordExpiries(ctx)
			return err
		}},
		{Name: "expiry-notices", Every: expiriesEvery, Run: func(ctx context.Context) error {
			_, err := p.portal.Maintenance.RecordNotices(ctx)
			return err
		}},
		{Name: "plan-changes", Every: planChangesEvery, Run: func(ctx context.Context) error {
			_, err := p.portal.Maintenance.TakeDuePlans(ctx)
			return err
		}},
		{Name: "requests", Every: expiriesEvery, Run: p.expireRequests(telemetry.NewExpiredRequests(p.gateway.metrics))},
		{Name: "product-endings", Every: endingsEvery, Run: p.endProducts(telemetry.NewProductEndings(p.gateway.metrics))},
		{Name: "uncollected-keys", Every: expiriesEvery, Run: p.expireUncollected(telemetry.NewUncollectedKeys(p.gateway.metrics))},
		{Name: "app-transfers", Every: expiriesEvery, Run: func(ctx context.Context) error {
			_, err := p.portal.Maintenance.ExpireTransfers(ctx)
			return err
		}},
		{Name: "statements", Every: statementsEvery, Run: p.closeStatements(telemetry.NewStatements(p.gateway.metrics))},
		{Name: "statement-lines", Every: reconcileEvery, Run: p.portal.Statements.Reconcile},
		{Name: "names", Every: namesEvery, Run: func(ctx context.Context) error {
			_, err := p.portal.Maintenance.FoldNames(ctx)
			return err
		}},
		{Name: retention.Purge, Every: purgeEvery, Run: func(ctx context.Context) error {
			_, err := p.portal.Maintenance.Purge(ctx)
			return err
		}},
		{Name: "usage-rollup", Every: rollUpEvery, Run: p.gateway.counts.RollUp},
		{Name: retention.UsagePurge, Every: purgeEvery, Run: func(ctx context.Context) error {
			_, err := p.gateway.counts.Purge(ctx)
			return err
		}},
	}
	if p.letters != nil {
		// It works for a while by itself, so that letters need not wait for a lease.
		all = append(all, jobs.Job{Name: "mail", Run: p.letters.Run})
	}
	counted := telemetry.NewJobs(p.gateway.metrics)
	for i := range all {
		all[i].Run = counted.Watch(all[i].Name, all[i].Run)
	}
	r := jobs.New(p.Database, p.DatabaseClock, nodeName(), p.log, all...)
	r.Check = p.clockCheck.allows
	return r
}

// expireUncollected returns the job that revokes what nobody has collected, and counts it.
func (p *process) expireUncollected(count func(n int)) func(context.Context) error {
	return func(ctx context.Context) error {
		n, err := p.portal.Maintenance.ExpireUncollected(ctx)
		count(n)
		return err
	}
}

// expireRequests returns the job that ends what nobody has decided about, and counts it.
func (p *process) expireRequests(count func(n int)) func(context.Context) error {
	return func(ctx context.Context) error {
		n, err := p.portal.Maintenance.ExpireRequests(ctx)
		count(n)
		return err
	}
}

// endProducts returns the job that deprecates and retires products at the times that were set,
// and counts what it does.
func (p *process) endProducts(count func(step string)) func(context.Context) error {
	return func(ctx context.Context) error {
		return p.portal.Maintenance.EndProducts(ctx, func(s catalog.EndingStep) { count(string(s)) })
	}
}

// closeStatements returns the job that settles lines and closes statements, and counts them.
func (p *process) closeStatements(count *telemetry.Statements) func(context.Context) error {
	return func(ctx context.Context) error {
		done, err := p.portal.Statements.Run(ctx)
		waiting, oldest, readErr := p.portal.Statements.Waiting(ctx)
		if count.Done(done.Settled, done.Closed); readErr == nil {
			count.Waits(waiting, oldest)
		}
		return errors.Join(err, readErr)
	}
}
