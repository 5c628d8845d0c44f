package gqlhttp

import (
	"net/http"
	"time"

	"portico/internal/framing"
)

// Timeouts bound how long a connection may take over each stage.
type Timeouts struct {
	// Header is for the request's head, Read for all of the request.
	Header, Read time.Duration
	// Write is from the end of the head to the end of the answer, so it covers
	// Read, the request's own timeout and a slow reader.
	Write time.Duration
	// Idle is how long a connection is kept between requests.
	Idle time.Duration
}

// DefaultTimeouts cut a slow socket within 15 seconds, whichever way it is
// slow.
func DefaultTimeouts() Timeouts {
	return Timeouts{Header: 5 * time.Second, Read: 10 * time.Second, Write: 15 * time.Second, Idle: time.Minute}
}

// maxHeaderBytes has room for a GET with a large document and a token.
const maxHeaderBytes = 32 << 10

// Server returns an HTTP server that does not wait for slow clients, and that
// ends a connection on which requests may run into one another. An answer
// that goes on for longer, such as a stream of events, lifts the write
// deadline for itself through http.ResponseController.
func Server(addr string, h http.Handler, t Timeouts) *http.Server {
	return &http.Server{
		Addr: addr, Handler: framing.Handler(h),
		ReadHeaderTimeout: t.Header, ReadTimeout: t.Read, WriteTimeout: t.Write, IdleTimeout: t.Idle,
		MaxHeaderBytes: maxHeaderBytes,
	}
}
