package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"portico/internal/address"
	"portico/internal/config"
	"portico/internal/seldom"
)

// listeners are the server's listeners; nil for those not configured.
type listeners struct{ api, gateways, ops net.Listener }

// listenAll listens on all addresses, or on none.
func (p *process) listenAll() (l listeners, err error) {
	c := p.config
	proxies, err := c.Proxies()
	if err != nil {
		return l, err
	}
	shared := carriesOthers(proxies)
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.api, err = listen("PORTICO_ADDR", c.Addr, p.bounds(apiConnections, apiShare, shared)); err != nil {
		return l, err
	}
	if l.gateways, err = listen("PORTICO_GATEWAY_ADDR", c.GatewayAddr, p.bounds(gatewayConnections, gatewayShare, shared)); err != nil {
		return l, err
	}
	l.ops, err = listen("PORTICO_OPS_ADDR", c.OpsAddr, p.bounds(opsConnections, opsShare, shared))
	return l, err
}

// carriesOthers returns a function that reports whether an address carries the
// requests of many clients: this machine's, on which a proxy may run, and the
// trusted proxies'.
func carriesOthers(proxies []netip.Prefix) func(netip.Addr) bool {
	trusted := gatewayClient(proxies)
	return func(remote netip.Addr) bool {
		_, is := trusted(remote, "")
		return is
	}
}

// bounds returns a function that bounds a listener's connections, all and those
// of one client, and logs now and then that one has its share.
func (p *process) bounds(most, share int, exempt func(netip.Addr) bool) func(net.Listener) net.Listener {
	refused := func(client netip.Addr) {
		p.log.Warn("a client has as many connections as one may have: further ones are closed", seldom.Line(seldom.Connections), "client", address.NetworkOf(client).String(), "most", share)
	}
	return func(l net.Listener) net.Listener { return bound(l, most, address.NewShares(share, exempt), refused) }
}

// listen listens on an address and bounds the connections that are accepted.
func listen(setting, address string, bounded func(net.Listener) net.Listener) (net.Listener, error) {
	if address == config.Off {
		return nil, nil
	}
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the address %s is in use by another program: end that one, or choose another address by %s", address, setting)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return bounded(l), nil
}

func (l listeners) all() []net.Listener { return []net.Listener{l.api, l.gateways, l.ops} }

// close closes the listeners that no server has closed yet.
func (l listeners) close() {
	for _, one := range l.all() {
		if one != nil {
			_ = one.Close() // it may be closed already
		}
	}
}

// service is a server on its listener.
type service struct {
	listener net.Listener
	server   server
}

// server serves a listener: an *http.Server, or the gateways' server.
type server interface {
	Serve(net.Listener) error
	// Shutdown answers the requests under way and ends Serve; Close does not
	// wait for them.
	Shutdown(context.Context) error
	Close() error
}

// serveUntilDone serves until ctx ends or a server fails. Then /readyz fails,
// so that load balancers choose other servers, while requests are still
// accepted; after that the listeners close and the requests under way are
// completed.
func (p *process) serveUntilDone(ctx context.Context, services []service, state *readiness) error {
	failed := make(chan error, len(services))
	for _, s := range services {
		go func() { failed <- s.server.Serve(s.listener) }()
	}
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
	var errs []error
	for _, s := range services {
		if err := s.server.Shutdown(limited); err != nil {
			errs = append(errs, fmt.Errorf("some requests did not end within %s: %w", drainTime, err), s.server.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	p.log.InfoContext(ctx, "stopped")
	return nil
}
