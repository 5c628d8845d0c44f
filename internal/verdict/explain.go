package verdict

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"portico/internal/lifecycle"
	"portico/internal/limits"
)

// Step is one check as it went: what it would have refused with, what was
// looked at, and, if it failed, what would mend it. The texts are for
// administrators and the key's owners; no secret is in them, and nothing of
// another account.
type Step struct {
	Code   Code
	Passed bool
	Detail string
	Remedy string // "" when it passed
}

// Explain answers as Decide does, by the very same checks, and tells each of
// them in order until one fails.
func Explain(q *Question, c *Facts, v *Verdict) []Step {
	d := evaluate(q, c, v)
	var steps []Step
	v.Code = Valid
	for code := firstCheck; code <= lastCheck && v.Code == Valid; code++ {
		passed := d.passes(code)
		steps = append(steps, step(code, passed, d.detail(code)))
		if !passed {
			v.Code = code
		}
	}
	return steps
}

// ExplainLimits tells the steps of v's Limits: none if they were not asked, and
// none after the first that failed, whose code v gets.
func ExplainLimits(v *Verdict) []Step {
	if v.Limits.Outcome == 0 {
		return nil
	}
	v.Code = Limited(v.Limits.Outcome)
	if v.Code == Unavailable {
		return []Step{step(Unavailable, false, "How much of the quota is used is not known here yet.")}
	}
	steps := []Step{step(RateLimited, v.Code != RateLimited, window("rate limit", v.Limits.Rate))}
	if v.Code == RateLimited {
		return steps
	}
	quota := "quota"
	if v.Plan != nil && v.Plan.PerAccount && !v.Plan.Quota.None() {
		quota = "account's quota, which its apps share,"
	}
	return append(steps, step(QuotaExceeded, v.Code != QuotaExceeded, window(quota, v.Limits.Quota)))
}

// Limited returns the code for what the limits answered to a call that may pass
// otherwise.
func Limited(o limits.Outcome) Code {
	switch o {
	case limits.Passed:
		return Valid
	case limits.RateExceeded:
		return RateLimited
	case limits.QuotaExceeded:
		return QuotaExceeded
	}
	return Unavailable
}

func step(code Code, passed bool, detail string) Step {
	s := Step{Code: code, Passed: passed, Detail: detail}
	if !passed {
		s.Remedy = code.Remedy()
	}
	return s
}

// detail says what a check looked at.
func (d *evaluation) detail(code Code) string {
	switch code {
	case NotFound:
		if d.credential == nil {
			return "There is no such key."
		}
		return "The key exists."
	case Revoked, Disabled:
		return fmt.Sprintf("The key is %s.", d.status)
	case Expired:
		return d.expiry()
	case AccountSuspended:
		if !d.passes(code) {
			return "The account is suspended."
		}
		return "The account is active."
	case WrongEnvironment:
		if d.q.Environment == "" {
			return fmt.Sprintf("The key is for %s; the gateway serves every environment.", d.credential.Environment)
		}
		return fmt.Sprintf("The key is for %s; the gateway serves %s.", d.credential.Environment, d.q.Environment)
	case IPNotAllowed:
		return d.networks()
	case NotSubscribed, Waiting, Suspended:
		return d.subscription()
	case NotInAccessList:
		return d.access()
	case AuthTypeNotAllowed:
		return d.presentation()
	case EndpointNotAllowed:
		return d.reach()
	case AmbiguousApp:
		return d.choice()
	}
	return ""
}

func (d *evaluation) expiry() string {
	if d.credential.ExpiresAt == 0 {
		return "The key never expires."
	}
	return fmt.Sprintf("The key is valid until %s; the time asked about is %s.", instant(time.UnixMicro(d.credential.ExpiresAt)), instant(d.q.Now))
}

func (d *evaluation) networks() string {
	if len(d.credential.Addresses) == 0 {
		return "The key may be used from anywhere."
	}
	var all []string
	for _, n := range d.credential.Addresses {
		all = append(all, n.String())
	}
	from := "an address that is not known"
	if d.q.Address.IsValid() {
		from = d.q.Address.Unmap().String()
	}
	return fmt.Sprintf("The call comes from %s; the key may be used from %s.", from, strings.Join(all, ", "))
}

// subscription does not tell a product that does not exist from one that is not
// to be seen.
func (d *evaluation) subscription() string {
	switch {
	case d.standing == absent:
		return "The app that is named is not one that the key speaks for, or it has none."
	case d.q.Product == "":
		return "No product is named: subscriptions are not looked at."
	case d.standing == unregistered:
		return fmt.Sprintf("No app of the key is registered with a product %q that may be called here.", d.q.Product)
	case d.standing == waiting:
		return fmt.Sprintf("The subscription with %s is %s.", d.product.Name, lifecycle.Waiting)
	case d.standing == suspended:
		return fmt.Sprintf("The subscription with %s is %s.", d.product.Name, lifecycle.Suspended)
	}
	return fmt.Sprintf("The subscription with %s is %s.", d.product.Name, lifecycle.Approved)
}

func (d *evaluation) access() string {
	switch {
	case !d.credential.Listed:
		return "The key reaches every product of its apps."
	case d.product == nil:
		return "The key reaches listed products only; no product is named."
	case d.passes(NotInAccessList):
		return fmt.Sprintf("The key's access list holds %s.", d.product.Name)
	}
	return fmt.Sprintf("The key's access list does not hold %s.", d.product.Name)
}

func (d *evaluation) presentation() string {
	text := "A key may be presented as raw key or as user name and password."
	if d.q.Presented != "" {
		text = fmt.Sprintf("The key is presented as %s.", d.q.Presented)
	}
	if d.product == nil {
		return text
	}
	var takes []string
	for _, t := range d.product.AuthTypes {
		takes = append(takes, string(t))
	}
	return fmt.Sprintf("%s %s takes %s.", text, d.product.Name, strings.Join(takes, ", "))
}

func (d *evaluation) reach() string {
	switch {
	case d.product == nil:
		return "No product is named: endpoints are not looked at."
	case d.standing == allowed && !d.matched:
		return "Nothing binds the call to endpoints."
	case d.standing == allowed:
		return "The call is for an endpoint that the subscription reaches, or is not bound to endpoints."
	case d.q.Path == "":
		return "The subscription or the product is bound to endpoints, and the call names no path."
	case d.path == "" && d.product.Endpoints != nil:
		return "The subscription or the product is bound to endpoints, and servers could read the path in different ways."
	case !d.matched:
		return "The subscription or the product is bound to endpoints, and method and path are those of none."
	}
	return "The subscription is narrowed to other endpoints."
}

func (d *evaluation) choice() string {
	switch {
	case d.passes(AmbiguousApp) && d.credential.AppID == uuid.Nil:
		return "It is clear which app the call is for, or none is needed."
	case d.passes(AmbiguousApp):
		return "The key belongs to one app."
	}
	return "The key belongs to a whole account, several of its apps may make the call, and none is named."
}

func window(what string, w limits.Window) string {
	if w.Limit == 0 {
		return fmt.Sprintf("There is no %s.", what)
	}
	return fmt.Sprintf("Of the %s of %d a %s, %d are left; all are back at %s.", what, w.Limit, unit(w.Per), w.Remaining, instant(w.ResetAt))
}

// unit says a period in a word; a quota's may be an hour longer or shorter when
// the clocks are changed.
func unit(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d <= time.Second:
		return "second"
	case d <= time.Minute:
		return "minute"
	case d <= time.Hour:
		return "hour"
	case d < 2*day:
		return "day"
	case d < 8*day:
		return "week"
	}
	return "month"
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
