// Package leaks serves, over HTTP, those who hold a key that is not theirs to use, or not
// any more: POST /v1/revoke ends a key by the key itself, and
// POST /v1/secret-scanning takes what a programme that scans for secrets has found, in the
// shape of GitHub's. What a leak leads to is for
// package apps to say; here is how requests are read and answered. No part of a key is
// logged or repeated in an error.
package leaks

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"portico/internal/apps"
	"portico/internal/fault"
	"portico/internal/jsonbody"
	"portico/internal/problem"
	"portico/internal/seldom"
	"portico/internal/viewer"
)

// Options configures a Handler. All fields but Programme are required.
type Options struct {
	Keys Keys
	// Programme signs the requests of Scan; nil if that is not served.
	Programme *Programme
	// Pay charges the client for a request, and sets the headers of what is left.
	Pay func(ctx context.Context, h http.Header) error
	Log *slog.Logger
}

// Keys ends keys and takes reports of leaked ones, an *apps.Service.
type Keys interface {
	RevokeHeldKey(ctx context.Context, in apps.RevokeHeldKeyInput) error
	ReportFoundKeys(ctx context.Context, found []apps.FoundKey) ([]bool, error)
}

// Handler answers the requests. The viewer in their context is anonymous.
type Handler struct{ o Options }

// New returns a Handler.
func New(o Options) *Handler { return &Handler{o} }

// refused is the line of the log about a request that was refused.
const refused = "a request about a leaked key was refused"

// refuse writes an error, and logs what the answer leaves out.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if p := fault.Problems(err); len(p) > 0 {
		err = fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, p[0].Message)
	}
	log := h.o.Log.With("error", err, "requestId", viewer.Current(r.Context()).RequestID)
	switch fault.From(err).Code {
	case fault.CodeInternal:
		log.ErrorContext(r.Context(), refused)
	case fault.CodeUnavailable: // every stranger's request, while the programme's keys or the database cannot be read
		log.ErrorContext(r.Context(), refused, seldom.Line(seldom.Leaks))
	default:
		log.DebugContext(r.Context(), refused)
	}
	if errors.Is(err, jsonbody.ErrMediaType) {
		problem.WriteAs(w, r, http.StatusUnsupportedMediaType, err)
		return
	}
	problem.Write(w, r, err)
}
