package httpapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/valyala/fasthttp"

	"portico/internal/framing"
)

// engine is fasthttp with the doors' settings.
func (s *Server) engine() *fasthttp.Server {
	return &fasthttp.Server{
		Handler: s.serve, HeaderReceived: s.leaveBody, ErrorHandler: s.unreadable, Logger: quiet{s.log},
		ReadTimeout: headTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		ReadBufferSize: maxHeaderBytes, MaxRequestBodySize: mostVerifyBytes,
		NoDefaultServerHeader: true, NoDefaultContentType: true, SecureErrorLogMessage: true,
		DisablePreParseMultipartForm: true, CloseOnShutdown: true, KeepHijackedConns: true,
	}
}

// quiet logs that something failed, and nothing of what fasthttp tells about
// it: that may hold parts of a request.
type quiet struct{ log *slog.Logger }

// Printf logs the format alone.
func (q quiet) Printf(format string, _ ...any) {
	q.log.Debug("fasthttp, at the doors", "event", format)
}

// door returns which of the hot doors a request is for; "" for none.
func hotDoor(h *fasthttp.RequestHeader) string {
	if string(h.Protocol()) != "HTTP/1.1" {
		return ""
	}
	switch string(h.RequestURI()) {
	case "/v1/verify":
		if h.IsPost() {
			return "/v1/verify"
		}
	case "/v1/authorize":
		switch string(h.Method()) {
		case "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
			return "/v1/authorize"
		}
	}
	return ""
}

// leaveBody keeps fasthttp from reading a body that it does not have to know:
// it stays in the connection, as it came, for net/http.
func (s *Server) leaveBody(h *fasthttp.RequestHeader) (same fasthttp.RequestConfig) {
	n := h.ContentLength()
	if hotDoor(h) != "/v1/verify" || n < 0 || n > mostVerifyBytes || len(h.Peek(fasthttp.HeaderExpect)) > 0 || n > 0 && !s.reads(h) {
		h.SetContentLength(0)
		h.Del(fasthttp.HeaderExpect)
	}
	return same
}

// reads reports whether the body of a question is read: the answers to strangers,
// and to what is no JSON, do not wait for it. A token that is known costs nothing
// here; one that is not is asked about again when the request is answered, and
// then the gate remembers.
func (s *Server) reads(h *fasthttp.RequestHeader) bool {
	tokens := h.PeekAll("X-Portico-Gateway-Token")
	if len(tokens) != 1 || !jsonBody(text(h.ContentType())) {
		return false
	}
	_, err := s.doors.believe(context.Background(), []string{text(tokens[0])})
	return err == nil
}

// serve answers a plain request to a hot door, and hands over any other.
func (s *Server) serve(ctx *fasthttp.RequestCtx) {
	d, c := s.doors, ctx.Conn().(*connection)
	k := d.begin()
	defer s.unbroken(ctx, c)
	hot, body, raw := hotDoor(&ctx.Request.Header), ctx.Request.Body(), ctx.Request.Header.RawHeaders()
	switch plain := hot != "" && k.head.read(text(raw)); {
	case !plain,
		hot == "/v1/verify" && len(body) != max(0, k.head.length),
		hot == "/v1/authorize" && k.head.length > 0:
		if !framing.TwoLengths(text(raw)) {
			d.end(k)
			s.handOver(ctx, c)
			return
		}
		k.answer.malformed()
		c.unread = true
	default:
		d.open(context.Background(), k, hot, body, c)
	}
	k.answer.last = k.answer.last || k.head.last || s.closing.Load()
	write(&ctx.Response, &k.answer)
	d.end(k)
}

// open asks at a hot door. What k holds are parts of fasthttp's buffers, which
// are good until the answer is written: nobody keeps them. The gate waits for
// nothing longer than its own patience, so that the context need not end.
func (d *Handler) open(ctx context.Context, k *work, hot string, body []byte, c *connection) {
	caller, err := d.believe(ctx, k.head.token)
	switch {
	case err != nil:
		k.answer.unbelieved(err)
	case hot == "/v1/authorize":
		d.authorizing(ctx, k, caller, c.remote)
	case !isJSON(k.head.contentType):
		k.answer.wrongType()
	case !utf8.Valid(body):
		k.answer.notUTF8()
	default:
		d.verifying(ctx, k, caller, text(body))
	}
}

// text looks at bytes as a text, without a copy.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) } //nolint:gosec // it does not outlive the bytes

// write puts an answer into fasthttp's, which keeps copies.
func write(r *fasthttp.Response, a *answer) {
	r.SetStatusCode(a.status)
	h := &r.Header
	h.DisableNormalizing() // the names are in their form already
	start := 0
	for i := range a.set.n {
		h.AddBytesV(a.set.names[i], a.set.buffer[start:a.set.ends[i]])
		start = a.set.ends[i]
	}
	if a.noStore {
		h.Add("Cache-Control", "no-store")
	}
	if a.kind != "" {
		h.SetContentType(a.kind)
	}
	if a.last {
		r.SetConnectionClose()
	}
	r.SetBody(a.body)
}

// unbroken answers INTERNAL where a door panics, and closes the connection.
func (s *Server) unbroken(ctx *fasthttp.RequestCtx, c *connection) {
	p := recover()
	if p == nil {
		return
	}
	s.doors.noteBroken(context.Background(), p)
	var a answer
	a.broken()
	a.last, c.unread = true, true
	ctx.Response.Reset()
	ctx.Response.Header.SetNoDefaultContentType(true)
	write(&ctx.Response, &a)
}

// unreadable answers what fasthttp could not read. Who sends nothing more is
// told nothing, as by net/http: a gateway that holds an unused connection
// would take it for the answer to its next request.
func (s *Server) unreadable(ctx *fasthttp.RequestCtx, err error) {
	c := ctx.Conn().(*connection)
	var a answer
	var small *fasthttp.ErrSmallBuffer
	gone := errors.As(err, new(net.Error)) || errors.Is(err, net.ErrClosed)
	_, body := err.(net.Error) //nolint:errorlint // fasthttp wraps it while it reads a head, and not after
	switch {
	case errors.As(err, &small):
		a.problem(http.StatusRequestHeaderFieldsTooLarge, codeInvalid, "The head of the request is too large.")
	case gone && !(body && c.heard):
		c.mute = true
		return
	case gone, errors.Is(err, io.ErrUnexpectedEOF):
		a.cutOff()
	default:
		a.malformed()
	}
	c.unread = !gone
	a.last = true
	// fasthttp returns time to write only to what serve answered.
	_ = c.SetWriteDeadline(time.Now().Add(s.fast.WriteTimeout)) // it never fails
	write(&ctx.Response, &a)
}
