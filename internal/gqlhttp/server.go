package gqlhttp

import (
	"net/http"
	"time"

	"portico/internal/framing"
)

// Timeouts bound how long a connection may take over each stage.
type Timeouts struct {
	// Header bounds reading the request's head, Read the whole request.
	Header, Read time.Duration
	// Write is from the end of the head to the end of the answer, so it covers
	// Read, the request's own timeout and a slow reader.
	Write time.Duration
	// Idle is how long a connection is kept between requests.
	Idle time.Duration
}

// DefaultTimeouts close a slow connection within 15 seconds, at whichever stage
// it is slow.
func DefaultTimeouts() Timeouts {
	return Timeouts{Header: 5 * time.Second, Read: 10 * time.Second, Write: 15 * time.Second, Idle: time.Minute}
}

// maxHeaderBytes has room for a GET with a large document and a token.
const maxHeaderBytes = 32 << 10

// Server returns an HTTP server that does not wait for slow clients, and that
// closes a connection on which requests may run into one another. An answer that
// takes longer, such as a stream of events, lifts its write deadline through
// http.ResponseController.
func Server(addr string, h http.Handler, t Timeouts) *http.Server {
	return &http.Server{
		Addr: addr, Handler: framing.Handler(h),
		ReadHeaderTimeout: t.Header, ReadTimeout: t.Read, WriteTimeout: t.Write, IdleTimeout: t.Idle,
		MaxHeaderBytes: maxHeaderBytes,
	}
}
