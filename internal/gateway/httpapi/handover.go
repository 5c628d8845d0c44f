package httpapi

import (
	"net"
	"sync"
)

// handoverListener is the listener of net/http; it accepts the connections that
// are handed over.
type handoverListener struct {
	address net.Addr
	coming  chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func newHandoverListener() *handoverListener {
	return &handoverListener{coming: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept returns the next connection that was handed over.
func (m *handoverListener) Accept() (net.Conn, error) {
	select {
	case c := <-m.coming:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed // the error that fasthttp expects
	}
}

// Close ends Accept.
func (m *handoverListener) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

// Addr returns the address that the connections came to.
func (m *handoverListener) Addr() net.Addr { return m.address }

// passOn passes a connection to net/http, which was counted in inHandover.
func (s *Server) passOn(c net.Conn) {
	select {
	case s.handovers.coming <- c:
	case <-s.handovers.closed:
		_ = c.Close()
		s.inHandover.Done()
	}
}

// prefixedConn is a connection of which some bytes have been read already.
type prefixedConn struct {
	net.Conn
	first []byte
}

// Read returns the bytes that were read before, and then those of the connection.
func (m *prefixedConn) Read(p []byte) (int, error) {
	if len(m.first) > 0 {
		n := copy(p, m.first)
		if m.first = m.first[n:]; len(m.first) == 0 {
			m.first = nil // release the memory
		}
		return n, nil
	}
	return m.Conn.Read(p)
}

// CloseWrite lets net/http wait until a client has read its answer.
func (m *prefixedConn) CloseWrite() error {
	if half, ok := m.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
