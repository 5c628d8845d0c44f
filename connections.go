package main

import (
	"net"
	"sync"
)

// The maximum number of open connections of each listener: a client that is slow,
// or sends nothing, costs up to about 50 KiB of memory per connection.
const (
	apiConnections     = 4096
	gatewayConnections = 4096
	opsConnections     = 64
)

// bounded is a listener with a maximum number of open connections. Further ones
// wait, unaccepted, in the queue of the system.
type bounded struct {
	net.Listener
	places chan struct{}
	once   sync.Once
	closed chan struct{}
}

// bound returns l with at most most open connections; nil for a nil l.
func bound(l net.Listener, most int) net.Listener {
	if l == nil {
		return nil
	}
	return &bounded{Listener: l, places: make(chan struct{}, most), closed: make(chan struct{})}
}

// Accept waits until a connection may be opened, and then for one.
func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.places <- struct{}{}:
	case <-b.closed:
		return nil, net.ErrClosed
	}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.places
		return nil, err
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		return &counted{TCPConn: tcp, leave: sync.OnceFunc(func() { <-b.places })}, nil
	}
	<-b.places
	return c, nil
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
