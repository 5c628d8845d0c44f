package command

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/internal/database"
	"portico/internal/gateway/presence"
	"portico/internal/identity"
)

type gatewayCreateCommand struct {
	Organization string   `required:"" placeholder:"SLUG" help:"The organization's slug."`
	Name         text     `required:"" help:"A name to tell the organization's gateways apart, such as edge-1."`
	Product      []string `placeholder:"NAME" help:"The gateway may ask about these products only; repeat it, or separate them by commas. Without it, about all."`
	Environment  string   `enum:",DEVELOPMENT,STAGING,PRODUCTION" default:"" placeholder:"NAME" help:"Only keys for this environment pass: DEVELOPMENT, STAGING or PRODUCTION. Without it, keys for any."`
}

// Help returns where the token is used.
func (gatewayCreateCommand) Help() string {
	return "The token is the only line on standard output. It is shown only once and stored nowhere. " +
		"Running servers accept it at once."
}

// Run creates a gateway's token.
func (g gatewayCreateCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		token, hash, hint := b.Machines.New()
		in := identity.NewGateway{Organization: g.Organization, Name: string(g.Name), Products: g.Product, Hash: hash, Hint: hint}
		if g.Environment != "" {
			in.Environment = new(access.Environment(g.Environment))
		}
		if _, err := b.portal.Identity.CreateGateway(ctx, in); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(p.stdout, token); err != nil {
			return fmt.Errorf("the token is made, but could not be shown: %w", err)
		}
		_, err := fmt.Fprintf(p.stderr, "This is the token of the gateway %s. It is shown only once.\n", g.Name)
		return err
	})
}

type gatewayListCommand struct {
	Organization string `required:"" placeholder:"SLUG" help:"The organization's slug."`
}

// Help returns what is not shown.
func (gatewayListCommand) Help() string {
	return "The oldest comes first; times are in UTC. Tokens are not stored: of each only its last four characters are known."
}

// Run lists the tokens of gateways.
func (g gatewayListCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		all, err := b.portal.Identity.Gateways(ctx, g.Organization)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			_, err := fmt.Fprintf(p.stderr, "The organization %s has no gateway.\n", g.Organization)
			return err
		}
		if err := lastSeen(ctx, b.Database, all); err != nil {
			return err
		}
		return listGateways(p.stdout, all)
	})
}

// lastSeen replaces when tokens were last used by when servers have last seen them, which
// is stored more often and for who only follows changes, too.
func lastSeen(ctx context.Context, d *database.DB, all []identity.GatewayToken) error {
	tokens := make([]uuid.UUID, len(all))
	for i, g := range all {
		tokens[i] = g.ID
	}
	seen, err := presence.Read(ctx, d, presence.Query{Organization: all[0].OrganizationID, Tokens: tokens, Now: time.Now()})
	if err != nil {
		return err
	}
	for i, g := range all {
		all[i].LastUsedAt = seen[g.ID].SeenAt
	}
	return nil
}

// listGateways writes a line for each token.
func listGateways(to io.Writer, all []identity.GatewayToken) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "NAME\tTOKEN\tPRODUCTS\tENVIRONMENT\tCREATED\tLAST SEEN\tREVOKED") // Flush reports errors
	for _, g := range all {
		environment := "any"
		if g.Environment != nil {
			environment = string(*g.Environment)
		}
		_, _ = fmt.Fprintf(w, "%s\t…%s\t%s\t%s\t%s\t%s\t%s\n", g.Name, g.Hint, cmp.Or(strings.Join(g.Products, ","), "all"), environment,
			formatMinute(&g.CreatedAt), formatMinute(g.LastUsedAt), formatMinute(g.RevokedAt))
	}
	return w.Flush()
}

// formatMinute formats a time to the minute in UTC, and nil as a dash.
func formatMinute(t *time.Time) string {
	if t == nil {
		return "–"
	}
	return t.UTC().Format("2006-01-02T15:04Z")
}

type gatewayRevokeCommand struct {
	Organization string `required:"" placeholder:"SLUG" help:"The organization's slug."`
	Name         text   `required:"" help:"The gateway's name."`
}

// Help returns when it takes effect.
func (gatewayRevokeCommand) Help() string {
	return "Servers that run refuse the token within a second, and one that is cut off from the database within five. " +
		"A revoked token never comes back, and its name is not given again."
}

// Run revokes a gateway's token.
func (g gatewayRevokeCommand) Run(ctx context.Context, p *program) error {
	return p.withBackend(ctx, func(b *opened) error {
		token, err := b.portal.Identity.RevokeGateway(ctx, g.Organization, string(g.Name))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stderr, "The token of the gateway %s has been revoked since %s.\n", token.Name, formatMinute(token.RevokedAt))
		return err
	})
}
