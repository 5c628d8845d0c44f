package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"portico/internal/gqlhttp"
	"portico/internal/seed"
	"portico/internal/telemetry"
)

const (
	// drainTime is how long requests under way may take once the server stops.
	drainTime = 10 * time.Second
	// ringInterval is how often the key ring's file is checked.
	ringInterval = 5 * time.Second
	// traceTime is how long exporting the last traces may take.
	traceTime = 5 * time.Second
)

type serveCommand struct{}

// Help returns what it serves, and how it ends.
func (serveCommand) Help() string {
	return "Serves /graphql, /playground, /healthz and /readyz, the gateways' doors, and metrics, each on its own address. " +
		"The database's schema is brought up to date first; " +
		"a development server fills an empty database with demo data and prints how to sign in. " +
		"SIGTERM, SIGHUP and Ctrl-C end it after the last request is answered."
}

// Run serves until ctx ends.
func (serveCommand) Run(ctx context.Context, p *program) (err error) {
	// First, so that an address in use is reported before anything is changed.
	// Early requests wait until the server is ready.
	l, err := p.listenAll()
	if err != nil {
		return err
	}
	defer l.close()
	if p.traces, err = telemetry.NewTraces(ctx, programVersion()); err != nil {
		return fmt.Errorf("traces by OpenTelemetry: %w", err)
	}
	defer p.closeTraces(ctx)
	b, signIns, err := p.prepare(ctx)
	if err != nil && ctx.Err() != nil {
		p.log.InfoContext(ctx, "told to stop before the server was ready", "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	state := &readiness{database: b.database, loaded: b.gateway.Loaded(), detail: b.gateway.unsharedWarning,
		secrets: &secretsCheck{database: b.database, ring: b.ring, log: p.log, checked: b.ring.Revision()}}
	services, err := p.services(l, b, state, signIns)
	if err != nil {
		return err
	}
	stop := p.background(ctx, b)
	defer stop()
	if p.config.Dev {
		if err := p.welcome(l, signIns); err != nil {
			return err
		}
	}
	p.logAddresses(ctx, l)
	return p.serveUntilDone(ctx, services, state)
}

// closeTraces exports the last spans. A collector that does not respond does
// not make the program fail.
func (p *program) closeTraces(ctx context.Context) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), traceTime)
	defer cancel()
	if err := p.traces.Close(limited); err != nil {
		p.log.WarnContext(ctx, "the last traces were not exported", "error", err)
	}
}

// prepare opens the backend and fills the database and the caches before
// serving.
func (p *program) prepare(ctx context.Context) (*backend, []seed.SignIn, error) {
	b, err := p.open(ctx, p.config.DBWait, p.newGatewayService)
	if err != nil {
		return nil, nil, err
	}
	signIns, err := p.fill(ctx, b)
	if err != nil {
		return nil, nil, errors.Join(err, b.close())
	}
	return b, signIns, nil
}

func (p *program) fill(ctx context.Context, b *backend) ([]seed.SignIn, error) {
	b.gateway.checkRedis(ctx, p.log)
	// Counts that a crash left in the journal also count for quotas.
	if err := b.gateway.flusher.Recover(ctx); err != nil {
		return nil, fmt.Errorf("storing the counts of calls that were left over: %w", err)
	}
	if err := p.seedEmpty(ctx, b); err != nil {
		return nil, fmt.Errorf("seeding: %w", err)
	}
	mended, err := b.portal.RepairTimeZones(ctx)
	for _, z := range mended {
		p.log.WarnContext(ctx, "the time zone of an organization was none and was replaced: its administrators may choose another",
			"organization", z.Organization, "before", z.Before, "after", z.After)
	}
	if err != nil {
		return nil, fmt.Errorf("time zones: %w", err)
	}
	return p.signIns(ctx, b)
}

// services returns the servers of the backend with their listeners.
func (p *program) services(l listeners, b *backend, state *readiness, signIns []seed.SignIn) ([]service, error) {
	api, err := p.routes(b, state, signIns)
	if err != nil {
		return nil, err
	}
	// Errors of connections, not of requests.
	errorLog := slog.NewLogLogger(p.log.Handler(), slog.LevelWarn)
	public := gqlhttp.Server(l.api.Addr().String(), api, gqlhttp.DefaultTimeouts())
	public.ErrorLog = errorLog
	out := []service{{l.api, public}}
	if l.gateways != nil {
		doors, err := p.gatewayServer(b.gateway)
		if err != nil {
			return nil, err
		}
		out = append(out, service{l.gateways, doors})
	}
	if l.ops != nil {
		server := gqlhttp.Server(l.ops.Addr().String(), ops(b.gateway.metrics, state, p.opsHosts()), gqlhttp.DefaultTimeouts())
		server.ErrorLog = errorLog
		out = append(out, service{l.ops, server})
	}
	return out, nil
}

// logAddresses logs where the server listens.
func (p *program) logAddresses(ctx context.Context, l listeners) {
	if a, ok := l.api.Addr().(*net.TCPAddr); ok && p.config.Dev && !a.IP.IsLoopback() {
		p.log.WarnContext(ctx, "development mode serves demo users with a known password, and this address can be reached from outside")
	}
	where := []any{"address", l.api.Addr().String()}
	if l.gateways != nil {
		where = append(where, "gateways", l.gateways.Addr().String())
	}
	if l.ops != nil {
		where = append(where, "ops", l.ops.Addr().String())
	}
	p.log.InfoContext(ctx, "serving", append(where, "version", programVersion(),
		"database", p.config.MaskedDatabaseURL(), "development", p.config.Dev)...)
}

// background starts the work beside requests, and returns a function that stops
// it and waits for its end.
func (p *program) background(ctx context.Context, b *backend) (stop func()) {
	// Not ended by the signal: the last requests still need it.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { b.ring.Watch(ctx, ringInterval) })
	running.Go(func() { p.jobs(b).Run(ctx) })
	running.Go(func() { b.portal.RunSignInFailureRecorder(ctx) })
	running.Go(func() { b.gateway.run(ctx) })
	running.Go(func() { tuneGarbage(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}
