package httpapi

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// front takes the connections to the doors. It knows those that fasthttp has,
// so that they can be waited for and closed.
type front struct {
	net.Listener
	server *Server
	once   sync.Once

	running sync.WaitGroup // each, and the connections that it has begun

	mu   sync.Mutex
	open map[*connection]struct{}
}

func newFront(l net.Listener, s *Server) *front {
	f := &front{Listener: l, server: s, open: map[*connection]struct{}{}}
	f.running.Add(1)
	return f
}

// each begins to serve every connection until the listener is closed. Those
// that are too many go to net/http. A failure that may pass, such as too many
// open files, is waited out.
func (f *front) each(serve func(*connection)) error {
	defer f.running.Done()
	const shortest, longest = 5 * time.Millisecond, time.Second
	for pause := shortest; ; {
		c, err := f.Accept()
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err != nil {
			f.server.log.Warn("a connection to the doors could not be accepted", "error", err)
			time.Sleep(pause)
			pause = min(2*pause, longest)
			continue
		}
		pause = shortest
		if mine := (&connection{Conn: c, front: f, remote: addressOf(c)}); f.add(mine) {
			f.running.Go(func() { serve(mine) })
			continue
		}
		f.server.moving.Add(1)
		f.server.move(c)
	}
}

// Close closes the listener; doing so again is no failure.
func (f *front) Close() (err error) {
	f.once.Do(func() { err = f.Listener.Close() })
	return err
}

func (f *front) add(c *connection) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.open) >= f.server.most {
		return false
	}
	f.open[c] = struct{}{}
	return true
}

func (f *front) forget(c *connection) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, c)
}

// closeAll closes what is open.
func (f *front) closeAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.open {
		_ = c.Conn.Close() // its reader finds out
	}
}

func addressOf(c net.Conn) netip.Addr {
	if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{} // a Unix socket has none
}

// connection is one that fasthttp has.
type connection struct {
	net.Conn
	front  *front
	remote netip.Addr
	// unread: the client may still be sending, so that closing at once would
	// take the answer from it. mute: nothing is answered any more. All are
	// set by the goroutine that serves the connection.
	unread, mute bool
	// heard: something came since the last answer.
	heard bool

	reading, writing deadline
}

// lingering is how long a client that is still sending may take to see its answer.
const lingering = 500 * time.Millisecond

// Read notes that something came.
func (c *connection) Read(p []byte) (n int, err error) {
	if c.reading.due() {
		if err := c.Conn.SetReadDeadline(c.reading.now()); err != nil {
			return 0, err
		}
	}
	n, err = c.Conn.Read(p)
	c.heard = c.heard || n > 0
	return n, err
}

// Write writes, unless the connection is mute.
func (c *connection) Write(p []byte) (int, error) {
	if c.mute {
		return len(p), nil
	}
	if c.writing.due() {
		if err := c.Conn.SetWriteDeadline(c.writing.now()); err != nil {
			return 0, err
		}
	}
	c.heard = false
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

// release returns the connection itself, without a deadline.
func (c *connection) release() net.Conn {
	c.reading, c.writing = deadline{}, deadline{}
	_ = c.Conn.SetDeadline(time.Time{}) // it may be closed
	return c.Conn
}

// deadline is one of a connection's. fasthttp moves each of them with every
// request, and almost always nothing is waited for until it moves the next
// time: the system is told only where that makes a difference.
type deadline struct{ wanted, set time.Time }

// slack is how much earlier than wanted a deadline may be.
const slack = time.Second

func (d *deadline) due() bool {
	if d.wanted.IsZero() || d.set.IsZero() {
		return d.wanted.IsZero() != d.set.IsZero()
	}
	early := d.wanted.Sub(d.set)
	return early < 0 || early > slack
}

// now returns the deadline, which is set then.
func (d *deadline) now() time.Time {
	d.set = d.wanted
	return d.set
}

// Close closes the connection; a client that is still sending may see its
// answer first.
func (c *connection) Close() error {
	c.front.forget(c)
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.unread && half.CloseWrite() == nil {
		_ = c.Conn.SetReadDeadline(time.Now().Add(lingering))
		_, _ = io.Copy(io.Discard, c.Conn) // until it closes, or the time is over
	}
	return c.Conn.Close()
}
