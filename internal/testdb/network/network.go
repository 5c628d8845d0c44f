// Package network is a proxy between a program and its Postgres server, for
// tests of what happens when the network fails.
package network

import (
	"net"
	"net/url"
	"sync"
	"testing"
)

// Network is a TCP proxy that can fail.
type Network struct {
	server   string
	listener net.Listener
	running  sync.WaitGroup

	mu   sync.Mutex
	came *sync.Cond
	// silent: nothing is forwarded, and connections stay open. refusing:
	// connections are closed as soon as they are accepted.
	silent, refusing bool
	conns            []net.Conn
}

// New returns a working network, and the URL by which the database of
// databaseURL is reached through it. It is closed at the end of the test.
func New(t testing.TB, databaseURL string) (n *Network, through string) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n = &Network{server: u.Host, listener: l}
	n.came = sync.NewCond(&n.mu)
	u.Host = l.Addr().String()
	n.running.Go(n.accept)
	t.Cleanup(func() {
		_ = l.Close()
		n.Cut()
		n.running.Wait()
	})
	return n, u.String()
}

func (n *Network) accept() {
	for {
		client, err := n.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", n.server)
		if err != nil {
			_ = client.Close() // as a network does
			continue
		}
		n.mu.Lock()
		n.conns = append(n.conns, client, server)
		if n.refusing {
			n.closeAll()
		}
		n.mu.Unlock()
		n.running.Go(func() { n.carry(server, client) })
		n.running.Go(func() { n.carry(client, server) })
	}
}

func (n *Network) carry(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		k, err := from.Read(buffer)
		n.mu.Lock()
		for n.silent {
			n.came.Wait()
		}
		n.mu.Unlock()
		if k > 0 {
			if _, err := to.Write(buffer[:k]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// Silence stops forwarding, without closing any connection.
func (n *Network) Silence() { n.set(true, false) }

// Cut closes all connections, and each new one at once.
func (n *Network) Cut() { n.set(false, true) }

// Break closes the present connections; new ones work.
func (n *Network) Break() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closeAll()
}

// Restore makes the network work again. Data that was withheld arrives late, on
// connections that are still open.
func (n *Network) Restore() { n.set(false, false) }

func (n *Network) set(silent, refusing bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.silent, n.refusing = silent, refusing
	if refusing {
		n.closeAll()
	}
	n.came.Broadcast()
}

func (n *Network) closeAll() {
	for _, c := range n.conns {
		_ = c.Close() // some are closed already
	}
	n.conns = nil
}
