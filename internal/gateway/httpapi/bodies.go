package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"portico/internal/backlog"
	"portico/internal/fault"
	"portico/internal/gateway"
)

const (
	// bodyRoom bounds the bytes of request bodies in memory, from arrival until the
	// answer; bodyShare bounds those of one token, and bodyLine is how many requests
	// may wait for a short time. A body of at most bodyFree is not counted.
	bodyRoom, bodyShare, bodyLine, bodyFree = 64 << 20, 16 << 20, 1000, 16 << 10
)

// Bodies returns how many bytes of bodies are in memory and the most that may be,
// how many requests wait, and how many were turned away.
func (h *Handler) Bodies() (used, most, waiting, refused int64) { return h.bodies.Load() }

// makeRoom waits until there is room for a request's body of at most most bytes.
// If ok is false, it has answered. A nil claim means that nothing was claimed.
func (h *Handler) makeRoom(w http.ResponseWriter, r *http.Request, c *gateway.Caller, most int) (claim *backlog.Claim, ok bool) {
	size := r.ContentLength
	switch {
	case size >= 0 && size <= bodyFree:
		return nil, true
	case size < 0:
		size = int64(most)
	}
	if claim, ok = h.bodies.Enter(r.Context(), c.Token.String(), size); !ok {
		waitBeforeClosing(w, r)
		h.retryLater(w, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonBusy, time.Second, "Too many large requests are under way. Try again."))
	}
	return claim, ok
}

var errNoRoom = errors.New("there is no room for the body")

// roomyBody is a body of unknown length that waits for room unless it is small.
type roomyBody struct {
	io.ReadCloser
	enter func() (*backlog.Claim, bool)
	read  int
	claim *backlog.Claim
}

// Read reads the body; it returns errNoRoom if there is no room for it.
func (b *roomyBody) Read(p []byte) (n int, err error) {
	if b.read >= bodyFree && b.claim == nil {
		claim, ok := b.enter()
		if !ok {
			return 0, errNoRoom
		}
		b.claim = claim
	}
	n, err = b.ReadCloser.Read(p)
	b.read += n
	return n, err
}

// check serves Envoy's gRPC calls. It verifies the token before the body is read,
// which gRPC would do first.
func (h *Handler) check(w http.ResponseWriter, r *http.Request) {
	c, no := h.verifyToken(r.Context(), r.Header["X-Portico-Gateway-Token"])
	if no != nil {
		refuseCheck(w, no)
		return
	}
	body := &roomyBody{ReadCloser: r.Body, enter: func() (*backlog.Claim, bool) {
		return h.bodies.Enter(context.WithoutCancel(r.Context()), c.Token.String(), maxCheckBytes)
	}}
	r.Body = body
	defer func() { body.claim.Leave() }()
	h.envoy.ServeHTTP(w, r)
}
