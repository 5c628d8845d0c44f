package httpapi

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"portico/internal/seldom"
)

// The pauses after a failure to accept a connection.
const minAcceptPause, maxAcceptPause = 5 * time.Millisecond, time.Second

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
	pauses := backoff.ExponentialBackOff{InitialInterval: minAcceptPause, Multiplier: 2, MaxInterval: maxAcceptPause}
	pauses.Reset()
	for {
		c, err := f.Accept()
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err != nil {
			f.server.log.Warn("a gateway's connection could not be accepted", seldom.Line(seldom.Connections), "error", err)
			time.Sleep(pauses.NextBackOff())
			continue
		}
		pauses.Reset()
		if mine := newConnection(c, f); f.add(mine) {
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
