package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
	"portico/internal/backlog"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/seldom"
)

// Verifier decides about calls: a *gateway.Verifier.
type Verifier interface {
	Caller(ctx context.Context, token string) (*gateway.Caller, error)
	Verify(ctx context.Context, c *gateway.Caller, r *gateway.Request, v *verdict.Verdict)
	Feed(ctx context.Context, c *gateway.Caller, after int64, wait time.Duration, yield func(*keycache.Change) error) error
}

// Options configure a Handler. All fields are required.
type Options struct {
	Verifier Verifier
	Usage    Usage
	// Peer returns the address of the caller that a gateway asks about, and whether
	// the sender of the request is trusted to say which method and URI it asks about:
	// one on loopback, or a listed proxy. remote is the peer of the connection, not
	// valid if it has no address; forwarded is X-Forwarded-For, with duplicates joined
	// by commas.
	Peer  func(remote netip.Addr, forwarded string) (address netip.Addr, trusted bool)
	Clock clock.Clock
	Log   *slog.Logger
}

// Handler serves all routes. It checks the gateway's token and recovers from
// panics. A Server serves the hot routes without going through ServeHTTP.
type Handler struct {
	Options
	refusals []refusal // by verdict.Code
	envoy    *grpc.Server
	states   sync.Pool // of *work
	batches  *backlog.Room
	bodies   *backlog.Room
	// Header fields that never change, so that no answer allocates them.
	json, noStore []string
}

// New returns a Handler.
func New(o Options) *Handler {
	d := &Handler{Options: o, refusals: newRefusals(), batches: backlog.NewRoom(maxBatches, maxBatchesPerToken, maxBatchesWaiting),
		bodies: backlog.NewRoom(bodyRoom, bodyShare, bodyLine), json: []string{jsonType}, noStore: []string{"no-store"}}
	d.envoy = newEnvoy(d)
	return d
}

// trusts reports whether an address is one of a trusted sender, as of Peer.
func (h *Handler) trusts(remote netip.Addr) bool {
	_, trusted := h.Peer(remote, "")
	return trusted
}

// Batches returns how many batches are being answered and the most that may be at
// once, how many wait, and how many were turned away.
func (h *Handler) Batches() (used, most, waiting, refused int64) { return h.batches.Load() }

// ServeHTTP serves the route of the request's path.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer h.recoverPanic(w, r)
	answerBeforeBody(w, r)
	switch r.URL.Path {
	case "/v1/verify":
		h.with(w, r, http.MethodPost, h.verify)
	case "/v1/authorize":
		h.with(w, r, "", h.authorize)
	case "/v1/verify/batch":
		h.with(w, r, http.MethodPost, h.verifyBatch)
	case "/v1/feed":
		h.with(w, r, http.MethodGet, h.feed)
	case "/v1/usage":
		h.with(w, r, http.MethodPost, h.report)
	case "/healthz":
		w.Header()["Cache-Control"] = h.noStore
		w.WriteHeader(http.StatusOK)
	default:
		if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			h.check(w, r)
			return
		}
		h.problem(w, http.StatusNotFound, string(fault.CodeNotFound), "There is no such route.")
	}
}

// with calls open for a request with the right method and a valid token; method ""
// is any.
func (h *Handler) with(w http.ResponseWriter, r *http.Request, method string, open func(http.ResponseWriter, *http.Request, *gateway.Caller)) {
	if method != "" && r.Method != method {
		w.Header().Set("Allow", method)
		h.problem(w, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "This route takes "+method+" only.")
		return
	}
	caller, err := h.verifyToken(r.Context(), r.Header["X-Portico-Gateway-Token"])
	if err != nil {
		h.unauthenticated(w, err)
		return
	}
	open(w, r, caller)
}

// verifyToken returns the caller that a token belongs to. If the token cannot be
// checked the error is UNAVAILABLE, or RATE_LIMITED where too many unknown ones
// were presented.
func (h *Handler) verifyToken(ctx context.Context, tokens []string) (*gateway.Caller, *fault.Error) {
	if len(tokens) != 1 || tokens[0] == "" {
		return nil, fault.New(fault.CodeUnauthenticated, fault.ReasonNotSignedIn, "A gateway's token is needed in X-Portico-Gateway-Token.")
	}
	caller, err := h.Verifier.Caller(ctx, tokens[0])
	switch {
	case err == nil:
		return caller, nil
	case fault.Is(err, fault.CodeUnauthenticated):
		return nil, fault.New(fault.CodeUnauthenticated, fault.ReasonInvalidToken, "The gateway's token is not valid.")
	case fault.Is(err, fault.CodeRateLimited):
		return nil, fault.From(err)
	}
	h.Log.WarnContext(ctx, "a gateway's token could not be checked", seldom.Line(seldom.Tokens), "error", err)
	after := fault.From(err).RetryAfter
	return nil, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonDatabase, max(after, time.Second), "The gateway's token cannot be checked now. Try again.")
}

// recoverPanic answers INTERNAL after a panic.
func (h *Handler) recoverPanic(w http.ResponseWriter, r *http.Request) {
	switch p := recover(); p {
	case nil:
	case http.ErrAbortHandler:
		panic(p) // the server's own way to hang up
	default:
		h.logPanic(r.Context(), p)
		h.respond(w, (*answer).internalError)
	}
}

func (h *Handler) logPanic(ctx context.Context, p any) {
	h.Log.ErrorContext(ctx, "panic in a handler for gateways", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}
