package oauth

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"portico/internal/fault"
	"portico/internal/seldom"
	"portico/internal/viewer"
)

// Code is why a request is refused, as RFC 6749 (5.2) and RFC 8693 (2.2.2) name it.
type Code string

// The codes.
const (
	InvalidRequest       Code = "invalid_request"
	InvalidClient        Code = "invalid_client"
	UnauthorizedClient   Code = "unauthorized_client"
	UnsupportedGrantType Code = "unsupported_grant_type"
	InvalidScope         Code = "invalid_scope"
	InvalidTarget        Code = "invalid_target"
	// TemporarilyUnavailable: a retry may succeed, after Retry-After.
	TemporarilyUnavailable Code = "temporarily_unavailable"
	ServerError            Code = "server_error"
)

// refusal is an error that the client may read; why is for the log.
type refusal struct {
	error  Code
	status int
	text   string
	why    error
}

// Error returns the refusal and its cause, for the log.
func (r *refusal) Error() string {
	if r.why != nil {
		return string(r.error) + ": " + r.why.Error()
	}
	return string(r.error) + ": " + r.text
}

func (r *refusal) Unwrap() error { return r.why }

func invalid(text string) error {
	return &refusal{error: InvalidRequest, status: http.StatusBadRequest, text: text}
}

// problem is the body of a refusal.
type problem struct {
	Error       Code   `json:"error"`
	Description string `json:"error_description"`
	RequestID   string `json:"request_id,omitempty"`
}

// refuse writes an error in its public form.
func (o Options) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var known *refusal
	f := fault.From(err)
	if !errors.As(err, &known) {
		known = ofFault(f)
	}
	level := slog.LevelInfo
	if known.status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	v := viewer.Current(r.Context())
	o.Log.LogAttrs(r.Context(), level, "an exchange of tokens was refused", seldom.Line(seldom.Providers), slog.Any("error", err), slog.String("address", v.Address), slog.String("requestId", v.RequestID))
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	if known.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Basic realm="portico"`)
	}
	if known.error == TemporarilyUnavailable {
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(f.RetryAfter.Seconds())))))
	}
	w.WriteHeader(known.status)
	_ = json.NewEncoder(w).Encode(problem{known.error, known.text, v.RequestID}) // the client may have gone
}

// ofFault returns the refusal for an error that is about no parameter.
func ofFault(f *fault.Error) *refusal {
	switch f.Code {
	case fault.CodeRateLimited:
		return &refusal{error: TemporarilyUnavailable, status: http.StatusTooManyRequests, text: f.Message}
	case fault.CodeUnavailable, fault.CodeConflict:
		return &refusal{error: TemporarilyUnavailable, status: http.StatusServiceUnavailable, text: f.Message}
	case fault.CodeForbidden:
		return &refusal{error: UnauthorizedClient, status: http.StatusBadRequest, text: f.Message}
	}
	return &refusal{error: ServerError, status: http.StatusInternalServerError, text: fault.From(nil).Message}
}
