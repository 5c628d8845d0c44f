package httpapi

import (
	"net/http"
	"slices"
	"strconv"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/verdict"
	"portico/internal/gateway"
	"portico/internal/nodeid"
)

// maxHeaders is the most fields that describe a verdict.
const maxHeaders = 14

// headerSet collects header fields in one buffer, so that they cost two
// allocations together.
type headerSet struct {
	buffer []byte
	n      int
	names  [maxHeaders]string
	ends   [maxHeaders]int
}

// end ends the field whose value was appended to the buffer. The name is in the
// form of http.CanonicalHeaderKey.
func (s *headerSet) end(name string) {
	s.names[s.n], s.ends[s.n] = name, len(s.buffer)
	s.n++
}

func (s *headerSet) add(name, value string) {
	s.buffer = append(s.buffer, value...)
	s.end(name)
}

// values returns the fields' values, in their order.
func (s *headerSet) values() []string {
	text, values, start := string(s.buffer), make([]string, s.n), 0
	for i := range values {
		values[i] = text[start:s.ends[i]]
		start = s.ends[i]
	}
	return values
}

func (s *headerSet) writeTo(h http.Header) {
	values := s.values()
	for i := range values {
		h[s.names[i]] = values[i : i+1 : i+1]
	}
}

// upstreamHeaders returns the fields that tell the upstream whose call it is, and
// what is left of its limits.
func upstreamHeaders() []string {
	return []string{
		"X-Portico-Credential", "X-Portico-App", "X-Portico-Account", "X-Portico-Organization",
		"X-Portico-Product", "X-Portico-Plan", "X-Portico-Subscription", "X-Portico-Limits",
	}
}

// describeVerdict adds the fields for a verdict: its code, whose call it is if it
// may pass, what is left of the limits, when the product ends, and what the caller may do about a
// refusal. None contains anything that the caller sent.
func (h *Handler) describeVerdict(s *headerSet, c *gateway.Caller, v *verdict.Verdict, q *gateway.Request) {
	s.add("X-Portico-Code", v.Code.String())
	if v.Code == verdict.Valid {
		describeOwner(s, c, v)
	}
	describeLimits(s, v, h.Clock)
	describeEnding(s, v)
	switch v.Code.Status() {
	case http.StatusUnauthorized:
		s.add("Www-Authenticate", challenge(q))
	case http.StatusServiceUnavailable:
		s.add("Retry-After", "1")
	case http.StatusTooManyRequests:
		// Without it the same call never passes: it costs more than the limit holds.
		if v.Limits.RetryAfter > 0 {
			s.buffer = strconv.AppendInt(s.buffer, seconds(v.Limits.RetryAfter), 10)
			s.end("Retry-After")
		}
	}
}

// describeEnding adds the fields Deprecation and Sunset: callers hear of the end of a product
// with each call.
func describeEnding(s *headerSet, v *verdict.Verdict) {
	e := v.Ending()
	if e.Deprecation != "" {
		s.add("Deprecation", e.Deprecation)
	}
	if e.Sunset != "" {
		s.add("Sunset", e.Sunset)
	}
}

func describeOwner(s *headerSet, c *gateway.Caller, v *verdict.Verdict) {
	if v.Credential != nil {
		s.buffer = nodeid.Append(s.buffer, nodeid.Credential, v.Credential.ID)
		s.end("X-Portico-Credential")
	}
	if v.App != nil {
		s.buffer = nodeid.Append(s.buffer, nodeid.App, v.App.ID)
		s.end("X-Portico-App")
	}
	if v.Account != nil {
		s.buffer = nodeid.Append(s.buffer, nodeid.Account, v.Account.ID)
		s.end("X-Portico-Account")
	}
	s.buffer = nodeid.Append(s.buffer, nodeid.Organization, c.Organization)
	s.end("X-Portico-Organization")
	if v.Product != nil {
		s.buffer = appendEscaped(s.buffer, v.Product.Name)
		s.end("X-Portico-Product")
	}
	if v.Plan != nil {
		s.buffer = appendEscaped(s.buffer, v.Plan.Name)
		s.end("X-Portico-Plan")
	}
	if v.Subscription != nil {
		s.buffer = nodeid.Append(s.buffer, nodeid.ProductSubscription, v.Subscription.ID)
		s.end("X-Portico-Subscription")
	}
}

// challenge returns the WWW-Authenticate of a 401 (RFC 9110). Basic is offered
// only to callers that used it: browsers ask people for a password when they see
// it.
func challenge(q *gateway.Request) string {
	switch q.Presented {
	case "":
		return `Bearer realm="portico"`
	case access.Basic:
		return `Basic realm="portico", charset="UTF-8"`
	default:
		return `Bearer realm="portico", error="invalid_token"`
	}
}

// appendEscaped appends a name for a header: everything but RFC 3986's unreserved
// characters is percent-encoded, so that no name is ambiguous.
func appendEscaped(to []byte, name string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(name) {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~' {
			to = append(to, c)
		} else {
			to = append(to, '%', hex[c>>4], hex[c&15])
		}
	}
	return to
}

// has reports whether a field is in the set.
func (s *headerSet) has(name string) bool { return slices.Contains(s.names[:s.n], name) }
