package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"portico/internal/gqlhttp"
)

const (
	// drainTime is how long requests under way may take once the server stops.
	drainTime = 10 * time.Second
	// ringInterval is how often the key ring's file is looked at.
	ringInterval = 5 * time.Second
	// gcPercent lets the heap grow to five times what is alive, which is
	// little, before it is collected: a third less CPU for a request.
	gcPercent = 400
)

type serveCommand struct{}

// Help tells what it serves, and how it ends.
func (serveCommand) Help() string {
	return "Serves /graphql, /playground, /healthz and /readyz. The database's schema is brought up to date first; " +
		"a development server fills an empty database with demo data and prints how to sign in. " +
		"SIGTERM and Ctrl-C end it after the last request is answered."
}

// Run serves until ctx ends.
func (serveCommand) Run(ctx context.Context, p *program) (err error) {
	slog.SetDefault(p.log)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	// First, so that an address in use is told before anything is changed.
	// Requests that come early wait until the server is there.
	listener, err := listen(p.config.Addr)
	if err != nil {
		return err
	}
	defer listener.Close() // a server closes it itself
	b, err := p.open(ctx, p.config.DBWait)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := p.seedEmpty(ctx, b); err != nil {
		return fmt.Errorf("seeding: %w", err)
	}
	signIns, err := p.signIns(ctx, b)
	if err != nil {
		return err
	}
	state := &readiness{database: b.database}
	handler, err := p.routes(b, state, signIns)
	if err != nil {
		return err
	}
	stop := p.background(ctx, b)
	defer stop()
	if p.config.Dev {
		if err := p.welcome(listener.Addr(), signIns); err != nil {
			return err
		}
	}
	if a, ok := listener.Addr().(*net.TCPAddr); ok && p.config.Dev && !a.IP.IsLoopback() {
		p.log.WarnContext(ctx, "development mode serves demo users with a known password, and this address can be reached from outside")
	}
	p.log.InfoContext(ctx, "serving", "address", listener.Addr().String(), "version", programVersion(),
		"database", p.config.MaskedDatabaseURL(), "development", p.config.Dev)
	return p.answer(ctx, listener, handler, state)
}

// listen takes the address.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the address %s is in use by another program: end that one, or choose another address by PORTICO_ADDR", address)
	}
	if err != nil {
		return nil, fmt.Errorf("PORTICO_ADDR: %w", err)
	}
	return l, nil
}

// background starts what runs beside the requests, and gives what stops it and
// waits for its end.
func (p *program) background(ctx context.Context, b *backend) (stop func()) {
	// Not ended by the signal: the last requests still count on it.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { b.ring.Watch(ctx, ringInterval) })
	running.Go(func() { p.jobs(b).Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// answer serves until ctx ends. Then /readyz says no, so that load balancers
// go elsewhere, while requests are still taken; after that the listener closes
// and those under way are answered.
func (p *program) answer(ctx context.Context, l net.Listener, h http.Handler, state *readiness) error {
	server := gqlhttp.Server(l.Addr().String(), h, gqlhttp.DefaultTimeouts())
	server.ErrorLog = slog.NewLogLogger(p.log.Handler(), slog.LevelWarn)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	p.log.InfoContext(ctx, "stopping", "delay", p.config.DrainDelay.String())
	state.draining.Store(true)
	time.Sleep(p.config.DrainDelay)
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Shutdown(limited); err != nil {
		return errors.Join(fmt.Errorf("some requests did not end within %s: %w", drainTime, err), server.Close())
	}
	p.log.InfoContext(ctx, "stopped")
	return nil
}
