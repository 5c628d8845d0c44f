package model

import (
	"cmp"
	"slices"
	"time"

	"portico/internal/gateway"
	"portico/internal/limits"
	"portico/internal/usage"
	"portico/internal/verdict"
)

// Usage is the answer to a question about counts. The question is kept for
// what is asked for besides the series.
type Usage struct {
	*usage.Report
	Query usage.Query
}

// Series are the points.
func (u *Usage) Series() []*UsagePoint {
	out := make([]*UsagePoint, len(u.Points))
	for i := range u.Points {
		out[i] = &UsagePoint{u.Points[i]}
	}
	return out
}

// Totals are the calls of all points by code.
func (u *Usage) Totals() []*CodeCount { return codeCounts(u.Report.Totals) }

// PreviousTotal is the total of the time before; nil where it is not known.
func (u *Usage) PreviousTotal() *int64 { return u.Previous }

// TimeZone is the points' time zone.
func (u *Usage) TimeZone() string { return u.Query.Location.String() }

// UsagePoint is a point of the series.
type UsagePoint struct{ usage.Point }

// Codes are its calls by code.
func (p *UsagePoint) Codes() []*CodeCount { return codeCounts(p.Point.Codes) }

// CodeCount is how many calls got a verdict.
type CodeCount struct {
	Code  string
	Calls int64
}

// codeCounts puts counts into the order of decision.
func codeCounts(by map[string]int64) []*CodeCount {
	out := make([]*CodeCount, 0, len(by))
	for code, n := range by {
		out = append(out, &CodeCount{code, n})
	}
	place := func(c *CodeCount) int {
		code, _ := verdict.ParseCode(c.Code)
		return int(code)
	}
	slices.SortFunc(out, func(a, b *CodeCount) int { return cmp.Compare(place(a), place(b)) })
	return out
}

// UpstreamCalls sums up the answers of one class of status.
type UpstreamCalls struct{ usage.Upstream }

// MeanLatencyMs is the mean latency in milliseconds.
func (u *UpstreamCalls) MeanLatencyMs() float64 {
	return float64(u.Latency) / float64(time.Millisecond)
}

// Enforcement is how far the last change of a key has come.
type Enforcement struct{ gateway.Enforcement }

// LagMs is the slowest server's lag in milliseconds.
func (e *Enforcement) LagMs() int64 { return e.Lag.Milliseconds() }

// AccessExplanation is a verdict and how it came about.
type AccessExplanation struct{ *gateway.Explanation }

// Code is the verdict.
func (e *AccessExplanation) Code() string { return e.Explanation.Code.String() }

// Valid reports whether the call may pass.
func (e *AccessExplanation) Valid() bool { return e.Explanation.Code == verdict.Valid }

// Steps are the checks that were made.
func (e *AccessExplanation) Steps() []*AccessStep {
	out := make([]*AccessStep, len(e.Explanation.Steps))
	for i := range out {
		out[i] = &AccessStep{e.Explanation.Steps[i]}
	}
	return out
}

// Failed is the check that failed; nil when none did.
func (e *AccessExplanation) Failed() *AccessStep {
	all := e.Explanation.Steps
	if n := len(all); n > 0 && !all[n-1].Passed {
		return &AccessStep{all[n-1]}
	}
	return nil
}

// Limits are what is left; nil when the limits were not asked.
func (e *AccessExplanation) Limits() *AccessLimits {
	if e.Verdict.Limits.Outcome == 0 {
		return nil
	}
	return &AccessLimits{window(e.Verdict.Limits.Rate), window(e.Verdict.Limits.Quota)}
}

// AccessStep is one check.
type AccessStep struct{ verdict.Step }

// Code is the verdict if it fails.
func (s *AccessStep) Code() string { return s.Step.Code.String() }

// Remedy is what would mend it; nil when it passed.
func (s *AccessStep) Remedy() *string {
	if s.Passed {
		return nil
	}
	return &s.Step.Remedy
}

// AccessLimits are the limits that a call is subject to; nil ones are not there.
type AccessLimits struct{ Rate, Quota *LimitWindow }

// LimitWindow is where a limit stands.
type LimitWindow struct{ limits.Window }

// ResetsAt is when all calls are available again.
func (w *LimitWindow) ResetsAt() time.Time { return w.ResetAt }

func window(w limits.Window) *LimitWindow {
	if w.Limit == 0 {
		return nil
	}
	return &LimitWindow{w}
}
