package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portico/internal/database"
	"portico/internal/jobs"
	"portico/internal/telemetry"
	"portico/migrate"
)

type migrateCommand struct {
	Status bool `help:"Only list the migrations and when the database had them."`
}

// Help returns when it is needed.
func (migrateCommand) Help() string {
	return "Servers do this themselves when they start; any number may do it at once."
}

// Run migrates, or prints what there is to migrate.
func (m migrateCommand) Run(ctx context.Context, p *program) error {
	d, err := p.openDatabase(ctx, p.config.DBWait)
	if err != nil {
		return err
	}
	work := p.migrate
	if m.Status {
		work = p.migrationStatus
	}
	return errors.Join(work(ctx, d), d.Close())
}

func (p *program) migrate(ctx context.Context, d *database.DB) error {
	applied, err := migrate.Up(ctx, d)
	for _, name := range applied {
		fmt.Fprintln(p.stdout, name)
	}
	if err == nil && len(applied) == 0 {
		fmt.Fprintln(p.stderr, "The schema is up to date.")
	}
	return err
}

func (p *program) migrationStatus(ctx context.Context, d *database.DB) error {
	states, err := migrate.Status(ctx, d)
	for _, s := range states {
		at := "pending"
		if !s.AppliedAt.IsZero() {
			at = s.AppliedAt.Format(time.RFC3339)
		}
		if s.Unknown {
			at += "  of a newer program"
		}
		fmt.Fprintf(p.stdout, "%-50s %s\n", s.Name, at)
	}
	return err
}

type purgeCommand struct{}

// Help returns when it is needed.
func (purgeCommand) Help() string {
	return "Servers do this themselves every hour. Each organization says how long deleted apps and old events are kept."
}

// Run purges once.
func (purgeCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *backend) error {
		gone, err := b.portal.Purge(ctx)
		if gone != nil {
			fmt.Fprintf(p.stderr, "Purged: %d apps, %d accounts, %d events, %d idempotency keys, %d sign-in attempts.\n",
				gone.Apps, gone.Accounts, gone.Events, gone.IdempotencyKeys, gone.SignInAttempts)
		}
		return err
	})
}

// The intervals of the background work.
const (
	expiriesEvery = time.Minute
	purgeEvery    = time.Hour
	rollUpEvery   = time.Minute
)

// jobs returns the background work, which one server at a time does.
func (p *program) jobs(b *backend) *jobs.Runner {
	all := []jobs.Job{
		{Name: "expiries", Every: expiriesEvery, Run: func(ctx context.Context) error {
			_, err := b.portal.RecordExpiries(ctx)
			return err
		}},
		{Name: "purge", Every: purgeEvery, Run: func(ctx context.Context) error {
			_, err := b.portal.Purge(ctx)
			return err
		}},
		{Name: "usage-rollup", Every: rollUpEvery, Run: b.gateway.counts.RollUp},
		{Name: "usage-purge", Every: purgeEvery, Run: func(ctx context.Context) error {
			_, err := b.gateway.counts.Purge(ctx)
			return err
		}},
	}
	counted := telemetry.NewJobs(b.gateway.metrics)
	for i := range all {
		all[i].Run = counted.Watch(all[i].Name, all[i].Run)
	}
	return jobs.New(b.database, b.clock, nodeName(), p.log, all...)
}
