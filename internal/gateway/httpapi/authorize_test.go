package httpapi_test

import (
	"encoding/base64"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/internal/gateway"
	"portico/internal/nodeid"
)

// statuses is the whole table of what verdicts are in HTTP, written by hand.
func statuses() map[string]int {
	return map[string]int{
		"UNAVAILABLE": 503, "MALFORMED": 401, "NOT_FOUND": 401, "REVOKED": 401, "EXPIRED": 401, "DISABLED": 401,
		"ACCOUNT_SUSPENDED": 403, "WRONG_ENVIRONMENT": 403, "IP_NOT_ALLOWED": 403, "NOT_SUBSCRIBED": 403, "WAITING": 403, "SUSPENDED": 403,
		"NOT_IN_ACCESS_LIST": 403, "AUTH_TYPE_NOT_ALLOWED": 403, "ENDPOINT_NOT_ALLOWED": 403, "AMBIGUOUS_APP": 403,
		"RATE_LIMITED": 429, "QUOTA_EXCEEDED": 429, "VALID": 200,
	}
}

func withRetryAfter(code verdict.Code) func(*gateway.Request, *verdict.Verdict) {
	return func(r *gateway.Request, v *verdict.Verdict) {
		fullVerdict(code)(r, v)
		if code == verdict.RateLimited || code == verdict.QuotaExceeded {
			v.Limits.RetryAfter = 2500 * time.Millisecond
		}
	}
}

func TestEveryCodeHasItsStatus(t *testing.T) { onBoth(t, tryEveryCodeHasItsStatus) }

func tryEveryCodeHasItsStatus(t *testing.T, b *testServer) {
	t.Helper()
	if len(verdict.Codes()) != len(statuses()) {
		t.Fatalf("%d codes, %d in the table", len(verdict.Codes()), len(statuses()))
	}
	for _, code := range verdict.Codes() {
		b.verifier.say = withRetryAfter(code)
		want := statuses()[code.String()]
		for _, soften := range []string{"", "403"} {
			status := want
			if soften != "" && (want == 429 || want == 503) {
				status = 403
			}
			a := b.send(t, "GET", "/v1/authorize", "", "Authorization", "Bearer "+secret, "X-Portico-Refuse-With", soften)
			checkRefusal(t, a, code, status)
			retry := map[int]string{429: "3", 503: "1"}[want]
			if got := a.header.Get("Retry-After"); got != retry {
				t.Errorf("%s: Retry-After is %q", code, got)
			}
			if got := a.header.Get("WWW-Authenticate"); (got != "") != (want == 401) {
				t.Errorf("%s: WWW-Authenticate is %q", code, got)
			}
			if a.header.Get("X-Portico-Code") != code.String() || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %v", code, a.header)
			}
			if named := a.header.Get("X-Portico-Account") != ""; named != (code == verdict.Valid) {
				t.Errorf("%s names the account: %v", code, named)
			}
		}
	}
}

func checkRefusal(t *testing.T, a answer, code verdict.Code, status int) {
	t.Helper()
	if code == verdict.Valid {
		if a.status != 200 || a.body != "" {
			t.Errorf("VALID: %d %s", a.status, a.body)
		}
		return
	}
	refused(t, a, code.String(), status, "")
	if !strings.Contains(a.body, `"code":"`+code.String()+`"`) {
		t.Errorf("%s: %s", code, a.body)
	}
}

func TestAuthorizeSetsIdentityHeaders(t *testing.T) {
	onBoth(t, tryAuthorizeSetsIdentityHeaders)
}

func tryAuthorizeSetsIdentityHeaders(t *testing.T, b *testServer) {
	t.Helper()
	b.verifier.say = func(r *gateway.Request, v *verdict.Verdict) {
		fullVerdict(verdict.Valid)(r, v)
		v.Plan = &verdict.Plan{Name: "Gold\r\nX-Evil: 1, ü%"}
	}
	a := b.send(t, "POST", "/v1/authorize", "", "X-API-Key", secret)
	for name, want := range map[string]string{
		"X-Portico-Credential": nodeid.Encode(nodeid.Credential, id(1)), "X-Portico-App": nodeid.Encode(nodeid.App, id(2)),
		"X-Portico-Account": nodeid.Encode(nodeid.Account, id(3)), "X-Portico-Organization": nodeid.Encode(nodeid.Organization, organization()),
		"X-Portico-Product": "orders", "X-Portico-Plan": "Gold%0D%0AX-Evil%3A%201%2C%20%C3%BC%25", "X-Portico-Subscription": nodeid.Encode(nodeid.ProductSubscription, id(6)),
		"RateLimit-Policy": `"rate";q=100;w=60, "quota";q=10000;w=86400`, "RateLimit": `"rate";r=99;t=1, "quota";r=42;t=3600`, "X-Evil": "",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestRateLimitFields(t *testing.T) { onBoth(t, tryRateLimitFields) }

func tryRateLimitFields(t *testing.T, b *testServer) {
	t.Helper()
	for name, c := range map[string]struct {
		limits       limits.Answer
		policy, left string
	}{
		"none":     {limits.Answer{}, "", ""},
		"rate":     {limits.Answer{Rate: limits.Window{Limit: 5, Remaining: -1, ResetAt: noon().Add(-time.Hour), Per: time.Second}}, `"rate";q=5;w=1`, `"rate";r=0;t=0`},
		"quota":    {limits.Answer{Quota: limits.Window{Limit: 7, Remaining: 7, ResetAt: noon()}}, `"quota";q=7`, `"quota";r=7;t=0`},
		"enormous": {limits.Answer{Quota: limits.Window{Limit: 1 << 62, Remaining: 1 << 61, ResetAt: noon()}}, `"quota";q=999999999999999`, `"quota";r=999999999999999;t=0`},
	} {
		b.verifier.say = func(_ *gateway.Request, v *verdict.Verdict) { v.Code, v.Limits = verdict.Valid, c.limits }
		a := b.send(t, "GET", "/v1/authorize", "")
		if a.header.Get("RateLimit-Policy") != c.policy || a.header.Get("RateLimit") != c.left {
			t.Errorf("%s: %v", name, a.header)
		}
	}
}

// A call that costs more than its limit allows never passes, so it gets no
// Retry-After.
func TestNoRetryAfterAboveTheBurst(t *testing.T) { onBoth(t, tryNoRetryAfterAboveTheBurst) }

func tryNoRetryAfterAboveTheBurst(t *testing.T, b *testServer) {
	t.Helper()
	b.verifier.say = fullVerdict(verdict.RateLimited)
	if a := b.send(t, "GET", "/v1/authorize", ""); a.status != 429 || a.header.Get("Retry-After") != "" {
		t.Errorf("%d %v", a.status, a.header)
	}
}

// local is a verdict whose limits the node kept alone.
func local(code verdict.Code) func(*gateway.Request, *verdict.Verdict) {
	return func(r *gateway.Request, v *verdict.Verdict) {
		fullVerdict(code)(r, v)
		v.Limits.Local, v.Limits.RetryAfter = true, time.Second
	}
}

// Limits that a node kept alone are marked, whether the call passes or not.
func TestLocalLimitsAreMarked(t *testing.T) { onBoth(t, tryLocalLimitsAreMarked) }

func tryLocalLimitsAreMarked(t *testing.T, b *testServer) {
	t.Helper()
	for _, code := range []verdict.Code{verdict.Valid, verdict.RateLimited} {
		for want, say := range map[string]func(verdict.Code) func(*gateway.Request, *verdict.Verdict){"local": local, "": fullVerdict} {
			b.verifier.say = say(code)
			if a := b.send(t, "GET", "/v1/authorize", ""); a.header.Get("X-Portico-Limits") != want || a.header.Get("RateLimit") == "" {
				t.Errorf("%s: %v, want %q", code, a.header, want)
			}
		}
	}
	b.verifier.say = func(_ *gateway.Request, v *verdict.Verdict) { v.Code, v.Limits.Local = verdict.Valid, true }
	if a := b.send(t, "GET", "/v1/authorize", ""); a.header.Values("X-Portico-Limits") != nil {
		t.Errorf("without a limit: %v", a.header)
	}
}

func TestAuthorizeReadsTheCall(t *testing.T) { onBoth(t, tryAuthorizeReadsTheCall) }

func tryAuthorizeReadsTheCall(t *testing.T, b *testServer) {
	t.Helper()
	home, away := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("203.0.113.7")
	pair := "Basic " + base64.StdEncoding.EncodeToString([]byte("u:p"))
	for name, c := range map[string]struct {
		headers []string
		want    gateway.Request
	}{
		"nothing":             {nil, gateway.Request{Address: home}},
		"bearer":              {[]string{"Authorization", "Bearer k"}, gateway.Request{RawKey: "k", Presented: access.APIKey, Address: home}},
		"basic":               {[]string{"Authorization", pair}, gateway.Request{Username: "u", Password: "p", Presented: access.Basic, Address: home}},
		"two":                 {[]string{"Authorization", "Bearer k", "Authorization", "Bearer k"}, gateway.Request{Presented: access.APIKey, Malformed: true, Address: home}},
		"two headers":         {[]string{"Authorization", "Bearer k", "X-API-Key", "k"}, gateway.Request{Presented: access.APIKey, Malformed: true, Address: home}},
		"spaces":              {[]string{"X-API-Key", "k k"}, gateway.Request{Presented: access.APIKey, Malformed: true, Address: home}},
		"not UTF-8":           {[]string{"X-API-Key", "\xff\xfe"}, gateway.Request{Presented: access.APIKey, Malformed: true, Address: home}},
		"product":             {[]string{"X-Portico-Product", "orders", "X-Portico-App", "app_x", "X-Portico-Cost", "3"}, gateway.Request{Product: "orders", App: "app_x", Cost: 3, Address: home}},
		"caddy, traefik":      {[]string{"X-Forwarded-Method", "PUT", "X-Forwarded-Uri", "/a?b=c", "X-Forwarded-For", "203.0.113.7"}, gateway.Request{Method: "PUT", Path: "/a?b=c", Address: away}},
		"nginx":               {[]string{"X-Original-Method", "PUT", "X-Original-URI", "/a/../b"}, gateway.Request{Method: "PUT", Path: "/a/../b", Address: home}},
		"both, the same":      {[]string{"X-Original-URI", "/a", "X-Forwarded-Uri", "/a"}, gateway.Request{Path: "/a", Address: home}},
		"both, different":     {[]string{"X-Original-Method", "GET", "X-Original-URI", "/a", "X-Forwarded-Uri", "/b"}, gateway.Request{Address: home}},
		"methods differ":      {[]string{"X-Original-Method", "GET", "X-Forwarded-Method", "PUT", "X-Original-URI", "/a"}, gateway.Request{Address: home}},
		"two of one":          {[]string{"X-Forwarded-Uri", "/a", "X-Forwarded-Uri", "/b"}, gateway.Request{Address: home}},
		"an untrusted sender": {[]string{"X-Forwarded-Method", "PUT", "X-Forwarded-Uri", "/a", "X-Forwarded-For", "untrusted"}, gateway.Request{Address: netip.MustParseAddr("192.0.2.9")}},
	} {
		if a := b.send(t, "GET", "/v1/authorize", "", c.headers...); a.status != 200 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		c.want.NeedsProduct = true
		if got := b.verifier.last(t); got != c.want {
			t.Errorf("%s: asked %+v, want %+v", name, got, c.want)
		}
	}
}

func TestAuthorizeTakesEveryMethod(t *testing.T) { onBoth(t, tryAuthorizeTakesEveryMethod) }

func tryAuthorizeTakesEveryMethod(t *testing.T, b *testServer) {
	t.Helper()
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"} {
		if a := b.send(t, method, "/v1/authorize", ""); a.status != 200 {
			t.Errorf("%s: %d", method, a.status)
		}
	}
	b.verifier.say = fullVerdict(verdict.Revoked)
	if a := b.send(t, "HEAD", "/v1/authorize", ""); a.status != 401 || a.body != "" {
		t.Errorf("a refused HEAD: %d %q", a.status, a.body)
	}
	if a := b.send(t, "POST", "/v1/authorize", "not looked at", "Content-Type", "text/plain"); a.status != 401 {
		t.Errorf("with a body: %d", a.status)
	}
}

func TestAuthorizeRefusesBadInput(t *testing.T) { onBoth(t, tryAuthorizeRefusesBadInput) }

func tryAuthorizeRefusesBadInput(t *testing.T, b *testServer) {
	t.Helper()
	for _, c := range [][]string{
		{"X-Portico-Cost", "0"}, {"X-Portico-Cost", "-1"}, {"X-Portico-Cost", "1000001"}, {"X-Portico-Cost", "one"}, {"X-Portico-Cost", "+1"}, {"X-Portico-Cost", "1", "X-Portico-Cost", "1"},
		{"X-Portico-Product", "a", "X-Portico-Product", "b"}, {"X-Portico-App", "a", "X-Portico-App", "a"}, {"X-Portico-Refuse-With", "200"},
	} {
		refused(t, b.send(t, "GET", "/v1/authorize", "", c...), strings.Join(c, " "), http.StatusBadRequest, c[0])
	}
	if n := b.verifier.questions(); n != 0 {
		t.Errorf("the verifier was asked %d times", n)
	}
}

// A challenge is in the scheme the caller used: browsers ask for a password
// when they see Basic.
func TestChallenges(t *testing.T) { onBoth(t, tryChallenges) }

func tryChallenges(t *testing.T, b *testServer) {
	t.Helper()
	b.verifier.say = fullVerdict(verdict.NotFound)
	for authorization, want := range map[string]string{
		"": `Bearer realm="portico"`, "Bearer x": `Bearer realm="portico", error="invalid_token"`, "Basic dTpw": `Basic realm="portico", charset="UTF-8"`,
	} {
		if got := b.send(t, "GET", "/v1/authorize", "", "Authorization", authorization).header.Get("WWW-Authenticate"); got != want {
			t.Errorf("%q is challenged by %q", authorization, got)
		}
	}
}
