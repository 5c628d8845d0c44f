package model

import (
	"cmp"
	"slices"
	"time"

	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/internal/gateway"
	"portico/internal/usage"
)

// Usage is a report of counts. It keeps its query for the fields that are read
// besides the series.
type Usage struct {
	*usage.Report
	Query usage.Query
}

// Series returns the points.
func (u *Usage) Series() []*UsagePoint {
	out := make([]*UsagePoint, len(u.Points))
	for i := range u.Points {
		out[i] = &UsagePoint{u.Points[i]}
	}
	return out
}

// Totals returns the calls of all points by code.
func (u *Usage) Totals() []*CodeCount { return CodeCounts(u.Report.Totals) }

// PreviousTotal returns the total of the period before; nil if it is unknown.
func (u *Usage) PreviousTotal() *int64 { return u.Previous }

// TimeZone returns the points' time zone.
func (u *Usage) TimeZone() string { return u.Query.Location.String() }

// UsagePoint is a point of the series.
type UsagePoint struct{ usage.Point }

// Codes returns the point's calls by code.
func (p *UsagePoint) Codes() []*CodeCount { return CodeCounts(p.Point.Codes) }

// CodeCount is the number of calls with a verdict.
type CodeCount struct {
	Code  string
	Calls int64
}

// CodeCounts sorts counts by the order of decision.
func CodeCounts(by map[string]int64) []*CodeCount {
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

// UpstreamCalls sums up the responses of one class of status.
type UpstreamCalls struct{ usage.Upstream }

// MeanLatencyMs returns the mean latency in milliseconds.
func (u *UpstreamCalls) MeanLatencyMs() float64 {
	return float64(u.Latency) / float64(time.Millisecond)
}

// Enforcement is how far a credential's last change has been applied.
type Enforcement struct{ gateway.Enforcement }

// LagMs returns the slowest server's lag in milliseconds.
func (e *Enforcement) LagMs() int64 { return e.Lag.Milliseconds() }

// AccessExplanation is a verdict and the checks that led to it.
type AccessExplanation struct{ *gateway.Explanation }

// Code returns the verdict.
func (e *AccessExplanation) Code() string { return e.Explanation.Code.String() }

// Valid reports whether the call may pass.
func (e *AccessExplanation) Valid() bool { return e.Explanation.Code == verdict.Valid }

// Steps returns the checks that were carried out.
func (e *AccessExplanation) Steps() []*AccessStep {
	out := make([]*AccessStep, len(e.Explanation.Steps))
	for i := range out {
		out[i] = &AccessStep{e.Explanation.Steps[i]}
	}
	return out
}

// Failed returns the check that failed; nil if none did.
func (e *AccessExplanation) Failed() *AccessStep {
	all := e.Explanation.Steps
	if n := len(all); n > 0 && !all[n-1].Passed {
		return &AccessStep{all[n-1]}
	}
	return nil
}

// Limits returns what is left; nil if the limits were not checked.
func (e *AccessExplanation) Limits() *AccessLimits {
	if e.Verdict.Limits.Outcome == 0 {
		return nil
	}
	return &AccessLimits{window(e.Verdict.Limits.Rate), window(e.Verdict.Limits.Quota)}
}

// AccessStep is one check.
type AccessStep struct{ verdict.Step }

// Code returns the verdict if the check fails.
func (s *AccessStep) Code() string { return s.Step.Code.String() }

// Remedy returns what would let the check pass; nil if it passed.
func (s *AccessStep) Remedy() *string {
	if s.Passed {
		return nil
	}
	return &s.Step.Remedy
}

// AccessLimits are the limits of a call; nil ones do not exist.
type AccessLimits struct{ Rate, Quota *LimitWindow }

// LimitWindow is the state of a limit.
type LimitWindow struct{ limits.Window }

// ResetsAt returns when all calls are available again.
func (w *LimitWindow) ResetsAt() time.Time { return w.ResetAt }

func window(w limits.Window) *LimitWindow {
	if w.Limit == 0 {
		return nil
	}
	return &LimitWindow{w}
}
