package httpapi

import (
	"net/http"
	"net/url"
	"sync/atomic"

	"portico/internal/address"
)

const (
	// streamsPerConnection is how many requests Envoy has open on a connection before
	// it opens another, and the least that RFC 9113 recommends.
	streamsPerConnection = 100
	// mostStreams bounds the open HTTP/2 requests on all connections, streamsShare
	// those of one client.
	mostStreams, streamsShare = 8192, mostStreams / 2
	// Bytes of bodies that are received and not read yet.
	unreadPerStream, unreadPerConnection = 64 << 10, 256 << 10
)

// http2Bounds returns the limits of one HTTP/2 connection.
func http2Bounds() *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams:      streamsPerConnection,
		MaxReceiveBufferPerStream: unreadPerStream, MaxReceiveBufferPerConnection: unreadPerConnection,
	}
}

// boundStreams bounds the memory used for HTTP/2 clients that do not read their
// answers, of which each connection may have many. A request's head is released as
// soon as the request is answered, not when the answer has been read; and at most
// most requests are open at once, and a share of them for each client. A stream
// beyond them is reset.
func boundStreams(next http.Handler, most int64, shares *address.Shares) http.Handler {
	var open atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			next.ServeHTTP(w, r)
			return
		}
		remote, _ := address.ParseHost(r.RemoteAddr)
		leave, ok := shares.Enter(remote)
		if !ok {
			panic(http.ErrAbortHandler)
		}
		defer leave()
		defer open.Add(-1)
		if open.Add(1) > most {
			panic(http.ErrAbortHandler) // an answer might not be read either
		}
		next.ServeHTTP(w, r)
		clear(r.Header)
		r.URL, r.RequestURI, r.Host = &url.URL{}, "", ""
		_ = http.NewResponseController(w).Flush() // it returns when the client has taken it
	})
}
