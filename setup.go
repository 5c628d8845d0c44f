package main

import (
	"context"
	"errors"
	"fmt"

	"portico/internal/address"
)

// withBackend runs f with an open backend, for a command.
func (p *program) withBackend(ctx context.Context, f func(*backend) error) error {
	b, err := p.open(ctx, 0, nil)
	if err != nil {
		return err
	}
	return errors.Join(f(b), b.close())
}

type orgCreateCommand struct {
	Slug string `required:"" help:"Its name in addresses and sign-ins: small letters, digits and hyphens."`
	Name string `required:"" help:"Its name for people."`
}

// Run creates an organization.
func (o orgCreateCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *backend) error {
		made, err := b.portal.CreateOrganization(ctx, o.Slug, o.Name)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stderr, "The organization %s is made.\n", made.Slug)
		return err
	})
}

type userCreateCommand struct {
	Organization string `required:"" placeholder:"SLUG" help:"The organization's slug."`
	Email        string `required:"" help:"The address to sign in with."`
	Name         string `required:"" help:"The name for people."`
}

// Help returns where the password is read from.
func (userCreateCommand) Help() string {
	return "The password is asked for at a terminal, and else is the first line of standard input. It has at least 10 characters."
}

// Run creates an administrator.
func (u userCreateCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *backend) error {
		password, err := readPassword(ctx, p.stdin, p.stderr)
		if err != nil {
			return err
		}
		made, err := b.portal.CreateStaff(ctx, u.Organization, u.Name, address.ParseEmail(u.Email), password)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stderr, "%s may sign in as an administrator of %s.\n", made.Email, u.Organization)
		return err
	})
}
