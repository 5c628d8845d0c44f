package httpapi

import (
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// connection is a connection whose plain requests are served by fasthttp. It reads
// each request's head before fasthttp does, and lets it read that one request only
// if it is plain. At the first that is not, fasthttp reads the end of the
// connection, and net/http gets everything from that request on.
type connection struct {
	net.Conn
	server *Server
	front  *trackedListener
	remote netip.Addr

	// in holds the head of the present request and what was received after it; ahead
	// is the part of it that fasthttp has not read. left is how many bytes of the
	// request fasthttp may still read, whether received or not.
	in, ahead []byte
	left      int
	request   plainRequest

	// leaving is set when net/http shall serve the rest of the connection, receiving
	// from the first byte of a request until its answer: Close then closes nothing.
	leaving, receiving atomic.Bool
	// unread is set if the client may still be sending, so that closing at once could
	// discard the answer. The goroutine that serves the connection sets it.
	unread bool

	reading, writing deadline
}

func newConnection(c net.Conn, front *trackedListener) *connection {
	return &connection{Conn: c, server: front.server, front: front, remote: addressOf(c)}
}

// lingerTimeout is how long a client that is still sending may take to read its
// answer.
const lingerTimeout = 500 * time.Millisecond

// Read reads of the present request, or of the next one, for which it waits.
func (c *connection) Read(p []byte) (n int, err error) {
	if c.left == 0 && !c.await() {
		return 0, io.EOF
	}
	p = p[:min(len(p), c.left)]
	if len(c.ahead) > 0 {
		n = copy(p, c.ahead)
		c.ahead = c.ahead[n:]
	} else {
		n, err = c.receive(p)
	}
	c.left -= n
	return n, err
}

// receive reads from the network.
func (c *connection) receive(p []byte) (int, error) {
	if c.reading.needsSetting() {
		if err := c.Conn.SetReadDeadline(c.reading.now()); err != nil {
			return 0, err
		}
	}
	return c.Conn.Read(p)
}

// Write writes to the network.
func (c *connection) Write(p []byte) (int, error) {
	c.receiving.Store(false)
	if c.writing.needsSetting() {
		if err := c.Conn.SetWriteDeadline(c.writing.now()); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(p)
}

// SetReadDeadline bounds the reads that begin from now on.
func (c *connection) SetReadDeadline(t time.Time) error {
	c.reading.wanted = t
	return nil
}

// SetWriteDeadline bounds the writes that begin from now on.
func (c *connection) SetWriteDeadline(t time.Time) error {
	c.writing.wanted = t
	return nil
}

// SetDeadline bounds the reads and writes that begin from now on.
func (c *connection) SetDeadline(t time.Time) error {
	c.reading.wanted, c.writing.wanted = t, t
	return nil
}

// release returns the underlying connection, without deadlines, and with what was
// received of requests that fasthttp has not read.
func (c *connection) release() net.Conn {
	c.reading, c.writing = deadline{}, deadline{}
	_ = c.Conn.SetDeadline(time.Time{}) // it may be closed
	return &prefixedConn{Conn: c.Conn, first: c.ahead}
}

// Close closes the connection; a client that is still sending may read its answer
// first. It does nothing if net/http gets the connection, or if a request has begun
// to arrive: fasthttp, when it shuts down, takes such a connection for idle.
func (c *connection) Close() error {
	if c.leaving.Load() || c.receiving.Load() {
		return nil
	}
	c.front.remove(c)
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.unread && half.CloseWrite() == nil {
		_ = c.Conn.SetReadDeadline(time.Now().Add(lingerTimeout))
		_, _ = io.Copy(io.Discard, c.Conn) // until the client closes, or the deadline passes
	}
	return c.Conn.Close()
}

// deadline is a read or write deadline. fasthttp moves both with every request,
// mostly before anything waits for them: the system call is made only where it
// makes a difference.
type deadline struct{ wanted, set time.Time }

// deadlineSlack is how much earlier than wanted a deadline may be.
const deadlineSlack = time.Second

func (d *deadline) needsSetting() bool {
	if d.wanted.IsZero() || d.set.IsZero() {
		return d.wanted.IsZero() != d.set.IsZero()
	}
	early := d.wanted.Sub(d.set)
	return early < 0 || early > deadlineSlack
}

// now returns the wanted deadline and records that it is set.
func (d *deadline) now() time.Time {
	d.set = d.wanted
	return d.set
}
