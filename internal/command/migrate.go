package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portico/internal/backend"
	"portico/internal/database"
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
	d, err := backend.OpenDatabase(ctx, backend.Options{Config: p.config, Log: p.log, Patience: p.config.DBWait})
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
