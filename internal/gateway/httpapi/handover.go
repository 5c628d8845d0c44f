package httpapi

import (
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
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

// handOver passes a request, byte for byte, and its connection to net/http.
func (s *Server) handOver(ctx *fasthttp.RequestCtx, c *connection) {
	h := &ctx.Request.Header
	first := make([]byte, 0, len(h.RawHeaders())+len(ctx.Request.Body())+len(h.RequestURI())+32)
	first = append(append(first, h.Method()...), ' ')
	first = append(append(first, h.RequestURI()...), ' ')
	first = append(append(first, h.Protocol()...), "\r\n"...)
	first = append(first, h.RawHeaders()...)
	if len(h.RawHeaders()) == 0 {
		first = append(first, "\r\n"...) // fasthttp keeps it only after fields
	}
	first = append(first, ctx.Request.Body()...)
	s.inHandover.Add(1)
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(read net.Conn) {
		first = buffered(read, c, first)
		c.front.remove(c)
		s.passOn(&prefixedConn{Conn: c.release(), first: first})
	})
}

// buffered appends what fasthttp has read ahead. The deadline has passed, so that
// nothing is read from the connection itself.
func buffered(read net.Conn, c *connection, to []byte) []byte {
	_ = c.SetReadDeadline(time.Unix(1, 0)) // it never fails
	var room [4 << 10]byte
	for {
		n, err := read.Read(room[:])
		to = append(to, room[:n]...)
		if err != nil {
			return to
		}
	}
}
