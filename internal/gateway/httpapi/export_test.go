package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"portico/internal/address"
)

// SetTimeouts returns slow sockets less time, so that a test need not wait for it.
func (s *Server) SetTimeouts(t *testing.T, read, write time.Duration) {
	t.Helper()
	SetPlainTimeouts(t, s.plain, read, write)
	if s.fast.ReadTimeout <= 0 || s.fast.WriteTimeout <= 0 || s.fast.IdleTimeout <= 0 || s.fast.ReadBufferSize != 8<<10 {
		t.Errorf("a time has no end: %+v", s.fast)
	}
	s.fast.ReadTimeout, s.fast.WriteTimeout = read, write
}

// SetPlainTimeouts is SetTimeouts for net/http alone.
func SetPlainTimeouts(t *testing.T, s *http.Server, read, write time.Duration) {
	t.Helper()
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes != 32<<10 {
		t.Errorf("a time has no end: %+v", s)
	}
	s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout = read, read, write
}

// Watch calls seen with each request that net/http answers. To be called
// before Serve.
func (s *Server) Watch(seen func(*http.Request)) {
	s.plain.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen(r)
		s.handler.ServeHTTP(w, r)
	})
}

// BoundStreams lets most requests of HTTP/2 be open at once, share of one client.
func BoundStreams(h http.Handler, most int64, share int) http.Handler {
	return boundStreams(h, most, address.NewShares(share, netip.Addr.IsLoopback))
}

// SetMaxFast lets fasthttp have so many connections. To be called before Serve.
func (s *Server) SetMaxFast(most int) { s.maxFast = most }

// ServeConn serves one connection by fasthttp until it ends.
func (s *Server) ServeConn(c net.Conn) {
	s.serveConn(newConnection(c, newTrackedListener(nil, s)))
}
