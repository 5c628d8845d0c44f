package gate

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/headername"
	"portico/clients/go/gate/limits"
)

// Middleware returns a handler that calls next for requests that may pass, with the
// Verdict in the request's context (FromContext) and in X-Portico-* headers for a
// handler that forwards the request. It removes headers of such names that the
// caller sent, and the key (but see Options.PassKey). It refuses all other requests
// with application/problem+json. All responses carry the RateLimit headers, and
// Deprecation and Sunset where the product's end is set or has come.
func (g *Gate) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := g.read(r)
		v := g.judge(r.Context(), c)
		v.limit(w.Header(), g.clock.Now())
		v.tellEnding(w.Header())
		if !v.Valid {
			v.refuse(w, c.Presented)
			return
		}
		passed := r.Clone(context.WithValue(r.Context(), verdictKey{}, v))
		removeHopByHop(r.Method, passed.Header)
		removeClaims(passed.Header)
		if !g.o.PassKey {
			passed.Header.Del("Authorization")
			passed.Header.Del("X-Api-Key")
		}
		v.describe(passed.Header)
		next.ServeHTTP(w, passed)
	})
}

// removeClaims removes headers that a server behind may mistake for Portico's, or for
// a key that was verified.
func removeClaims(h http.Header) {
	for name := range h {
		if headername.ReadsAsOurs(name) || headername.Hyphened(name) == "x-api-key" && name != "X-Api-Key" {
			delete(h, name)
		}
	}
}

// describe sets the X-Portico-* headers that describe the call to the receiver of a
// forwarded request.
func (v *Verdict) describe(h http.Header) {
	for name, value := range map[string]string{
		"X-Portico-Code": v.Code, "X-Portico-Credential": v.Credential, "X-Portico-App": v.App, "X-Portico-Account": v.Account,
		"X-Portico-Organization": v.Organization, "X-Portico-Subscription": v.Subscription,
		"X-Portico-Product": escaped(v.Product), "X-Portico-Plan": escaped(v.Plan),
	} {
		if value != "" {
			h.Set(name, value)
		}
	}
}

// escaped returns a name as a header value: all but RFC 3986's unreserved characters
// are percent-encoded, so that it cannot be mistaken for anything else.
func escaped(name string) string { return strings.ReplaceAll(url.QueryEscape(name), "+", "%20") }

// limit sets the header fields RateLimit-Policy and RateLimit as Portico's
// /v1/authorize does.
func (v *Verdict) limit(h http.Header, now time.Time) {
	if v.Limits == nil {
		return
	}
	a := limits.Answer{Rate: v.Limits.Rate.inside(), Quota: v.Limits.Quota.inside()}
	if policy := a.AppendPolicy(nil); policy != nil {
		h.Set("RateLimit-Policy", string(policy))
		h.Set("RateLimit", string(a.AppendState(nil, now)))
	}
}

// tellEnding sets the header fields Deprecation (RFC 9745) and Sunset (RFC 8594).
func (v *Verdict) tellEnding(h http.Header) {
	for name, value := range map[string]string{"Deprecation": v.Deprecation, "Sunset": v.Sunset} {
		if value != "" {
			h.Set(name, value)
		}
	}
}

// refuse writes the response to a call that may not pass; presented is how it
// presented its key.
func (v *Verdict) refuse(w http.ResponseWriter, presented access.AuthType) {
	status := v.code.Status()
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Portico-Code", v.Code)
	switch status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", challenge(presented))
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	case http.StatusTooManyRequests:
		if v.Limits != nil && v.Limits.RetryAfter > 0 {
			h.Set("Retry-After", strconv.FormatInt(v.Limits.RetryAfter, 10))
		}
	}
	body, _ := json.Marshal(problem{ // strings and a number are always marshalled
		Type: "urn:portico:code:" + v.Code, Title: http.StatusText(status), Status: status, Code: v.Code, Detail: v.code.Refusal(),
	})
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may have gone
}

// problem is a body of RFC 9457.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// challenge returns the WWW-Authenticate field that RFC 9110 requires in a 401. Basic
// is offered only to callers that used it: browsers ask for a password when they see
// it.
func challenge(presented access.AuthType) string {
	switch presented {
	case "":
		return `Bearer realm="portico"`
	case access.Basic:
		return `Basic realm="portico", charset="UTF-8"`
	}
	return `Bearer realm="portico", error="invalid_token"`
}
