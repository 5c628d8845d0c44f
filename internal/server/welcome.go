package server

import (
	"fmt"
	"io"
	"net"
	"strings"
	"text/tabwriter"

	"portico/internal/config"
	"portico/internal/domain"
	"portico/internal/entity"
	"portico/internal/playground"
	"portico/internal/seed"
)

// welcome prints where a developer finds things; nothing outside development.
func (p *process) welcome(l listeners) error {
	if !p.config.Dev {
		return nil
	}
	base := baseURL(l.api.Addr())
	var b strings.Builder
	b.WriteString("Portico is ready.\n\n")
	if p.config.ServesPlayground() {
		fmt.Fprintf(&b, "  Playground  %s/playground\n", base)
	}
	if p.folder != nil {
		fmt.Fprintf(&b, "  Letters     %s%s\n", base, lettersPath)
	}
	if l.gateways != nil {
		fmt.Fprintf(&b, "  Gateways    %s/v1/verify\n", baseURL(l.gateways.Addr()))
	}
	if l.ops != nil {
		fmt.Fprintf(&b, "  Metrics     %s/metrics\n", baseURL(l.ops.Addr()))
	}
	fmt.Fprintf(&b, "  GraphQL     %s/graphql\n", base)
	fmt.Fprintf(&b, "  Database    %s\n\n", p.config.MaskedDatabaseURL())
	if _, err := fmt.Fprint(p.stdout, b.String()); err != nil {
		return err
	}
	if len(p.signIns) == 0 {
		return nil
	}
	return PrintSignIns(p.stdout, p.config, p.signIns)
}

// PrintSignIns lists the demo users, and with which password they sign in.
func PrintSignIns(w io.Writer, c *config.Config, signIns []seed.SignIn) error {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "  Sign in as\torganization\trole")
	for _, s := range signIns {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", s.Email, s.Organization, roleOf(s))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	password := seed.DefaultPassword
	if c.DemoPassword != "" {
		password = "the one in PORTICO_DEMO_PASSWORD"
	}
	_, err := fmt.Fprintf(w, "  Password: %s\n\n", password)
	return err
}

func roleOf(s seed.SignIn) string {
	switch s.Role {
	case domain.RoleAdmin:
		return "administrator"
	case domain.RoleApprover:
		return "approver"
	}
	return "developer of " + s.Account
}

// baseURL returns the URL to open in a browser; a server that listens on all
// addresses is reached at localhost.
func baseURL(at net.Addr) string {
	host, port, err := net.SplitHostPort(at.String())
	if err != nil {
		return "http://" + at.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// playgroundOptions offers the demo users in the playground's sign-in form, and lets
// it remember the ids of everything that has lists.
func (p *process) playgroundOptions() playground.Options {
	var o playground.Options
	for _, e := range entity.All() {
		if name := string(e.Kind); e.Connection {
			o.Kinds = append(o.Kinds, strings.ToLower(name[:1])+name[1:])
		}
	}
	for _, s := range p.signIns {
		o.Demo = append(o.Demo, playground.SignIn{Email: s.Email, Organization: s.Organization, Account: s.Account, Role: string(s.Role)})
	}
	if len(o.Demo) > 0 && p.config.DemoPassword == "" {
		o.DemoPassword = seed.DefaultPassword
	}
	return o
}
