package verdict_test

import (
	"testing"

	"portico/internal/lifecycle"
	. "portico/internal/verdict"
)

// However many apps fit a key of a whole account: more than one is ambiguous,
// wherever apps that do not fit stand among them.
func TestThreeAppsThatFitAreAmbiguous(t *testing.T) {
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

// Of several apps that stand alike none is told, whatever stands in the way and
// where nothing does: each may be the one.
func TestNoneOfSeveralAppsIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world)
		code   Code
	}{
		"waiting":         {func(w *world) { w.registrations(func(s *Subscription) { s.Status = lifecycle.Waiting }) }, Waiting},
		"suspended":       {func(w *world) { w.registrations(func(s *Subscription) { s.Status = lifecycle.Suspended }) }, Suspended},
		"unregistered":    {func(w *world) { w.registrations(func(s *Subscription) { s.Status = lifecycle.Unsubscribed }) }, NotSubscribed},
		"other endpoint":  {func(w *world) { w.q.Path = "/orders/export" }, EndpointNotAllowed},
		"nothing refuses": {func(w *world) { w.q.Product, w.q.NeedsProduct, w.q.Products = "", false, nil }, Valid},
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
