package verdict_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	. "portico/clients/go/gate/verdict"
)

// What each step says, whether it passes or not.
func TestDetails(t *testing.T) {
	all := func(s *Subscription) { s.Narrowed = false }
	for name, c := range map[string]struct {
		change func(*fixture)
		code   Code
		detail string
	}{
		"from where": {func(*fixture) {}, IPNotAllowed, "The call comes from 192.0.2.7; the key may be used from 192.0.2.0/24."},
		"approved":   {func(*fixture) {}, NotSubscribed, "The subscription with orders is APPROVED."},
		"waiting":    {func(w *fixture) { w.eachSubscription(func(s *Subscription) { s.Status = access.SubscriptionWaiting }) }, Waiting, "The subscription with orders is WAITING."},
		"suspended": {func(w *fixture) {
			w.eachSubscription(func(s *Subscription) { s.Status = access.SubscriptionSuspended })
		}, Suspended, "The subscription with orders is SUSPENDED."},
		"listed":      {func(*fixture) {}, NotInAccessList, "The key's access list holds orders."},
		"not listed":  {func(w *fixture) { w.c.Credential.Listed = false }, NotInAccessList, "The key reaches every product of its apps."},
		"an endpoint": {func(*fixture) {}, EndpointNotAllowed, "The call is for an endpoint"},
		"any path": {func(w *fixture) {
			w.eachSubscription(all)
			w.q.Path = "/x"
			w.c.Catalogue.Product("orders").Enforced = false
		}, EndpointNotAllowed, "Nothing binds"},
		"one app":            {func(*fixture) {}, AmbiguousApp, "The key belongs to one app."},
		"an account, named":  {func(w *fixture) { w.ofAccount().q.App = appID(theOtherApp) }, AmbiguousApp, "It is clear which app"},
		"an account, either": {func(w *fixture) { w.ofAccount() }, AmbiguousApp, "The key belongs to a whole account"},
		"presented unknown":  {func(w *fixture) { w.q.Presented = "" }, AuthTypeNotAllowed, "may be presented as raw key or as user name and password. orders takes API_KEY."},
		"several types": {func(w *fixture) {
			w.c.Catalogue.Product("orders").AuthTypes = []access.AuthType{access.APIKey, access.Basic}
		}, AuthTypeNotAllowed, "orders takes API_KEY, BASIC."},
		"of an account": {func(w *fixture) { w.c.Credential.AppID, w.c.Apps = uuid.Nil, nil }, NotSubscribed, "or it has none"},
	} {
		w := valid()
		c.change(w)
		var v Verdict
		steps := Explain(&w.q, &w.c, &v)
		i := slices.IndexFunc(steps, func(s Step) bool { return s.Code == c.code })
		if i < 0 || !strings.Contains(steps[i].Detail, c.detail) {
			t.Errorf("%s: %+v does not say %q", name, steps, c.detail)
		}
	}
}

// Periods have names, whatever the clocks' change makes of their length.
func TestPeriodsHaveNames(t *testing.T) {
	const day = 24 * time.Hour
	for per, want := range map[time.Duration]string{
		time.Second: "second", time.Second + 1: "minute", time.Minute: "minute", time.Minute + 1: "hour", time.Hour: "hour", time.Hour + 1: "day", 23 * time.Hour: "day", 25 * time.Hour: "day",
		2*day - 1: "day", 2 * day: "week", 7*day - time.Hour: "week", 7*day + time.Hour: "week", 8*day - 1: "week", 8 * day: "month", 28 * day: "month", 31*day + time.Hour: "month",
	} {
		v := Verdict{Limits: limits.Answer{Outcome: limits.Passed, Rate: limits.Window{Limit: 10, Remaining: 3, ResetAt: now(), Per: per}}}
		if detail := ExplainLimits(&v)[0].Detail; !strings.Contains(detail, " a "+want+",") {
			t.Errorf("%s: %q does not say %q", per, detail, want)
		}
	}
}

// A quota that an account's apps share is said to be so.
func TestSharedQuotasAreMarked(t *testing.T) {
	month := limits.Quota{Limit: 9, Per: access.PerMonth}
	for name, c := range map[string]struct {
		plan   *Plan
		shared bool
	}{
		"no plan": {nil, false}, "an app's": {&Plan{Quota: month}, false}, "an account's": {&Plan{Quota: month, PerAccount: true}, true}, "none": {&Plan{PerAccount: true}, false},
	} {
		v := Verdict{Plan: c.plan, Limits: limits.Answer{Outcome: limits.Passed, Quota: limits.Window{Limit: 9, Per: 30 * 24 * time.Hour}}}
		if detail := ExplainLimits(&v)[1].Detail; strings.Contains(detail, "account's quota, which its apps share,") != c.shared {
			t.Errorf("%s: %q", name, detail)
		}
	}
}
