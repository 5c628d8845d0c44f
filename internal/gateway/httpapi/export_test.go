package httpapi

import (
	"net"
	"net/http"
	"testing"
	"time"
)

// Hurry returns slow sockets less time, so that a test need not wait for it.
func (s *Server) Hurry(t *testing.T, read, write time.Duration) {
	t.Helper()
	HurryPlain(t, s.plain, read, write)
	if s.fast.ReadTimeout <= 0 || s.fast.WriteTimeout <= 0 || s.fast.IdleTimeout <= 0 || s.fast.ReadBufferSize != 32<<10 {
		t.Errorf("a time has no end: %+v", s.fast)
	}
	s.fast.ReadTimeout, s.fast.WriteTimeout = read, write
}

// HurryPlain is Hurry for net/http alone.
func HurryPlain(t *testing.T, s *http.Server, read, write time.Duration) {
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
		s.doors.ServeHTTP(w, r)
	})
}

// BoundStreams lets most requests of HTTP/2 be open at once.
func BoundStreams(h http.Handler, most int64) http.Handler { return boundStreams(h, most) }

// Crowd lets fasthttp have so many connections. To be called before Serve.
func (s *Server) Crowd(most int) { s.most = most }

// Converse serves one connection by fasthttp until it ends.
func (s *Server) Converse(c net.Conn) { s.converse(&connection{Conn: c, front: newFront(nil, s)}) }
