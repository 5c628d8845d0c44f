package command

import (
	"context"
	"errors"
	"fmt"

	"portico/ent/db/organization"
	"portico/internal/backend"
	"portico/internal/seed"
	"portico/internal/server"
)

type seedCommand struct {
	Apps *int `placeholder:"N" help:"Add apps to the organization demo until it has this many beside the demo data, to measure with."`
}

// Help returns what is required outside development.
func (seedCommand) Help() string {
	return "Development servers do this themselves when they find an empty database. " +
		"Elsewhere the demo users need a password of their own in PORTICO_DEMO_PASSWORD. " +
		"A database with an organization that is not the seed's own is refused, everywhere, and so is demo data that is there already. " +
		"With --apps the organization demo gets accounts Load 0001, Load 0002 … of 100 apps each, with keys, subscriptions and events; " +
		"demo data that is missing is made first, what is there stays as it is, and only the apps that are missing are added."
}

// Run creates the demo data, or the large set.
func (s seedCommand) Run(ctx context.Context, p *program) error {
	if s.Apps != nil && *s.Apps < 1 {
		return errors.New("--apps must be 1 or more")
	}
	if err := backend.CheckDemoPassword(p.config); err != nil {
		return err
	}
	return p.withBackend(ctx, func(b *opened) error {
		o := b.SeedOptions(p.config)
		if s.Apps != nil {
			created, err := seed.Large(ctx, o, *s.Apps)
			if err != nil {
				return err
			}
			if err := p.printSeeded(created); err != nil || created.Created[organization.Table] > 0 {
				return err
			}
			_, err = fmt.Fprintf(p.stderr, "The demo data existed already; the organization demo now has %d apps in accounts called Load.\n", created.LoadApps)
			return err
		}
		created, err := seed.Demo(ctx, o)
		if err != nil {
			return err
		}
		if len(created.Created) == 0 {
			_, err := fmt.Fprintln(p.stderr, "Another process created the demo data at this moment, with the password that it was given.")
			return err
		}
		if err := p.printSeeded(created); err != nil {
			return err
		}
		return server.PrintSignIns(p.stdout, p.config, created.SignIns)
	})
}

func (p *program) printSeeded(s *seed.Summary) error {
	_, err := fmt.Fprintf(p.stderr, "Created: %s.\n", s)
	return err
}
