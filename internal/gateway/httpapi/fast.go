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

// engine returns a fasthttp server with the handler's settings.
func (s *Server) engine() *fasthttp.Server {
	return &fasthttp.Server{
		Handler: s.serve, HeaderReceived: s.configureRequest, ErrorHandler: s.unreadable, Logger: quietLogger{s.log},
		ReadTimeout: headTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		ReadBufferSize: maxHeaderBytes, MaxRequestBodySize: mostVerifyBytes,
		NoDefaultServerHeader: true, NoDefaultContentType: true, SecureErrorLogMessage: true,
		DisablePreParseMultipartForm: true, CloseOnShutdown: true, KeepHijackedConns: true,
	}
}

// quietLogger logs that something failed, without fasthttp's details, which may
// contain parts of a request.
type quietLogger struct{ log *slog.Logger }

// Printf logs the format only.
func (q quietLogger) Printf(format string, _ ...any) {
	q.log.Debug("fasthttp, at the doors", "event", format)
}

// hotRoute returns the hot route that a request is for; "" if none.
func hotRoute(h *fasthttp.RequestHeader) string {
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

// configureRequest keeps fasthttp from reading a body that it need not know: it
// stays in the connection for net/http.
func (s *Server) configureRequest(h *fasthttp.RequestHeader) (same fasthttp.RequestConfig) {
	n := h.ContentLength()
	if hotRoute(h) != "/v1/verify" || n < 0 || n > mostVerifyBytes || len(h.Peek(fasthttp.HeaderExpect)) > 0 || n > 0 && !s.wantsBody(h) {
		h.SetContentLength(0)
		h.Del(fasthttp.HeaderExpect)
	}
	return same
}

// wantsBody reports whether the body of a request is read: answers to unknown
// tokens, and to what is not JSON, do not wait for it. A known token costs nothing
// here; an unknown one is checked again when the request is answered, from the
// verifier's memory.
func (s *Server) wantsBody(h *fasthttp.RequestHeader) bool {
	tokens := h.PeekAll("X-Portico-Gateway-Token")
	if len(tokens) != 1 || !jsonBody(text(h.ContentType())) {
		return false
	}
	_, err := s.handler.verifyToken(context.Background(), []string{text(tokens[0])})
	return err == nil
}

// serve answers a plain request to a hot route, and hands over any other.
func (s *Server) serve(ctx *fasthttp.RequestCtx) {
	d, c := s.handler, ctx.Conn().(*connection)
	k := d.begin()
	defer s.recoverPanic(ctx, c)
	hot, body, raw := hotRoute(&ctx.Request.Header), ctx.Request.Body(), ctx.Request.Header.RawHeaders()
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
		d.serveHot(context.Background(), k, hot, body, c)
	}
	k.answer.last = k.answer.last || k.head.last || s.closing.Load()
	write(&ctx.Response, &k.answer)
	d.end(k)
}

// serveHot answers a request to a hot route. k refers to fasthttp's buffers, which
// are valid until the answer is written: nothing may keep them. The verifier
// bounds its own waiting, so that the context need not end.
func (d *Handler) serveHot(ctx context.Context, k *requestState, hot string, body []byte, c *connection) {
	caller, err := d.verifyToken(ctx, k.head.token)
	switch {
	case err != nil:
		k.answer.unauthenticated(err)
	case hot == "/v1/authorize":
		d.authorizeCall(ctx, k, caller, c.remote)
	case !isJSON(k.head.contentType):
		k.answer.wrongType()
	case !utf8.Valid(body):
		k.answer.notUTF8()
	default:
		d.verifyJSON(ctx, k, caller, text(body))
	}
}

// text returns bytes as a string without copying.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) } //nolint:gosec // it does not outlive the bytes

// write copies an answer into fasthttp's response.
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

// recoverPanic answers INTERNAL after a panic, and closes the connection.
func (s *Server) recoverPanic(ctx *fasthttp.RequestCtx, c *connection) {
	p := recover()
	if p == nil {
		return
	}
	s.handler.logPanic(context.Background(), p)
	var a answer
	a.internalError()
	a.last, c.unread = true, true
	ctx.Response.Reset()
	ctx.Response.Header.SetNoDefaultContentType(true)
	write(&ctx.Response, &a)
}

// unreadable answers what fasthttp could not parse. A client that sends nothing
// more gets no answer, as with net/http: a gateway with an idle connection would
// take it for the answer to its next request.
func (s *Server) unreadable(ctx *fasthttp.RequestCtx, err error) {
	c := ctx.Conn().(*connection)
	var a answer
	var small *fasthttp.ErrSmallBuffer
	gone := errors.As(err, new(net.Error)) || errors.Is(err, net.ErrClosed)
	_, body := err.(net.Error) //nolint:errorlint // fasthttp wraps it while it reads a head, and not after
	switch {
	case errors.As(err, &small):
		a.problem(http.StatusRequestHeaderFieldsTooLarge, codeInvalid, "The head of the request is too large.")
	case gone && !(body && c.received):
		c.muted = true
		return
	case gone, errors.Is(err, io.ErrUnexpectedEOF):
		a.cutOff()
	default:
		a.malformed()
	}
	c.unread = !gone
	a.last = true
	// fasthttp sets a write deadline only for what serve answered.
	_ = c.SetWriteDeadline(time.Now().Add(s.fast.WriteTimeout)) // it never fails
	write(&ctx.Response, &a)
}
