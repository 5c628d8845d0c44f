package httpapi

import (
	"portico/clients/go/gate/verdict"
	"portico/internal/clock"
)

// describeLimits adds the fields RateLimit-Policy and RateLimit, in the form of
// package limits. Limits that this node applied alone, although the nodes share
// them, are marked.
func describeLimits(s *headerSet, v *verdict.Verdict, c clock.Clock) {
	a := &v.Limits
	if a.Rate.Limit == 0 && a.Quota.Limit == 0 {
		return
	}
	s.buffer = a.AppendPolicy(s.buffer)
	s.end("Ratelimit-Policy")
	s.buffer = a.AppendState(s.buffer, c.Now())
	s.end("Ratelimit")
	if a.Local {
		s.add("X-Portico-Limits", "local")
	}
}
