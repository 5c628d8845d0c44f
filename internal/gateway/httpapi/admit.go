package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"portico/internal/framing"
	"portico/internal/jsonbody"
)

const (
	// firstBuffer is enough for a head and body of the usual length. fastHeaderBytes
	// is the longest head that fasthttp reads, which keeps a buffer of that length for
	// each connection; longer ones are net/http's.
	firstBuffer, fastHeaderBytes = 2 << 10, 8 << 10
)

// plainRequest is a request that fasthttp may read: to a hot route, and read alike
// by every server. Its texts are parts of the connection's buffer.
type plainRequest struct {
	route string // /v1/verify or /v1/authorize
	rawHead
}

// admission is what is to be done with a request that has arrived so far.
type admission int

const (
	incomplete admission = iota
	plain
	other // net/http reads it
	ambiguous
	overlong
	notHTTP
)

// await waits for the next request and reports whether it is plain. If not, the
// connection is net/http's from here on, or has ended.
func (c *connection) await() (is bool) {
	c.in = append(c.in[:0], c.ahead...)
	defer func() { c.receiving.Store(is) }()
	for {
		for bytes.HasPrefix(c.in, []byte("\r\n")) { // old clients end bodies with it (RFC 9112, section 2.2)
			c.in = c.in[len("\r\n"):]
		}
		c.ahead = c.in
		c.receiving.Store(len(c.in) > 0)
		switch c.admit() {
		case plain:
			return true
		case other:
			c.leaving.Store(true)
			return false
		case ambiguous, notHTTP:
			c.refuse((*answer).malformed)
			return false
		case overlong:
			c.refuse((*answer).headTooLarge)
			return false
		case incomplete:
		}
		if len(c.in) > 0 {
			c.boundHead()
		}
		if err := c.more(); err != nil {
			// net/http knows what to answer to half a head; a client that falls silent
			// gets no answer: it could take it for the one to its next request.
			c.leaving.Store(errors.Is(err, io.EOF) && len(c.in) > 0)
			return false
		}
	}
}

// boundHead lets the rest of a head arrive in the time that it may take. The
// deadline may be earlier: it then is that of the connection's first request.
func (c *connection) boundHead() {
	if end := time.Now().Add(c.server.fast.ReadTimeout); c.reading.wanted.IsZero() || end.Before(c.reading.wanted) {
		c.reading.wanted = end
	}
}

// more receives more of a head.
func (c *connection) more() error {
	switch {
	case cap(c.in) == 0:
		c.in = make([]byte, 0, firstBuffer)
	case len(c.in) == cap(c.in):
		c.in = append(make([]byte, 0, 2*cap(c.in)), c.in...)
	}
	n, err := c.receive(c.in[len(c.in):cap(c.in)])
	c.in = c.in[:len(c.in)+n]
	if n > 0 {
		return nil
	}
	return err
}

// admit decides about the request at the start of the buffer, by its whole head.
func (c *connection) admit() admission {
	text := text(c.in)
	end := strings.Index(text, "\n\r\n")
	switch {
	case end < 0 && strings.Contains(text, "\n\n"):
		return other
	case end < 0 && len(text) >= maxHeaderBytes, end >= maxHeaderBytes:
		return overlong
	case end < 0:
		return incomplete
	}
	head := text[:end+len("\n\r\n")]
	line, fields, _ := strings.Cut(head, "\r\n")
	c.request = plainRequest{route: hotRoute(line)}
	r := &c.request
	switch {
	case r.route != "" && r.read(fields):
	case framing.TwoLengths(fields):
		return ambiguous
	case !strings.Contains(line, " HTTP/"):
		return notHTTP
	default:
		return other
	}
	body := max(0, r.length)
	arrived := len(text) - len(head)
	if len(head) > fastHeaderBytes || r.route == "/v1/authorize" && body > 0 || body > mostVerifyBytes || arrived < body && !c.server.wantsBody(&r.head) {
		return other
	}
	c.left = len(head) + body
	return plain
}

// hotRoute returns the hot route that a request line asks for; "" if none.
func hotRoute(line string) string {
	if line == "POST /v1/verify HTTP/1.1" {
		return "/v1/verify"
	}
	switch method, found := strings.CutSuffix(line, " /v1/authorize HTTP/1.1"); {
	case !found:
		return ""
	case method == "GET", method == "POST", method == "PUT", method == "PATCH", method == "DELETE", method == "OPTIONS":
		return "/v1/authorize"
	}
	return ""
}

// wantsBody reports whether the body of a request to /v1/verify is waited for:
// unknown tokens, and what is not JSON, are answered without.
func (s *Server) wantsBody(h *head) bool {
	if !jsonbody.IsJSON(h.contentType) {
		return false
	}
	_, err := s.handler.verifyToken(context.Background(), h.token)
	return err == nil
}

// refuse answers what no engine shall read; the connection ends.
func (c *connection) refuse(set func(*answer)) {
	var a answer
	set(&a)
	c.ahead, c.unread = nil, true
	c.writing.wanted = time.Now().Add(c.server.fast.WriteTimeout)
	r := http.Response{
		StatusCode: a.status, ProtoMajor: 1, ProtoMinor: 1, Close: true,
		Header:        http.Header{"Content-Type": {a.kind}, "Cache-Control": {"no-store"}, "Date": {time.Now().UTC().Format(http.TimeFormat)}},
		ContentLength: int64(len(a.body)), Body: io.NopCloser(bytes.NewReader(a.body)),
	}
	_ = r.Write(c) // the client may have gone
}
