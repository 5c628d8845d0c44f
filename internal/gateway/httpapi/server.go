package httpapi

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"portico/internal/address"
	"portico/internal/framing"
	"portico/internal/seldom"
)

const (
	// maxHeaderBytes is enough for the caller's headers that forwarding proxies pass
	// on: as much as nginx takes by default, and twice a token of 16 KiB.
	maxHeaderBytes = 32 << 10

	headTime, readTime, writeTime = 5 * time.Second, 10 * time.Second, 15 * time.Second
	// idleTime is longer than gateways keep their idle connections, so that they close
	// them first, and no call meets a closing connection.
	idleTime = 2 * time.Minute
	// maxFastConns is how many connections fasthttp serves at a time, each of which
	// costs a buffer. Those beyond go to net/http from the start.
	maxFastConns = 1024
)

// HTTPServer returns a net/http server with the package's settings: HTTP/1.1, and
// HTTP/2 without TLS, which gRPC needs. It times out slow connections, and ends a
// connection on which requests may run into one another; the feed extends its own
// deadlines. Addresses for which carriesOthers returns true may have more than
// one client's share of the streams.
func HTTPServer(h http.Handler, carriesOthers func(netip.Addr) bool) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler: framing.Handler(boundStreams(h, mostStreams, address.NewShares(streamsShare, carriesOthers))), Protocols: protocols, MaxHeaderBytes: maxHeaderBytes,
		ReadHeaderTimeout: headTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		HTTP2: http2Bounds(),
	}
}

// Server serves a Handler on one listener with two engines: fasthttp the plain
// requests to /v1/verify and /v1/authorize, net/http all others. The heads of a
// connection's requests are looked at before an engine reads them; from the first
// that is not plain the connection is net/http's. So each request is read by one
// engine only, and a connection changes engine at most once, between two requests.
type Server struct {
	handler *Handler
	log     *slog.Logger
	fast    *fasthttp.Server
	plain   *http.Server
	// handovers is the listener of plain. idle never returns a connection: fast is
	// passed its connections directly, but needs a listener to be shut down.
	handovers, idle *handoverListener
	// maxFast is how many connections fast may serve.
	maxFast int
	// inHandover counts the connections on their way from one engine to the other.
	inHandover sync.WaitGroup

	closing atomic.Bool
	mu      sync.Mutex
	front   *trackedListener // nil before Serve
}

// NewServer returns a Server for a Handler.
func NewServer(d *Handler) *Server {
	s := &Server{handler: d, log: d.Log, maxFast: maxFastConns, plain: HTTPServer(d, d.trusts), handovers: newHandoverListener(), idle: newHandoverListener()}
	s.fast = s.engine()
	s.plain.ErrorLog = slog.NewLogLogger(d.Log.Handler().WithAttrs([]slog.Attr{seldom.Line(seldom.Connections)}), slog.LevelWarn)
	s.plain.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.inHandover.Done() // from here on plain knows it
		}
	}
	return s
}

// Serve accepts connections until Shutdown or Close, and then returns
// http.ErrServerClosed. It may be called once.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	s.front = newTrackedListener(l, s)
	s.mu.Unlock()
	if s.closing.Load() {
		_ = s.front.Close()
		s.front.running.Done() // it will never begin, and Shutdown waits for its end
		return http.ErrServerClosed
	}
	s.handovers.address = l.Addr()
	failed := make(chan error, 3)
	go func() { failed <- s.plain.Serve(s.handovers) }()
	go func() { failed <- s.fast.Serve(s.idle) }()
	go func() { failed <- s.front.each(s.serveConn) }()
	err := <-failed
	if s.closing.Load() {
		return http.ErrServerClosed
	}
	_ = s.Close() // one engine is no server
	return cmp.Or(err, net.ErrClosed)
}

// serveConn serves a connection. fasthttp does not recover from panics: a defect
// in its parsing must not end the process.
func (s *Server) serveConn(c *connection) {
	defer func() {
		if p := recover(); p != nil {
			s.handler.logPanic(context.Background(), p)
		}
		c.receiving.Store(false)
		_ = c.Close() // it may be closed already
	}()
	_ = s.fast.ServeConn(c) // a client's mistakes are answered, not logged
	if c.leaving.Load() {
		s.inHandover.Add(1)
		c.front.remove(c)
		s.passOn(c.release())
	}
}

// Shutdown stops accepting connections, answers the requests that have begun,
// closes idle connections, and returns ctx's error if that takes too long.
func (s *Server) Shutdown(ctx context.Context) error {
	s.closing.Store(true)
	if front := s.listener(); front != nil {
		_ = front.Close() // before fast, which may not have begun with it
	}
	s.plain.SetKeepAlivesEnabled(false) // its idle connections close while fast ends
	if err := s.fast.ShutdownWithContext(ctx); err != nil {
		return err
	}
	if err := s.waitIdle(ctx); err != nil {
		return err
	}
	return s.plain.Shutdown(ctx)
}

// waitIdle waits until fast has no connection, not even one that was just
// accepted, and then until none is in handover.
func (s *Server) waitIdle(ctx context.Context) error {
	settled := make(chan struct{})
	go func() {
		defer close(settled)
		if front := s.listener(); front != nil {
			front.running.Wait()
		}
		s.inHandover.Wait()
	}()
	select {
	case <-settled:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close closes every connection at once.
func (s *Server) Close() error {
	s.closing.Store(true)
	if front := s.listener(); front != nil {
		_ = front.Close() // it may be closed already
		front.closeAll()
	}
	_ = s.idle.Close() // it never fails
	return s.plain.Close()
}

// listener returns the listener of Serve; nil before.
func (s *Server) listener() *trackedListener {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.front
}
