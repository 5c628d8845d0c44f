package main

import (
	"net"
	"sync"
)

// How many connections each listener has at once: a client that is slow, or
// sends nothing, costs up to about 50 KiB of memory with each.
const (
	apiConnections     = 4096
	gatewayConnections = 4096
	opsConnections     = 64
)

// bounded is a listener that accepts a connection only where there is room for
// one more. Those beyond wait, unaccepted, in the queue of the system.
type bounded struct {
	net.Listener
	places chan struct{}
	once   sync.Once
	closed chan struct{}
}

func bound(l net.Listener, most int) net.Listener {
	if l == nil {
		return nil
	}
	return &bounded{Listener: l, places: make(chan struct{}, most), closed: make(chan struct{})}
}

// Accept waits for room, and then for a connection.
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

// Close ends an Accept that waits for room, too.
func (b *bounded) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

// counted is a connection that has a place until it is closed. It is still a
// TCP connection, half of which can be closed.
type counted struct {
	*net.TCPConn
	leave func()
}

// Close closes the connection and returns its place.
func (c *counted) Close() error {
	defer c.leave()
	return c.TCPConn.Close()
}
