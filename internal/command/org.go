package command

import (
	"context"
	"fmt"
	"text/tabwriter"
)

type orgCreateCommand struct {
	Slug string `required:"" help:"Its name in addresses and sign-ins: small letters, digits and hyphens."`
	Name text   `required:"" help:"The name that people see."`
}

// Run creates an organization.
func (o orgCreateCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		created, err := b.portal.Identity.CreateOrganization(ctx, o.Slug, string(o.Name))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stderr, "The organization %s was created.\n", created.Slug)
		return err
	})
}

type orgListCommand struct{}

// Run lists the organizations.
func (orgListCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		all, err := b.portal.Identity.Organizations(ctx)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			_, err := fmt.Fprintln(p.stderr, "There is no organization.")
			return err
		}
		w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "SLUG\tNAME\tCREATED") // Flush reports errors
		for _, o := range all {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", o.Slug, o.Name, formatMinute(&o.CreatedAt))
		}
		return w.Flush()
	})
}
