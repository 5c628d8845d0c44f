package verdict_test

import (
	"strings"
	"testing"
	"time"

	. "portico/clients/go/gate/verdict"
)

// From the moment on at which a product is retired no subscription to it counts, and no call
// passes without a key.
func TestRetiredProduct(t *testing.T) {
	for after, want := range map[time.Duration]Code{-time.Microsecond: Valid, 0: NotSubscribed, time.Hour: NotSubscribed} {
		w := valid()
		p := w.c.Catalogue.Product("orders")
		p.RetiresAt = w.q.Now.Add(-after)
		if v := w.decide(t); v.Code != want || v.Subscription != nil != (want == Valid) {
			t.Errorf("%v after the retirement: %s", after, v.Code)
		}
		p.Keyless = true
		if got := Keyless(&w.q, w.c.Catalogue, new(Verdict)); got != (want == Valid) {
			t.Errorf("%v after the retirement calls without a key pass: %v", after, got)
		}
	}
	w := valid()
	w.c.Catalogue.Product("orders").RetiresAt = w.q.Now
	var v Verdict
	steps := Explain(&w.q, &w.c, &v)
	if last := steps[len(steps)-1]; last.Code != NotSubscribed || !strings.Contains(last.Detail, "was retired at 2026-05-04T10:00:00.123456789Z") {
		t.Errorf("explained as %+v", last)
	}
}

// Callers are told of a product's end by the values of the headers, unless they have no key.
func TestEnding(t *testing.T) {
	at := time.Date(2026, 12, 31, 23, 59, 59, 999, time.FixedZone("", 3600))
	key := &Credential{ID: id(theKey)}
	for name, c := range map[string]struct {
		v    Verdict
		want Ending
	}{
		"no product":    {Verdict{Code: Valid, Credential: key}, Ending{}},
		"no end":        {Verdict{Code: Valid, Product: &Product{}}, Ending{}},
		"keyless":       {Verdict{Code: Valid, Product: &Product{RetiresAt: at}}, Ending{Sunset: "Thu, 31 Dec 2026 22:59:59 GMT"}},
		"refused":       {Verdict{Code: NotSubscribed, Credential: key, Product: &Product{DeprecatesAt: at}}, Ending{Deprecation: "@1798757999"}},
		"without a key": {Verdict{Code: Malformed, Product: &Product{DeprecatesAt: at, RetiresAt: at}}, Ending{}},
	} {
		if got := c.v.Ending(); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
