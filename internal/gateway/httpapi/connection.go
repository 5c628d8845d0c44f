package httpapi

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// trackedListener accepts the connections. It tracks those that fasthttp serves,
// so that they can be waited for and closed.
type trackedListener struct {
	net.Listener
	server *Server
	once   sync.Once

	running sync.WaitGroup // each, and the connections that it has begun

	mu   sync.Mutex
	open map[*connection]struct{}
}

func newTrackedListener(l net.Listener, s *Server) *trackedListener {
	f := &trackedListener{Listener: l, server: s, open: map[*connection]struct{}{}}
	f.running.Add(1)
	return f
}

// each starts serving every connection until the listener is closed. Connections
// beyond the limit go to net/http. Temporary failures, such as too many open
// files, are waited out.
func (f *trackedListener) each(serve func(*connection)) error {
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
		f.server.inHandover.Add(1)
		f.server.passOn(c)
	}
}

// Close closes the listener; closing it again is no error.
func (f *trackedListener) Close() (err error) {
	f.once.Do(func() { err = f.Listener.Close() })
	return err
}

func (f *trackedListener) add(c *connection) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.open) >= f.server.maxFast {
		return false
	}
	f.open[c] = struct{}{}
	return true
}

func (f *trackedListener) remove(c *connection) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, c)
}

// closeAll closes all open connections.
func (f *trackedListener) closeAll() {
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

// connection is a connection served by fasthttp.
type connection struct {
	net.Conn
	front  *trackedListener
	remote netip.Addr
	// unread is set if the client may still be sending, so that closing at once could
	// discard the answer. muted is set if nothing more is answered. All are set by the
	// goroutine that serves the connection.
	unread, muted bool
	// received is set if bytes arrived since the last answer.
	received bool

	reading, writing deadline
}

// lingerTimeout is how long a client that is still sending may take to read its
// answer.
const lingerTimeout = 500 * time.Millisecond

// Read reads, and records that bytes arrived.
func (c *connection) Read(p []byte) (n int, err error) {
	if c.reading.needsSetting() {
		if err := c.Conn.SetReadDeadline(c.reading.now()); err != nil {
			return 0, err
		}
	}
	n, err = c.Conn.Read(p)
	c.received = c.received || n > 0
	return n, err
}

// Write writes, unless the connection is muted.
func (c *connection) Write(p []byte) (int, error) {
	if c.muted {
		return len(p), nil
	}
	if c.writing.needsSetting() {
		if err := c.Conn.SetWriteDeadline(c.writing.now()); err != nil {
			return 0, err
		}
	}
	c.received = false
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

// release returns the underlying connection, without deadlines.
func (c *connection) release() net.Conn {
	c.reading, c.writing = deadline{}, deadline{}
	_ = c.Conn.SetDeadline(time.Time{}) // it may be closed
	return c.Conn
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

// Close closes the connection; a client that is still sending may read its answer
// first.
func (c *connection) Close() error {
	c.front.remove(c)
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.unread && half.CloseWrite() == nil {
		_ = c.Conn.SetReadDeadline(time.Now().Add(lingerTimeout))
		_, _ = io.Copy(io.Discard, c.Conn) // until the client closes, or the deadline passes
	}
	return c.Conn.Close()
}
