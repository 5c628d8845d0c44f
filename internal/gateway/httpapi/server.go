package httpapi

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"portico/internal/framing"
)

const (
	// maxHeaderBytes has room for what forwarding proxies pass on of a caller:
	// as much as nginx takes by default, and twice a token of 16 KiB.
	maxHeaderBytes = 32 << 10

	headTime, readTime, writeTime = 5 * time.Second, 10 * time.Second, 15 * time.Second
	// idleTime is longer than gateways keep their idle connections, so that it
	// is they who close, and no call meets a closing one.
	idleTime = 2 * time.Minute
	// mostFast is how many connections fasthttp has at a time: each costs it a
	// buffer of maxHeaderBytes. Those beyond are net/http's from the start.
	mostFast = 1024
)

// HTTPServer returns a server of net/http with the doors' settings: HTTP/1.1, and
// HTTP/2 without TLS, which gRPC needs. It does not wait for slow sockets, and ends a
// connection on which requests may run into one another; the feed lifts its
// deadlines for itself.
func HTTPServer(h http.Handler) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler: framing.Handler(boundStreams(h, mostStreams)), Protocols: protocols, MaxHeaderBytes: maxHeaderBytes,
		ReadHeaderTimeout: headTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		HTTP2: http2Bounds(),
	}
}

// Server serves the doors on one listener by two engines. fasthttp reads a
// connection until it meets a request that is not a plain one to /v1/verify or
// /v1/authorize; that request and the connection then go to net/http for good.
type Server struct {
	doors *Handler
	log   *slog.Logger
	fast  *fasthttp.Server
	plain *http.Server
	// moved is the listener of plain; idle gives fast none: it is handed its
	// connections, but needs a listener to be shut down.
	moved, idle *moves
	// most is how many connections fast may have.
	most int
	// moving counts the connections on their way from one engine to the other.
	moving sync.WaitGroup

	closing atomic.Bool
	mu      sync.Mutex
	front   *front // nil before Serve
}

// NewServer returns a server of the doors.
func NewServer(d *Handler) *Server {
	s := &Server{doors: d, log: d.Log, most: mostFast, plain: HTTPServer(d), moved: newMoves(), idle: newMoves()}
	s.fast = s.engine()
	s.plain.ErrorLog = slog.NewLogLogger(d.Log.Handler(), slog.LevelWarn)
	s.plain.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.moving.Done() // from here on plain knows it
		}
	}
	return s
}

// Serve takes connections until Shutdown or Close, and then gives
// http.ErrServerClosed. It may be called once.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	s.front = newFront(l, s)
	s.mu.Unlock()
	if s.closing.Load() {
		_ = s.front.Close()
		s.front.running.Done() // it will never begin, and Shutdown waits for its end
		return http.ErrServerClosed
	}
	s.moved.address = l.Addr()
	failed := make(chan error, 3)
	go func() { failed <- s.plain.Serve(s.moved) }()
	go func() { failed <- s.fast.Serve(s.idle) }()
	go func() { failed <- s.front.each(s.converse) }()
	err := <-failed
	if s.closing.Load() {
		return http.ErrServerClosed
	}
	_ = s.Close() // one engine is no server
	return cmp.Or(err, net.ErrClosed)
}

// converse answers what comes on a connection. fasthttp recovers from nothing:
// a defect in its reading of requests must not end the process.
func (s *Server) converse(c *connection) {
	defer func() {
		if p := recover(); p != nil {
			s.doors.noteBroken(context.Background(), p)
			_ = c.Close()
		}
	}()
	_ = s.fast.ServeConn(c) // what a client does wrong it is told, not the log
}

// Shutdown takes no new connections, answers the requests that have begun,
// closes idle connections, and gives ctx's error if that takes too long.
func (s *Server) Shutdown(ctx context.Context) error {
	s.closing.Store(true)
	if front := s.listener(); front != nil {
		_ = front.Close() // before fast, which may not have begun with it
	}
	s.plain.SetKeepAlivesEnabled(false) // its idle connections close while fast ends
	if err := s.fast.ShutdownWithContext(ctx); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	return s.plain.Shutdown(ctx)
}

// settle waits until fast has no connection, not even one that was accepted
// last, and then until none is on its way from it.
func (s *Server) settle(ctx context.Context) error {
	settled := make(chan struct{})
	go func() {
		defer close(settled)
		if front := s.listener(); front != nil {
			front.running.Wait()
		}
		s.moving.Wait()
	}()
	select {
	case <-settled:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends every connection at once.
func (s *Server) Close() error {
	s.closing.Store(true)
	if front := s.listener(); front != nil {
		_ = front.Close() // it may be closed already
		front.closeAll()
	}
	_ = s.idle.Close() // it never fails
	return s.plain.Close()
}

// listener returns the one of Serve, nil before.
func (s *Server) listener() *front {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.front
}
