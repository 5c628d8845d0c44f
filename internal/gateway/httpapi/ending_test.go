package httpapi_test

import (
	"strings"
	"testing"

	"portico/clients/go/gate/verdict"
	"portico/internal/gateway"
)

// ending is fullVerdict for a product that ends.
func ending(code verdict.Code) func(*gateway.Request, *verdict.Verdict) {
	full := fullVerdict(code)
	return func(r *gateway.Request, v *verdict.Verdict) {
		full(r, v)
		p := *v.Product
		p.DeprecatesAt, p.RetiresAt = noon(), noon().AddDate(0, 1, 0)
		v.Product = &p
	}
}

const deprecation, sunset = "@1772625600", "Sat, 04 Apr 2026 12:00:00 GMT"

func TestEndingIsTold(t *testing.T) { onBoth(t, tryEndingIsTold) }

func tryEndingIsTold(t *testing.T, b *testServer) {
	t.Helper()
	for _, code := range []verdict.Code{verdict.Valid, verdict.RateLimited, verdict.NotSubscribed} {
		b.verifier.say = ending(code)
		a := b.send(t, "GET", "/v1/authorize", "", "X-API-Key", secret)
		if a.header.Get("Deprecation") != deprecation || a.header.Get("Sunset") != sunset {
			t.Errorf("%s is told %v", code, a.header)
		}
		a = b.send(t, "POST", "/v1/verify", `{"key":"`+secret+`"}`)
		if !strings.HasSuffix(a.body, `,"deprecation":"`+deprecation+`","sunset":"`+sunset+`"}`) {
			t.Errorf("%s is answered by %s", code, a.body)
		}
	}
	b.verifier.say = ending(verdict.Valid)
	a, err := check(t, b.dial(t), call(map[string]string{"authorization": "Bearer " + secret}, nil), token)
	if err != nil {
		t.Fatal(err)
	}
	if down := values(a.GetOkResponse().GetResponseHeadersToAdd()); down["deprecation"] != deprecation || down["sunset"] != sunset {
		t.Errorf("Envoy's caller is told %v", down)
	}
	b.verifier.say = ending(verdict.NotSubscribed)
	if a, err = check(t, b.dial(t), call(map[string]string{"authorization": "Bearer " + secret}, nil), token); err != nil {
		t.Fatal(err)
	}
	if down := values(a.GetDeniedResponse().GetHeaders()); down["sunset"] != sunset {
		t.Errorf("Envoy's refused caller is told %v", down)
	}
	b.verifier.say = fullVerdict(verdict.Valid)
	if a := b.send(t, "GET", "/v1/authorize", "", "X-API-Key", secret); a.header.Get("Deprecation") != "" || a.header.Get("Sunset") != "" {
		t.Errorf("of a product without an end the caller is told %v", a.header)
	}
}
