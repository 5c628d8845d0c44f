// Package problem writes errors of HTTP requests that are no GraphQL (RFC 9457).
package problem

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"portico/internal/fault"
	"portico/internal/viewer"
)

// problem is a body of RFC 9457.
type problem struct {
	Type      string       `json:"type"`
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Code      fault.Code   `json:"code"`
	Reason    fault.Reason `json:"reason"`
	Detail    string       `json:"detail"`
	RequestID string       `json:"requestId,omitempty"`
	// RetryAfter is in seconds; 0, which is left out, if waiting does not help.
	RetryAfter int `json:"retryAfter,omitempty"`
}

// Write writes err in its public form, with the status of its code.
func Write(w http.ResponseWriter, r *http.Request, err error) {
	WriteAs(w, r, statusOf(fault.From(err).Code), err)
}

// WriteAs is Write with a status that says more than that of the code.
func WriteAs(w http.ResponseWriter, r *http.Request, status int, err error) {
	f := fault.From(err)
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	switch {
	case status == http.StatusUnauthorized && f.Reason == fault.ReasonNotSignedIn:
		h.Set("WWW-Authenticate", "Bearer")
	case status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	seconds := int(math.Ceil(f.RetryAfter.Seconds()))
	if seconds > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(problem{ // the client may have gone
		Type: "urn:portico:code:" + string(f.Code), Title: http.StatusText(status), Status: status, Code: f.Code, Reason: f.Reason, Detail: f.Message,
		RequestID: viewer.Current(r.Context()).RequestID, RetryAfter: seconds,
	})
}

func statusOf(c fault.Code) int {
	switch c {
	case fault.CodeUnauthenticated:
		return http.StatusUnauthorized
	case fault.CodeForbidden:
		return http.StatusForbidden
	case fault.CodeNotFound:
		return http.StatusNotFound
	case fault.CodeConflict:
		return http.StatusConflict
	case fault.CodeBadUserInput:
		return http.StatusBadRequest
	case fault.CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.CodeRateLimited:
		return http.StatusTooManyRequests
	case fault.CodeUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
