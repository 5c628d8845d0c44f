package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/valyala/fasthttp"

	"portico/internal/jsonbody"
)

// engine returns a fasthttp server with the handler's settings. It reads plain
// requests only, and no byte beyond the one that it serves.
func (s *Server) engine() *fasthttp.Server {
	return &fasthttp.Server{
		Handler: s.serve, ErrorHandler: s.unreadable, Logger: quietLogger{s.log},
		ReadTimeout: headTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		ReadBufferSize: fastHeaderBytes, MaxRequestBodySize: mostVerifyBytes,
		NoDefaultServerHeader: true, NoDefaultContentType: true, SecureErrorLogMessage: true,
		DisablePreParseMultipartForm: true, CloseOnShutdown: true,
	}
}

// quietLogger logs that something failed, without fasthttp's details, which may
// contain parts of a request.
type quietLogger struct{ log *slog.Logger }

// Printf logs the format only.
func (q quietLogger) Printf(format string, _ ...any) {
	q.log.Debug("fasthttp, for gateways", "event", format)
}

// serve answers a plain request.
func (s *Server) serve(ctx *fasthttp.RequestCtx) {
	d, c := s.handler, ctx.Conn().(*connection)
	k := d.begin()
	defer s.recoverPanic(ctx, c)
	k.head = c.request.head
	if body := ctx.Request.Body(); c.left == 0 && len(body) == max(0, c.request.length) {
		d.serveHot(context.Background(), k, c.request.route, body, c.remote)
	} else { // fasthttp has read another request than was admitted
		k.answer.malformed()
		c.unread = true
	}
	k.answer.last = k.answer.last || c.request.last || s.closing.Load()
	write(&ctx.Response, &k.answer)
	d.end(k)
}

// serveHot answers a request to a hot route. k refers to the connection's buffer,
// which is valid until the answer is written: nothing may keep its texts. The
// verifier bounds its own waiting, so that the context need not end.
func (h *Handler) serveHot(ctx context.Context, k *requestState, route string, body []byte, remote netip.Addr) {
	caller, err := h.verifyToken(ctx, k.head.token)
	switch {
	case err != nil:
		k.answer.unauthenticated(err)
	case route == "/v1/authorize":
		h.authorizeCall(ctx, k, caller, remote)
	case !jsonbody.IsJSON(k.head.contentType):
		k.answer.wrongType()
	case !utf8.Valid(body):
		k.answer.notUTF8()
	default:
		h.verifyJSON(ctx, k, caller, text(body))
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

// unreadable answers a plain request whose body did not arrive, or that fasthttp
// could not read.
func (s *Server) unreadable(ctx *fasthttp.RequestCtx, err error) {
	c := ctx.Conn().(*connection)
	var a answer
	if c.left > 0 {
		a.cutOff()
	} else {
		a.malformed()
	}
	gone := errors.As(err, new(net.Error)) || errors.Is(err, net.ErrClosed)
	a.last, c.unread = true, !gone
	// fasthttp sets a write deadline only for what serve answered.
	_ = c.SetWriteDeadline(time.Now().Add(s.fast.WriteTimeout)) // it never fails
	write(&ctx.Response, &a)
}
