package door

import (
	"net/http"
	"time"
)

// maxHeaderBytes has room for what forwarding proxies pass on of a caller.
const maxHeaderBytes = 64 << 10

// Server gives a server for the doors: HTTP/1.1, and HTTP/2 without TLS, which
// gRPC needs, on the same listener. It does not wait for slow sockets; the
// feed lifts its deadlines for itself.
func Server(addr string, h http.Handler) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Addr: addr, Handler: h, Protocols: protocols, MaxHeaderBytes: maxHeaderBytes,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 15 * time.Second,
		// Longer than gateways keep their idle connections, so that it is they
		// who close, and no call meets a closing one.
		IdleTimeout: 2 * time.Minute,
		HTTP2:       &http.HTTP2Config{MaxConcurrentStreams: 1000},
	}
}
