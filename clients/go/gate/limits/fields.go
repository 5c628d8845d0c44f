package limits

import (
	"strconv"
	"time"
)

// AppendPolicy appends the value of the field RateLimit-Policy of
// draft-ietf-httpapi-ratelimit-headers (a structured field) to to, and AppendState
// that of the field RateLimit. They append nothing if there is no limit. The
// policies are called "rate" and "quota".
//
//	RateLimit-Policy: "rate";q=100;w=60, "quota";q=10000;w=86400
//	RateLimit: "rate";r=99;t=1, "quota";r=9321;t=40111
func (a *Answer) AppendPolicy(to []byte) []byte {
	return a.each(to, func(to []byte, w *Window) []byte {
		to = appendParameter(to, ";q=", w.Limit)
		if w.Per < time.Second {
			return to
		}
		return appendParameter(to, ";w=", int64(w.Per/time.Second))
	})
}

// AppendState appends the value of the field RateLimit, see AppendPolicy.
func (a *Answer) AppendState(to []byte, now time.Time) []byte {
	return a.each(to, func(to []byte, w *Window) []byte {
		to = appendParameter(to, ";r=", max(0, w.Remaining))
		return appendParameter(to, ";t=", max(0, int64((w.ResetAt.Sub(now)+time.Second-1)/time.Second)))
	})
}

// each appends a list with a member for each limit that exists.
func (a *Answer) each(to []byte, member func([]byte, *Window) []byte) []byte {
	if a.Rate.Limit != 0 {
		to = member(append(to, `"rate"`...), &a.Rate)
	}
	if a.Rate.Limit != 0 && a.Quota.Limit != 0 {
		to = append(to, ", "...)
	}
	if a.Quota.Limit != 0 {
		to = member(append(to, `"quota"`...), &a.Quota)
	}
	return to
}

// appendParameter appends a parameter. An integer in a structured field has at most
// 15 digits; larger ones are capped.
func appendParameter(to []byte, name string, n int64) []byte {
	return strconv.AppendInt(append(to, name...), min(n, 999_999_999_999_999), 10)
}
