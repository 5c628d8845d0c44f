package httpapi

import (
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// moves is the listener of net/http: the connections that are handed over.
type moves struct {
	address net.Addr
	coming  chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func newMoves() *moves { return &moves{coming: make(chan net.Conn), closed: make(chan struct{})} }

// Accept returns the next connection that was handed over.
func (m *moves) Accept() (net.Conn, error) {
	select {
	case c := <-m.coming:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed // in the words that fasthttp knows
	}
}

// Close ends Accept.
func (m *moves) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

// Addr is where the connections came to.
func (m *moves) Addr() net.Addr { return m.address }

// move returns a connection to net/http, which was counted in moving.
func (s *Server) move(c net.Conn) {
	select {
	case s.moved.coming <- c:
	case <-s.moved.closed:
		_ = c.Close()
		s.moving.Done()
	}
}

// moved is a connection whose first bytes were read already.
type movedConn struct {
	net.Conn
	first []byte
}

// Read returns the bytes that were read before, and then those that come.
func (m *movedConn) Read(p []byte) (int, error) {
	if len(m.first) > 0 {
		n := copy(p, m.first)
		if m.first = m.first[n:]; len(m.first) == 0 {
			m.first = nil // the room is not needed any more
		}
		return n, nil
	}
	return m.Conn.Read(p)
}

// CloseWrite lets net/http wait until a client has seen its answer.
func (m *movedConn) CloseWrite() error {
	if half, ok := m.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// handOver returns a request, as its bytes came, and its connection to net/http.
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
	s.moving.Add(1)
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(read net.Conn) {
		first = buffered(read, c, first)
		c.front.forget(c)
		s.move(&movedConn{Conn: c.release(), first: first})
	})
}

// buffered adds what fasthttp has read ahead. The deadline is over, so that
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
