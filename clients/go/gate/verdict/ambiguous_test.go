package verdict_test

import (
	"testing"

	"portico/clients/go/gate/access"
	. "portico/clients/go/gate/verdict"
)

// A call with a credential of a whole account is ambiguous whenever more than one
// app may make it, wherever apps that may not stand among them.
func TestSeveralAllowedAppsAreAmbiguous(t *testing.T) {
	for fit := 2; fit <= 5; fit++ {
		for unfit := range 3 {
			w := valid()
			w.c.Credential.AppID = [16]byte{}
			w.c.Apps = nil
			for i := range fit {
				for range unfit {
					other := app(byte(150+i), byte(160+i), byte(170+i))
					other.Subscriptions = nil
					w.c.Apps = append(w.c.Apps, other)
				}
				w.c.Apps = append(w.c.Apps, app(byte(100+i), byte(110+i), byte(120+i)))
			}
			if v := w.decide(t); v.Code != AmbiguousApp || v.App != nil {
				t.Errorf("%d apps that fit, each after %d that do not: %s", fit, unfit, v.Code)
			}
		}
	}
}

// Of several apps with the same standing the verdict names none, whether the call
// is refused or not: each may be the one.
func TestVerdictNamesNoneOfSeveralApps(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fixture)
		code   Code
	}{
		"waiting": {func(w *fixture) { w.eachSubscription(func(s *Subscription) { s.Status = access.SubscriptionWaiting }) }, Waiting},
		"suspended": {func(w *fixture) {
			w.eachSubscription(func(s *Subscription) { s.Status = access.SubscriptionSuspended })
		}, Suspended},
		"unregistered":    {func(w *fixture) { w.eachSubscription(func(s *Subscription) { s.Status = access.SubscriptionEnded }) }, NotSubscribed},
		"other endpoint":  {func(w *fixture) { w.q.Path = "/orders/export" }, EndpointNotAllowed},
		"nothing refuses": {func(w *fixture) { w.q.Product, w.q.NeedsProduct, w.q.Products = "", false, nil }, Valid},
	} {
		for apps := 1; apps <= 5; apps++ {
			w := valid()
			w.c.Credential.AppID = [16]byte{}
			w.c.Apps = nil
			for i := range apps {
				w.c.Apps = append(w.c.Apps, app(byte(100+i), byte(110+i), byte(120+i)))
			}
			c.change(w)
			if v := w.decide(t); v.Code != c.code || (v.App != nil) != (apps == 1) {
				t.Errorf("%s, %d apps: %s, told: %v", name, apps, v.Code, v.App != nil)
			}
		}
	}
}
