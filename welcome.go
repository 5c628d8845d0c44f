package main

import (
	"fmt"
	"net"
	"strings"
	"text/tabwriter"

	"portico/internal/domain"
	"portico/internal/playground"
	"portico/internal/seed"
)

// welcome prints where a developer finds things.
func (p *program) welcome(l listeners, signIns []seed.SignIn) error {
	base := baseURL(l.api.Addr())
	var b strings.Builder
	b.WriteString("Portico is ready.\n\n")
	if p.config.ServesPlayground() {
		fmt.Fprintf(&b, "  Playground  %s/playground\n", base)
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
	if len(signIns) == 0 {
		return nil
	}
	return p.printSignIns(signIns)
}

// printSignIns lists who can sign in, and with which password.
func (p *program) printSignIns(signIns []seed.SignIn) error {
	table := tabwriter.NewWriter(p.stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "  Sign in as\torganization\trole")
	for _, s := range signIns {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", s.Email, s.Organization, roleOf(s))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	password := seed.DefaultPassword
	if p.config.DemoPassword != "" {
		password = "the one in PORTICO_DEMO_PASSWORD"
	}
	_, err := fmt.Fprintf(p.stdout, "  Password: %s\n\n", password)
	return err
}

func roleOf(s seed.SignIn) string {
	if s.Role == domain.RoleAdmin {
		return "administrator"
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

// playgroundOptions offers the demo users in the playground's sign-in form.
func (p *program) playgroundOptions(signIns []seed.SignIn) playground.Options {
	var o playground.Options
	for _, s := range signIns {
		o.Demo = append(o.Demo, playground.SignIn{Email: s.Email, Organization: s.Organization, Account: s.Account, Role: string(s.Role)})
	}
	if len(o.Demo) > 0 && p.config.DemoPassword == "" {
		o.DemoPassword = seed.DefaultPassword
	}
	return o
}
