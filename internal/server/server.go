// Package server is the process that `portico serve` runs. Run is all of it, from
// top to bottom: what listens, what is opened, what runs beside requests, what
// answers them, and how it ends. The other files hold a part each: listeners.go,
// gate.go (what serves gateways), routes.go with middleware.go (the API),
// ops.go with profiles.go and health.go (what operators ask), jobs.go, mail.go and
// garbage.go (what runs by itself). It owns no rule of the portal.
package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"portico/internal/auth"
	"portico/internal/backend"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/identity"
	"portico/internal/mail"
	"portico/internal/mail/folder"
	"portico/internal/oidc"
	"portico/internal/portal"
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

// Options configures Run. All fields but Clock are required.
type Options struct {
	Config *config.Config
	Log    *slog.Logger
	// Version is the program's.
	Version string
	// Stdout receives the greeting of a development server.
	Stdout io.Writer
	// Clock is the machine's clock; nil for clock.System.
	Clock clock.Clock
}

// process is the running server. Its fields are set in the order in which Run
// creates them.
type process struct {
	config  *config.Config
	log     *slog.Logger
	version string
	stdout  io.Writer
	local   clock.Clock

	traces *telemetry.Traces
	*backend.Backend
	gateway *gatewayService
	// directory finds the viewers behind tokens.
	directory *identity.Directory
	// providers accepts those whom identity providers vouch for.
	providers *auth.Providers
	portal    *portal.Portal
	// letters sends letters; nil if there is no mail server. folder has them in
	// development; nil if they are sent.
	letters *mail.Worker
	folder  *folder.Folder
	// publicURL is where browsers reach this server; "" if nobody knows.
	publicURL string
	// signIns are the demo users, if a development server has them.
	signIns []seed.SignIn
	state   *readiness
	// clockCheck is asked before each run of a job.
	clockCheck *clockCheck
}

func newProcess(o Options) *process {
	return &process{config: o.Config, log: o.Log, version: o.Version, stdout: o.Stdout, local: o.Clock}
}

// Run serves until ctx ends, and returns after the last request is completed.
func Run(ctx context.Context, o Options) (err error) {
	p := newProcess(o)
	// First, so that an address in use is reported before anything is changed.
	// Early requests wait until the server is ready.
	l, err := p.listenAll()
	if err != nil {
		return err
	}
	defer l.close()
	if p.traces, err = telemetry.NewTraces(ctx, p.version); err != nil {
		return fmt.Errorf("traces by OpenTelemetry: %w", err)
	}
	defer p.closeTraces(ctx)

	if err = p.open(ctx); err == nil {
		defer func() { err = errors.Join(err, p.Close()) }()
		err = p.fill(ctx)
	}
	if err != nil && ctx.Err() != nil {
		p.log.InfoContext(ctx, "told to stop before the server was ready", "error", err)
		return nil
	}
	if err != nil {
		return err
	}

	p.publicURL = p.config.PublicURL
	if p.publicURL == "" && p.config.Dev {
		p.publicURL = developmentURL(l.api.Addr())
	}
	servers, err := p.servers(l)
	if err != nil {
		return err
	}
	stop := p.background(ctx)
	defer stop()
	if err := p.welcome(l); err != nil {
		return err
	}
	p.logAddresses(ctx, l)
	return p.serveUntilDone(ctx, servers, p.state)
}

// open opens the backend and builds over it what serves gateways, and then the
// services.
func (p *process) open(ctx context.Context) (err error) {
	p.Backend, err = backend.Open(ctx, backend.Options{Config: p.config, Log: p.log, Patience: p.config.DBWait, OpenPool: p.traces.OpenPool(), Clock: p.local})
	if err != nil {
		return err
	}
	if p.gateway, err = p.newGatewayService(); err != nil {
		return errors.Join(err, p.Close())
	}
	p.portal = p.Services(p.gateway, portal.Counters{
		SignInFailed: countSignIns(p.gateway.metrics), LeakCounted: countLeaks(p.gateway.metrics),
	})
	p.directory = identity.NewDirectory(p.Database, p.Clock, p.config.Dev)
	p.providers = auth.NewProviders(auth.ProvidersOptions{
		Identity: p.portal.Identity, Directory: p.directory, Client: oidc.NewClient(p.Clock, p.config.Dev), Vault: p.Vault, Clock: p.Clock,
	})
	if err := p.openMail(); err != nil {
		return errors.Join(err, p.Close())
	}
	p.clockCheck = newClockCheck(p.DatabaseClock, p.log, p.gateway.metrics)
	p.state = &readiness{
		database: p.Database, loaded: p.gateway.Loaded(),
		detail: func(ctx context.Context) string {
			return cmp.Or(p.clockCheck.warning(), p.gateway.unsharedWarning(ctx))
		},
		secrets: &secretsCheck{database: p.Database, ring: p.Ring, log: p.log, checked: p.Ring.Revision()},
	}
	return nil
}

// fill stores and repairs what must be in the database before anything is
// served.
func (p *process) fill(ctx context.Context) (err error) {
	p.gateway.checkRedis(ctx, p.log)
	// Counts that a crash left in the journal also count for quotas.
	if err := p.gateway.flusher.Recover(ctx); err != nil {
		return fmt.Errorf("storing the counts of calls that were left over: %w", err)
	}
	if err := p.seedEmpty(ctx); err != nil {
		return fmt.Errorf("seeding: %w", err)
	}
	if p.letters != nil {
		// Before anything is served, so that no event of a new installation is missed.
		if err := p.portal.Mail.Begin(ctx); err != nil {
			return fmt.Errorf("mail: %w", err)
		}
	}
	repaired, err := p.portal.Identity.RepairTimeZones(ctx)
	for _, z := range repaired {
		p.log.WarnContext(ctx, "the time zone of an organization was none and was replaced: its administrators may choose another",
			"organization", z.Organization, "before", z.Before, "after", z.After)
	}
	if err != nil {
		return fmt.Errorf("time zones: %w", err)
	}
	p.signIns, err = p.findSignIns(ctx)
	return err
}

// background starts the work beside requests, and returns a function that stops
// it and waits for its end.
func (p *process) background(ctx context.Context) (stop func()) {
	// Not ended by the signal: the last requests still need it.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { p.Ring.Watch(ctx, ringInterval) })
	running.Go(func() { p.jobs().Run(ctx) })
	running.Go(func() { p.portal.Identity.RunSignInFailureRecorder(ctx) })
	running.Go(func() { p.portal.Identity.RunPasswordResets(ctx) })
	running.Go(func() { p.portal.Apps.RunLeakReports(ctx, p.log) })
	running.Go(func() { p.gateway.run(ctx) })
	running.Go(func() { p.storeUses(ctx) })
	running.Go(func() { tuneGarbage(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// closeTraces exports the last spans. A collector that does not respond does
// not make the program fail.
func (p *process) closeTraces(ctx context.Context) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), traceTime)
	defer cancel()
	if err := p.traces.Close(limited); err != nil {
		p.log.WarnContext(ctx, "the last traces were not exported", "error", err)
	}
}

// developmentURL returns where browsers on this machine reach a listener: by the name that
// the portal has there, since the session's cookie is of one site.
func developmentURL(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		return "http://localhost:" + port
	}
	return "http://" + a.String()
}
