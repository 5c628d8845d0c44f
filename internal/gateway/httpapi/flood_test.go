package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/internal/fault"
	"portico/internal/gateway"
)

// Too many unknown tokens are answered with Retry-After on every route.
func TestTooManyUnknownTokens(t *testing.T) { onBoth(t, tryTooManyUnknownTokens) }

func tryTooManyUnknownTokens(t *testing.T, b *testServer) {
	t.Helper()
	c := b.dial(t)
	b.verifier.callerErr = fault.RetryAfter(fault.CodeRateLimited, fault.ReasonBudget, 3*time.Second, "Too many.")
	for path, method := range routes() {
		a := b.send(t, method, path, "")
		refused(t, a, path, http.StatusTooManyRequests, "")
		if a.header.Get("Retry-After") != "3" || !strings.Contains(a.body, `"RATE_LIMITED"`) {
			t.Errorf("%s: %v %s", path, a.header, a.body)
		}
	}
	if _, err := check(t, c, call(nil, nil), token); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("Envoy: %v", err)
	}
}

// A key that was not looked for is refused for the time being: nobody is named,
// and the limit is the one that refuses.
func TestAKeyBeyondTheLookupLimit(t *testing.T) { onBoth(t, tryAKeyBeyondTheLookupLimit) }

func tryAKeyBeyondTheLookupLimit(t *testing.T, b *testServer) {
	t.Helper()
	b.verifier.say = func(_ *gateway.Request, v *verdict.Verdict) {
		*v = verdict.Verdict{Code: verdict.RateLimited, Limits: limits.Answer{
			Outcome: limits.RateExceeded, Rate: limits.Window{Limit: 20, ResetAt: noon().Add(10 * time.Second), Per: time.Second}, RetryAfter: 50 * time.Millisecond,
		}}
	}
	const limit = `"limits":{"rate":{"limit":20,"per":1,"remaining":0,"resetAt":"2026-03-04T12:00:10Z"},"remaining":0,"resetAt":"2026-03-04T12:00:10Z","retryAfter":1}`
	for path, body := range map[string]string{"/v1/verify": `{"key":"k"}`, "/v1/verify/batch": `{"requests":[{"key":"k"}]}`} {
		a := b.send(t, "POST", path, body)
		if a.status != http.StatusOK || !strings.Contains(a.body, `"code":"RATE_LIMITED","organization":`) || !strings.Contains(a.body, limit) {
			t.Errorf("%s: %+v", path, a)
		}
	}
	for soft, want := range map[string]int{"": http.StatusTooManyRequests, "403": http.StatusForbidden} {
		a := b.send(t, "GET", "/v1/authorize", "", "X-API-Key", "k", "X-Portico-Refuse-With", soft)
		if a.status != want || a.header.Get("X-Portico-Code") != "RATE_LIMITED" || a.header.Get("Retry-After") != "1" ||
			a.header.Get("X-Portico-Credential") != "" || a.header.Get("Ratelimit") != `"rate";r=0;t=10` {
			t.Errorf("authorize: %+v", a)
		}
	}
	a, err := check(t, b.dial(t), call(nil, nil), token)
	if err != nil || a.GetStatus().GetCode() != int32(codes.ResourceExhausted) || a.GetDeniedResponse().GetStatus().GetCode() != http.StatusTooManyRequests {
		t.Errorf("Envoy: %v %v", a, err)
	}
}
