package server

import (
	"net"
	"net/netip"
	"sync"

	"portico/internal/address"
)

// The maximum number of open connections of each listener, and of one client
// among them: a client that is slow, or sends nothing, costs up to about 50 KiB
// of memory per connection, besides what the collector has not collected yet.
// Gateways are few, and each may need many.
const (
	apiConnections, apiShare         = 4096, apiConnections / 4
	gatewayConnections, gatewayShare = 4096, gatewayConnections / 2
	opsConnections, opsShare         = 64, opsConnections / 4
)

// bounded is a listener with a maximum number of open connections. Further ones
// wait, unaccepted, in the queue of the system; those of a client that has its
// share of them are closed at once.
type bounded struct {
	net.Listener
	shares *address.Shares
	// refused is called with the address of a connection that is closed at once.
	refused func(netip.Addr)
	places  chan struct{}
	once    sync.Once
	closed  chan struct{}
}

// bound returns l with at most most open connections; nil for a nil l.
func bound(l net.Listener, most int, shares *address.Shares, refused func(netip.Addr)) net.Listener {
	if l == nil {
		return nil
	}
	return &bounded{Listener: l, shares: shares, refused: refused, places: make(chan struct{}, most), closed: make(chan struct{})}
}

// Accept waits until a connection may be opened, and then for one.
func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.places <- struct{}{}:
	case <-b.closed:
		return nil, net.ErrClosed
	}
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			<-b.places
			return nil, err
		}
		tcp, ok := c.(*net.TCPConn)
		if !ok {
			<-b.places
			return c, nil
		}
		client := remoteOf(tcp)
		if leave, ok := b.shares.Enter(client); ok {
			return &counted{TCPConn: tcp, leave: sync.OnceFunc(func() { leave(); <-b.places })}, nil
		}
		_ = tcp.Close() // nothing was read or written
		b.refused(client)
	}
}

// remoteOf returns the client's address; the zero Addr if it has none.
func remoteOf(c *net.TCPConn) netip.Addr {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr()
	}
	return netip.Addr{}
}

// Close closes the listener. It also ends an Accept that waits for a place.
func (b *bounded) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

// counted is a connection that occupies a place until it is closed. It embeds the
// TCPConn so that one half of it can still be closed.
type counted struct {
	*net.TCPConn
	leave func()
}

// Close closes the connection and releases its place.
func (c *counted) Close() error {
	defer c.leave()
	return c.TCPConn.Close()
}
