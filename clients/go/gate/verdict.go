package gate

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/objectid"
	"portico/clients/go/gate/verdict"
)

// Verdict is the decision about a call, in the form of Portico's own /v1/verify. Fields
// that do not apply are empty.
type Verdict struct {
	Valid bool `json:"valid"`
	// Code is one of a closed list, such as VALID or RATE_LIMITED.
	Code string `json:"code"`
	// Ids, as everywhere in Portico's API.
	Credential   string `json:"credential,omitempty"`
	App          string `json:"app,omitempty"`
	Account      string `json:"account,omitempty"`
	Organization string `json:"organization,omitempty"`
	Subscription string `json:"subscription,omitempty"`
	Endpoint     string `json:"endpoint,omitempty"`
	// Product and Plan are names.
	Product string `json:"product,omitempty"`
	Plan    string `json:"plan,omitempty"`
	// Environment is the environment of the key.
	Environment string  `json:"environment,omitempty"`
	Limits      *Limits `json:"limits,omitempty"`
	// Deprecation and Sunset are when the product was or will be deprecated and retired, as
	// values of the headers of these names.
	Deprecation string `json:"deprecation,omitempty"`
	Sunset      string `json:"sunset,omitempty"`

	code verdict.Code
}

// Limits is the state of the limits after the call.
type Limits struct {
	// Rate and Quota are the tightest ones, such as those of the called endpoint; nil if there
	// is no such limit.
	Rate  *Window `json:"rate,omitempty"`
	Quota *Window `json:"quota,omitempty"`
	// Used are the counts of all quotas, where there are others than the plan's.
	Used *Used `json:"used,omitempty"`
	// RetryAfter is the number of whole seconds after which the same call may pass;
	// 0 in a refusal means never.
	RetryAfter int64 `json:"retryAfter,omitempty"`
}

// Used is what is used of each quota of a call; 0 where there is none.
type Used struct {
	// Quota is of the plan's quota, Endpoint of the quota that the plan has for the called
	// endpoint, and Spending of the calls that the plan's spending cap allows.
	Quota    int64 `json:"quota,omitempty"`
	Endpoint int64 `json:"endpoint,omitempty"`
	Spending int64 `json:"spending,omitempty"`
}

// used returns the counts of all quotas. Where there are no counts, there is no other quota
// than the plan's.
func (l *Limits) used() Used {
	if l.Used != nil {
		return *l.Used
	}
	return Used{Quota: l.Quota.Limit - l.Quota.Remaining}
}

// Window is the state of one limit.
type Window struct {
	Limit int64 `json:"limit"`
	// Per is the period of a rate limit in seconds; for a quota, the length of the
	// present period. 0: unknown.
	Per       int64     `json:"per,omitempty"`
	Remaining int64     `json:"remaining"`
	ResetAt   time.Time `json:"resetAt"`
}

// inside returns the window in the form of package limits; a nil window means none.
func (w *Window) inside() limits.Window {
	if w == nil {
		return limits.Window{}
	}
	return limits.Window{Limit: w.Limit, Remaining: w.Remaining, ResetAt: w.ResetAt, Per: time.Duration(w.Per) * time.Second}
}

// verdictKey is the key of a request's Verdict in its context.
type verdictKey struct{}

// FromContext returns the Verdict with which Middleware passed a request on.
func FromContext(ctx context.Context) (*Verdict, bool) {
	v, ok := ctx.Value(verdictKey{}).(*Verdict)
	return v, ok
}

// public returns the exported form of a verdict.
func public(c *verdict.Catalogue, in *verdict.Verdict) *Verdict {
	out := &Verdict{Valid: in.Code == verdict.Valid, Code: in.Code.String(), code: in.Code, Limits: publicLimits(&in.Limits)}
	if c != nil {
		out.Organization = objectid.Encode(objectid.Organization, c.Organization)
	}
	if in.Credential != nil {
		out.Credential, out.Environment = objectid.Encode(objectid.Credential, in.Credential.ID), string(in.Credential.Environment)
	}
	if in.App != nil {
		out.App = objectid.Encode(objectid.App, in.App.ID)
	}
	if in.Account != nil {
		out.Account = objectid.Encode(objectid.Account, in.Account.ID)
	}
	if in.Product != nil {
		out.Product = in.Product.Name
	}
	if in.Plan != nil {
		out.Plan = in.Plan.Name
	}
	if in.Subscription != nil {
		out.Subscription = objectid.Encode(objectid.Subscription, in.Subscription.ID)
	}
	ending := in.Ending()
	out.Deprecation, out.Sunset = ending.Deprecation, ending.Sunset
	if in.Endpoint != uuid.Nil {
		out.Endpoint = objectid.Encode(objectid.Endpoint, in.Endpoint)
	}
	return out
}

func publicLimits(a *limits.Answer) *Limits {
	if a.Rate.Limit == 0 && a.Quota.Limit == 0 {
		return nil
	}
	out := &Limits{Rate: publicWindow(&a.Rate), Quota: publicWindow(&a.Quota), Used: publicUsed(a)}
	if a.RetryAfter > 0 {
		out.RetryAfter = ceilSeconds(a.RetryAfter)
	}
	return out
}

func publicUsed(a *limits.Answer) *Used {
	if !a.Several {
		return nil
	}
	return &Used{Quota: a.Used[0], Endpoint: a.Used[1+limits.OfEndpoint], Spending: a.Used[1+limits.OfSpending]}
}

func publicWindow(w *limits.Window) *Window {
	if w.Limit == 0 {
		return nil
	}
	return &Window{Limit: w.Limit, Remaining: max(0, w.Remaining), ResetAt: w.ResetAt, Per: int64(w.Per / time.Second)}
}

// ceilSeconds returns a time in whole seconds, rounded up.
func ceilSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
