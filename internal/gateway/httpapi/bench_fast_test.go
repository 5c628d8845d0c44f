package httpapi_test

import (
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"portico/clients/go/gate/verdict"
	"portico/internal/clock"
	"portico/internal/gateway"
	"portico/internal/gateway/httpapi"
)

// replayConn is a connection that says the same so many times, and hears nothing.
type replayConn struct {
	text  []byte
	at, n int
	done  chan struct{} // closed with it
	once  sync.Once
}

func (t *replayConn) Read(p []byte) (int, error) {
	if t.at == len(t.text) {
		t.at = 0
		t.n--
	}
	if t.n == 0 {
		return 0, io.EOF
	}
	n := copy(p, t.text[t.at:])
	t.at += n
	return n, nil
}

func (t *replayConn) Write(p []byte) (int, error)      { return len(p), nil }
func (t *replayConn) Close() error                     { t.once.Do(func() { close(t.done) }); return nil }
func (t *replayConn) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
func (t *replayConn) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2} }
func (t *replayConn) SetDeadline(time.Time) error      { return nil }
func (t *replayConn) SetReadDeadline(time.Time) error  { return nil }
func (t *replayConn) SetWriteDeadline(time.Time) error { return nil }

// connListener is a listener of connections that are there already.
type connListener chan net.Conn

func (r connListener) Accept() (net.Conn, error) {
	c, ok := <-r
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (r connListener) Close() error   { close(r); return nil }
func (r connListener) Addr() net.Addr { return &net.TCPAddr{} }

// benchmarkRequests measures requests through fasthttp and the handler, without
// sockets.
func benchmarkRequests(b *testing.B, text string) {
	g := &quickVerifier{full: fullVerdict(verdict.Valid), caller: gateway.Caller{Organization: organization()}}
	s := httpapi.NewServer(httpapi.New(httpapi.Options{Verifier: g, Usage: &fakeUsage{}, Peer: peer, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}))
	r := make(connListener, 1)
	go func() { _ = s.Serve(r) }()
	defer s.Close()
	b.ReportAllocs()
	t := &replayConn{text: []byte(text), n: b.N, done: make(chan struct{})}
	r <- t
	<-t.done
}

func BenchmarkFastVerify(b *testing.B) {
	benchmarkRequests(b, rawRequest("POST", "/v1/verify", question))
}

func BenchmarkFastAuthorize(b *testing.B) {
	benchmarkRequests(b, rawRequest("GET", "/v1/authorize", "", "X-Portico-Product: testServer", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /orders/1", "X-Forwarded-For: 192.0.2.1",
		"X-API-Key: ptk_0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9t0u1_4gfFC3"))
}
