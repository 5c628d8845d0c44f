package verdict

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
)

// Step is the result of one check: the code of its refusal, what was checked,
// and, if it failed, how to correct that. The texts are for administrators and
// the credential's owners; they contain no secret and nothing of another account.
type Step struct {
	Code   Code
	Passed bool
	Detail string
	Remedy string // "" when it passed
}

// Explain sets v as Decide does, by the same checks, and returns each of them in
// order, up to and including the first that fails.
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

// ExplainForm returns the step of an imported credential's form, which comes before all
// checks, and whether it passed; if it did not it sets v to the verdict that gateways give
// a key of this form, for which nothing is looked up.
func ExplainForm(q *Question, c *Catalogue, v *Verdict) (Step, bool) {
	if c.Accepts(true) {
		return step(Malformed, true, "The key was imported and has another form than Portico's own; the organization's importedKeys is on."), true
	}
	*v = Verdict{Code: Malformed, Product: q.ProductIn(c)}
	s := step(Malformed, false, "The key was imported and has another form than Portico's own, and the organization's importedKeys is off: gateways do not look it up.")
	s.Remedy = "Ask an administrator to switch importedKeys on, or rotate the key: its successor has Portico's own form."
	return s, false
}

// ExplainLimits returns the steps of v.Limits, up to and including the first that
// failed, and sets v.Code to the outcome. If the limits were not checked it returns
// nil and leaves v unchanged.
func ExplainLimits(v *Verdict) []Step {
	if v.Limits.Outcome == 0 {
		return nil
	}
	v.Code = Limited(v.Limits.Outcome)
	if v.Code == Unavailable {
		return []Step{step(Unavailable, false, "How much of the quota is used is not known here yet.")}
	}
	steps := []Step{step(RateLimited, v.Code != RateLimited, windowDetail(rateName(v), v.Limits.Rate))}
	if v.Code == RateLimited {
		return steps
	}
	detail := windowDetail(quotaName(v), v.Limits.Quota)
	if v.Limits.QuotaOf == limits.OfPlan && v.Plan != nil && v.Plan.Continue {
		detail += " Calls beyond it pass: the plan's overage is CONTINUE."
	}
	return append(steps, step(QuotaExceeded, v.Code != QuotaExceeded, detail))
}

// rateName returns the name of the rate limit that v's window is of, for a sentence.
func rateName(v *Verdict) string {
	switch v.Limits.RateOf {
	case limits.OfKey:
		return "key's rate limit"
	case limits.OfPlansEndpoint:
		return "endpoint's rate limit"
	case limits.OfPlan:
		return "plan's rate limit"
	}
	return "rate limit"
}

// quotaName returns the name of the quota that v's window is of, for a sentence.
func quotaName(v *Verdict) string {
	switch v.Limits.QuotaOf {
	case limits.OfPlansEndpoint:
		return "endpoint's quota"
	case limits.OfPlansSpending:
		return "calls within the plan's spending cap,"
	}
	if v.Plan != nil && v.Plan.PerAccount && !v.Plan.Quota.None() {
		return "account's quota, which its apps share,"
	}
	return "quota"
}

// Limited returns the code for the limits' outcome, for a call that passes all
// other checks.
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

// detail returns a sentence on what a check compared.
func (d *evaluation) detail(code Code) string {
	switch code {
	case NotFound:
		if d.credential == nil {
			return "There is no such key."
		}
		if d.status == access.CredentialUncollected {
			return "The key has no secret yet: its owner has not collected it."
		}
		return "The key exists."
	case Revoked, Disabled:
		return fmt.Sprintf("The key is %s.", d.status)
	case Expired:
		return d.expiryDetail()
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
		return d.networksDetail()
	case NotSubscribed, Waiting, Suspended:
		return d.subscriptionDetail()
	case NotInAccessList:
		return d.accessListDetail()
	case AuthTypeNotAllowed:
		return d.authTypeDetail()
	case EndpointNotAllowed:
		return d.endpointDetail()
	case AmbiguousApp:
		return d.ambiguityDetail()
	}
	return ""
}

func (d *evaluation) expiryDetail() string {
	if d.credential.ExpiresAt == 0 {
		return "The key never expires."
	}
	return fmt.Sprintf("The key is valid until %s; the time asked about is %s.", formatTime(time.UnixMicro(d.credential.ExpiresAt)), formatTime(d.q.Now))
}

func (d *evaluation) networksDetail() string {
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

// subscriptionDetail describes the app's subscription. It does not disclose whether a
// product does not exist or is only not visible to the token.
func (d *evaluation) subscriptionDetail() string {
	switch {
	case d.standing == noApp:
		return "The app that is named is not one that the key speaks for, or it has none."
	case d.q.Product == "":
		return "No product is named: subscriptions are not looked at."
	case d.standing == notSubscribed && d.product != nil && d.product.RetiredAt(d.q.Now):
		return fmt.Sprintf("The product %s was retired at %s: no app is registered with it any more.", d.product.Name, formatTime(d.product.RetiresAt))
	case d.standing == notSubscribed:
		return fmt.Sprintf("No app of the key is registered with a product %q that may be called here.", d.q.Product)
	case d.standing == waiting:
		return fmt.Sprintf("The subscription with %s is %s.", d.product.Name, access.SubscriptionWaiting)
	case d.standing == suspended:
		return fmt.Sprintf("The subscription with %s is %s.", d.product.Name, access.SubscriptionSuspended)
	}
	return fmt.Sprintf("The subscription with %s is %s.", d.product.Name, access.SubscriptionApproved)
}

func (d *evaluation) accessListDetail() string {
	switch {
	case !d.credential.Listed:
		return "The key reaches every product of its apps."
	case d.product == nil:
		return "The key reaches listed products only; no product is named."
	case d.passes(NotInAccessList):
		return fmt.Sprintf("The key's access list holds %s.", d.product.Name)
	}
	return fmt.Sprintf("The key's access list does not include %s.", d.product.Name)
}

func (d *evaluation) authTypeDetail() string {
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

func (d *evaluation) endpointDetail() string {
	switch {
	case d.product == nil:
		return "No product is named: endpoints are not looked at."
	case d.standing == allowed && !d.matched:
		return "Nothing binds the call to endpoints."
	case d.standing == allowed:
		return "The call is for an endpoint that the subscription reaches, or is not bound to endpoints."
	case d.q.Path == "":
		return "The subscription or the product is bound to endpoints, or the plan limits some, and the call names no path."
	case d.path == "" && d.product.Endpoints != nil:
		return "The subscription or the product is bound to endpoints, or the plan limits some, and servers could read the path in different ways."
	case !d.matched:
		return "The subscription or the product is bound to endpoints, and method and path are those of none."
	}
	return "The subscription is narrowed to other endpoints."
}

func (d *evaluation) ambiguityDetail() string {
	switch {
	case d.passes(AmbiguousApp) && d.credential.AppID == uuid.Nil:
		return "It is clear which app the call is for, or none is needed."
	case d.passes(AmbiguousApp):
		return "The key belongs to one app."
	}
	return "The key belongs to a whole account, several of its apps may make the call, and none is named."
}

func windowDetail(what string, w limits.Window) string {
	if w.Limit == 0 {
		return fmt.Sprintf("There is no %s.", what)
	}
	return fmt.Sprintf("Of the %s of %d a %s, %d are left; all are back at %s.", what, w.Limit, periodName(w.Per), w.Remaining, formatTime(w.ResetAt))
}

// periodName returns the name of a period. A quota's period may be an hour longer or
// shorter when daylight saving time begins or ends.
func periodName(d time.Duration) string {
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

func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
