package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portico/internal/adapters"
	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/database"
	"portico/internal/seed"
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
	if err := p.checkDemoPassword(); err != nil {
		return err
	}
	return p.withBackend(ctx, func(b *backend) error {
		o := p.seedOptions(b)
		if s.Apps != nil {
			made, err := seed.Large(ctx, o, *s.Apps)
			if err != nil {
				return err
			}
			if err := p.printSeeded(made); err != nil || made.Organizations > 0 {
				return err
			}
			_, err = fmt.Fprintf(p.stderr, "The demo data was there already; the organization demo now has %d apps in accounts called Load.\n", made.LoadApps)
			return err
		}
		made, err := seed.Demo(ctx, o)
		if err != nil {
			return err
		}
		if err := p.printSeeded(made); err != nil {
			return err
		}
		return p.printSignIns(made.SignIns)
	})
}

func (p *program) printSeeded(s *seed.Summary) error {
	_, err := fmt.Fprintf(p.stderr, "Made: %d organizations, %d accounts, %d users, %d endpoints, %d plans, %d apps, %d keys, %d subscriptions, %d events.\n",
		s.Organizations, s.Accounts, s.Users, s.Endpoints, s.Plans, s.Apps, s.Keys, s.Subscriptions, s.Events)
	return err
}

// checkDemoPassword applies the rules for passwords to that of the demo users;
// package seed refuses the well-known one.
func (p *program) checkDemoPassword() error {
	if given := p.config.DemoPassword; given != "" && given != seed.DefaultPassword {
		return auth.CheckPassword("PORTICO_DEMO_PASSWORD", given, address.Email{})
	}
	return nil
}

func (p *program) seedOptions(b *backend) seed.Options {
	return seed.Options{
		Client: b.client, Database: b.database, Clock: b.clock,
		Hash: b.passwords.Hash,
		Pepper: func() (string, []byte) {
			pepper := adapters.Secrets{Ring: b.ring}.Pepper()
			return pepper.ID, pepper.Secret
		},
		Password: p.config.DemoPassword, Development: p.config.Dev,
	}
}

// seedEmpty adds the demo data to a development server's empty database. It
// waits for another server that is doing so.
func (p *program) seedEmpty(ctx context.Context, b *backend) error {
	if !p.config.Dev {
		return nil
	}
	deadline := time.Now().Add(p.config.DBWait)
	for {
		err := p.seedOnce(ctx, b)
		if !database.IsUnavailable(err) || time.Now().After(deadline) {
			return err
		}
		p.log.WarnContext(ctx, "the database is busy; asking again", "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retryInterval):
		}
	}
}

func (p *program) seedOnce(ctx context.Context, b *backend) error {
	empty, err := seed.Empty(ctx, b.client)
	if err != nil || !empty {
		return err
	}
	if err := p.checkDemoPassword(); err != nil {
		return err
	}
	// Another server may have seeded it meanwhile.
	if _, err = seed.Demo(ctx, p.seedOptions(b)); errors.Is(err, seed.ErrExists) || errors.Is(err, seed.ErrNotEmpty) {
		return nil
	}
	return err
}

// signIns returns the demo users, if a development server has them.
func (p *program) signIns(ctx context.Context, b *backend) ([]seed.SignIn, error) {
	all := seed.SignIns()
	if !p.config.Dev || len(all) == 0 {
		return nil, nil
	}
	o, err := b.portal.OrganizationBySlug(ctx, all[0].Organization)
	if err != nil || o == nil {
		return nil, err
	}
	return all, nil
}
