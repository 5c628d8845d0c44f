package command

import (
	"context"

	"portico/internal/server"
)

type serveCommand struct{}

// Help returns what it serves, and how it ends.
func (serveCommand) Help() string {
	return "Serves /graphql, /playground, /healthz and /readyz, the gateways' routes, and metrics, each on its own address. " +
		"The database's schema is brought up to date first; " +
		"a development server fills an empty database with demo data and prints how to sign in. " +
		"SIGTERM, SIGHUP and Ctrl-C end it after the last request is answered."
}

// Run serves until ctx ends.
func (serveCommand) Run(ctx context.Context, p *program) error {
	return server.Run(ctx, server.Options{Config: p.config, Log: p.log, Version: p.version, Stdout: p.stdout, Clock: p.clock})
}
