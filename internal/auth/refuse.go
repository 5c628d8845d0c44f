package auth

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"

	"portico/internal/fault"
	"portico/internal/seldom"
	"portico/internal/viewer"
)

// refusal is an error response in the shape that GraphQL clients read.
type refusal struct {
	Errors []refusalError `json:"errors"`
}

type refusalError struct {
	Message    string            `json:"message"`
	Extensions refusalExtensions `json:"extensions"`
}

type refusalExtensions struct {
	Code       fault.Code   `json:"code"`
	Reason     fault.Reason `json:"reason"`
	RequestID  string       `json:"requestId"`
	RetryAfter int          `json:"retryAfter,omitempty"` // seconds
}

// WriteRefusal writes the response to a request that is refused before anything is
// known of its sender, in the shape that GraphQL clients read.
func WriteRefusal(w http.ResponseWriter, r *http.Request, err error) {
	writeRefusal(r.Context(), w, r, err)
}

// writeRefusal writes the response in place of the handler: 503 for an outage,
// 403 for what is forbidden, else 401.
func writeRefusal(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) {
	f, request := fault.From(err), viewer.Current(ctx).RequestID
	seconds := int(math.Ceil(f.RetryAfter.Seconds()))
	header := w.Header()
	header.Set("Content-Type", contentType(r))
	header.Set("Cache-Control", "no-store")
	status := http.StatusUnauthorized
	switch f.Code {
	case fault.CodeForbidden:
		status = http.StatusForbidden
	case fault.CodeUnavailable:
		status = http.StatusServiceUnavailable
		header.Set("Retry-After", strconv.Itoa(seconds))
	default:
		header.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	w.WriteHeader(status)
	// An error means that the client has gone.
	_ = json.NewEncoder(w).Encode(refusal{[]refusalError{{f.Message, refusalExtensions{f.Code, f.Reason, request, seconds}}}})
}

// logRefusal logs why a request was refused.
func logRefusal(ctx context.Context, err error) {
	request := viewer.Current(ctx).RequestID
	switch f := fault.From(err); {
	case f.Code == fault.CodeForbidden:
	// Strangers cause it, by tokens that name a provider which does not answer.
	case f.Reason == fault.ReasonIdentityProvider:
		slog.InfoContext(ctx, "a request could not be authenticated", "requestId", request, "error", err)
	case f.Code == fault.CodeUnavailable:
		slog.ErrorContext(ctx, "a request could not be authenticated", seldom.Line(seldom.Tokens), "requestId", request, "error", err)
	default:
		slog.DebugContext(ctx, "a request's token was refused", "requestId", request, "error", err)
	}
}

// contentType returns GraphQL's own media type if the client accepts it, else
// JSON's.
func contentType(r *http.Request) string {
	const graphQL = "application/graphql-response+json"
	if strings.Contains(r.Header.Get("Accept"), graphQL) {
		return graphQL + "; charset=utf-8"
	}
	return "application/json; charset=utf-8"
}
