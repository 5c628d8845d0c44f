package door

import (
	"strconv"
	"time"

	"portico/internal/clock"
	"portico/internal/limits"
	"portico/internal/verdict"
)

// describeLimits adds the fields RateLimit-Policy and RateLimit of
// draft-ietf-httpapi-ratelimit-headers (structured fields): the policies are
// called "rate" and "quota".
//
//	RateLimit-Policy: "rate";q=100;w=60, "quota";q=10000;w=86400
//	RateLimit: "rate";r=99;t=1, "quota";r=9321;t=40111
//
// Limits that this node kept alone, though the nodes share them, are marked.
func describeLimits(s *headerSet, v *verdict.Verdict, c clock.Clock) {
	a := &v.Limits
	if a.Rate.Limit == 0 && a.Quota.Limit == 0 {
		return
	}
	eachWindow(s, a, func(to []byte, w *limits.Window) []byte {
		to = appendParameter(to, ";q=", w.Limit)
		if w.Per < time.Second {
			return to
		}
		return appendParameter(to, ";w=", int64(w.Per/time.Second))
	})
	s.end("Ratelimit-Policy")
	now := c.Now()
	eachWindow(s, a, func(to []byte, w *limits.Window) []byte {
		to = appendParameter(to, ";r=", max(0, w.Remaining))
		return appendParameter(to, ";t=", untilSeconds(now, w.ResetAt))
	})
	s.end("Ratelimit")
	if a.Local {
		s.add("X-Portico-Limits", "local")
	}
}

// eachWindow writes a list with a member for each limit there is.
func eachWindow(s *headerSet, a *limits.Answer, member func([]byte, *limits.Window) []byte) {
	if a.Rate.Limit != 0 {
		s.buffer = member(append(s.buffer, `"rate"`...), &a.Rate)
	}
	if a.Rate.Limit != 0 && a.Quota.Limit != 0 {
		s.buffer = append(s.buffer, ", "...)
	}
	if a.Quota.Limit != 0 {
		s.buffer = member(append(s.buffer, `"quota"`...), &a.Quota)
	}
}

// appendParameter writes a number, which in a structured field has at most 15
// digits.
func appendParameter(to []byte, name string, n int64) []byte {
	return strconv.AppendInt(append(to, name...), min(n, 999_999_999_999_999), 10)
}
