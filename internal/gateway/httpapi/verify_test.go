package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/internal/gateway"
	"portico/internal/nodeid"
)

func TestVerifyPassesTheQuestion(t *testing.T) { onBoth(t, tryVerifyPassesTheQuestion) }

func tryVerifyPassesTheQuestion(t *testing.T, b *testServer) {
	t.Helper()
	for body, want := range map[string]gateway.Request{
		`{}`: {},
		`{"key":"` + secret + `","product":"orders","app":"app_x","method":"GET","path":"/a?b","ip":"::ffff:192.0.2.1","cost":1000000}`: {
			RawKey: secret, Presented: access.APIKey, Product: "orders", App: "app_x", Method: "GET", Path: "/a?b", Address: netip.MustParseAddr("192.0.2.1"), Cost: 1000000},
		" {\n\"username\" : \"u\", \"password\":\"p\",\t\"key\":null } ": {Username: "u", Password: "p", Presented: access.Basic},
		`{"key":"\u0061\n\u00e9\ud83d\ude00\/"}`:                         {RawKey: "a\né😀/", Presented: access.APIKey},
		`{"key":"a","username":"u","password":"p"}`:                      {RawKey: "a", Username: "u", Password: "p", Presented: access.APIKey, Malformed: true},
		`{"key":""}`:       {Presented: access.APIKey, Malformed: true},
		`{"username":"u"}`: {Username: "u", Presented: access.Basic, Malformed: true},
		`{"password":"p"}`: {Password: "p", Presented: access.Basic, Malformed: true},
	} {
		if a := b.send(t, "POST", "/v1/verify", body); a.status != 200 || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
		if got := b.verifier.last(t); got != want {
			t.Errorf("%s: asked %+v", body, got)
		}
	}
}

func TestVerifyIsAlways200(t *testing.T) { onBoth(t, tryVerifyIsAlways200) }

func tryVerifyIsAlways200(t *testing.T, b *testServer) {
	t.Helper()
	for _, code := range verdict.Codes() {
		b.verifier.say = fullVerdict(code)
		a := b.send(t, "POST", "/v1/verify", `{"key":"`+secret+`"}`)
		var got map[string]any
		if err := json.Unmarshal([]byte(a.body), &got); err != nil {
			t.Fatalf("%s: %v: %s", code, err, a.body)
		}
		window := func(limit, per, remaining int, reset string) map[string]any {
			return map[string]any{"limit": float64(limit), "per": float64(per), "remaining": float64(remaining), "resetAt": reset}
		}
		want := map[string]any{
			"valid": code == verdict.Valid, "code": code.String(),
			"credential": nodeid.Encode(nodeid.Credential, id(1)), "app": nodeid.Encode(nodeid.App, id(2)), "account": nodeid.Encode(nodeid.Account, id(3)),
			"organization": nodeid.Encode(nodeid.Organization, organization()), "product": "orders", "plan": "Gold",
			"subscription": nodeid.Encode(nodeid.ProductSubscription, id(6)), "endpoint": nodeid.Encode(nodeid.Endpoint, id(7)), "environment": "PRODUCTION",
			"limits": map[string]any{
				"rate": window(100, 60, 99, "2026-03-04T12:00:00.6Z"), "quota": window(10000, 86400, 42, "2026-03-04T13:00:00Z"),
				"remaining": 42.0, "resetAt": "2026-03-04T13:00:00Z",
			},
		}
		if a.status != 200 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d %s", code, a.status, a.body)
		}
	}
}

func TestAVerdictHasTheFieldsThatApply(t *testing.T) { onBoth(t, tryAVerdictHasTheFieldsThatApply) }

func tryAVerdictHasTheFieldsThatApply(t *testing.T, b *testServer) {
	t.Helper()
	org := `"organization":"` + nodeid.Encode(nodeid.Organization, organization()) + `"`
	reset := noon().Add(time.Second)
	for want, v := range map[string]verdict.Verdict{
		`{"valid":false,"code":"NOT_FOUND",` + org + `}`:                                         {Code: verdict.NotFound},
		`{"valid":true,"code":"VALID",` + org + `,"product":"a\"\\\u003c\u2028","plan":"Gümüş"}`: {Code: verdict.Valid, Product: &verdict.Product{Name: "a\"\\<\u2028"}, Plan: &verdict.Plan{Name: "Gümüş"}},
		`{"valid":false,"code":"RATE_LIMITED",` + org + `,"limits":{"rate":{"limit":5,"remaining":0,"resetAt":"2026-03-04T12:00:01Z"},"remaining":0,"resetAt":"2026-03-04T12:00:01Z","retryAfter":2,"local":true}}`: {
			Code: verdict.RateLimited, Limits: limits.Answer{Rate: limits.Window{Limit: 5, Remaining: -3, ResetAt: reset}, RetryAfter: 1001 * time.Millisecond, Local: true}},
		`{"valid":true,"code":"VALID",` + org + `,"limits":{"quota":{"limit":5,"remaining":4,"resetAt":"2026-03-04T12:00:01Z"},"remaining":4,"resetAt":"2026-03-04T12:00:01Z"}}`: {
			Code: verdict.Valid, Limits: limits.Answer{Quota: limits.Window{Limit: 5, Remaining: 4, ResetAt: reset.In(time.FixedZone("", 3600))}}},
		`{"valid":true,"code":"VALID",` + org + `,"limits":{"quota":{"limit":5,"remaining":4,"resetAt":"2026-03-04T12:00:01Z"},"remaining":4,"resetAt":"2026-03-04T12:00:01Z","used":{"quota":12,"spending":1}}}`: {
			Code: verdict.Valid, Limits: limits.Answer{Quota: limits.Window{Limit: 5, Remaining: 4, ResetAt: reset}, Used: [3]int64{12, 0, 1}, Several: true}},
		`{"valid":true,"code":"VALID",` + org + `,"limits":{"quota":{"limit":5,"remaining":5,"resetAt":"2026-03-04T12:00:01Z"},"remaining":5,"resetAt":"2026-03-04T12:00:01Z","used":{}}}`: {
			Code: verdict.Valid, Limits: limits.Answer{Quota: limits.Window{Limit: 5, Remaining: 5, ResetAt: reset}, Several: true}},
	} {
		b.verifier.say = func(_ *gateway.Request, out *verdict.Verdict) { *out = v }
		if a := b.send(t, "POST", "/v1/verify", `{"key":"x"}`); a.body != want {
			t.Errorf("wrote %s\nwant  %s", a.body, want)
		}
	}
}

func TestBatch(t *testing.T) { onBoth(t, tryBatch) }

func tryBatch(t *testing.T, b *testServer) {
	t.Helper()
	b.verifier.say = func(r *gateway.Request, v *verdict.Verdict) {
		v.Code = verdict.NotFound
		if r.RawKey == "good" {
			fullVerdict(verdict.Valid)(r, v)
		}
	}
	a := b.send(t, "POST", "/v1/verify/batch", `{"requests":[{"key":"bad"},{"key":"good","cost":2},{"key":"bad"}]}`)
	var got struct{ Results []struct{ Code, App string } }
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != 200 || len(got.Results) != 3 {
		t.Fatalf("%v: %d %s", err, a.status, a.body)
	}
	if got.Results[0].Code != "NOT_FOUND" || got.Results[1].Code != "VALID" || got.Results[2].Code != "NOT_FOUND" || got.Results[2].App != "" {
		t.Errorf("answered %s", a.body)
	}
	many := func(n int) string { return `{"requests":[` + strings.TrimSuffix(strings.Repeat(`{},`, n), ",") + `]}` }
	if a := b.send(t, "POST", "/v1/verify/batch", many(100)); a.status != 200 || strings.Count(a.body, `"code"`) != 100 {
		t.Errorf("a hundred: %d %s", a.status, a.body)
	}
	asked := b.verifier.questions()
	for body, field := range map[string]string{
		many(101): "requests", many(0): "requests", `{}`: "requests", `{"requests":{}}`: "requests", `{"requests":null}`: "requests",
		`{"requests":[{},{"cost":0}]}`: "requests.1.cost", `{"requests":[{"colour":"red"}]}`: "requests.0.colour",
		`{"requests":[{}],"more":1}`: "more", `{"other":[]}`: "other", `{"requests":[1]}`: "", `{"requests":[{},]}`: "", `{"requests":[{} {}]}`: "", `{"requests":[{}]`: "",
	} {
		refused(t, b.send(t, "POST", "/v1/verify/batch", body), body, http.StatusBadRequest, field)
	}
	if b.verifier.questions() != asked {
		t.Error("a part of a malformed batch was asked")
	}
}

// refused checks a problem's form, and that it names the field.
func refused(t *testing.T, a answer, what string, status int, field string) {
	t.Helper()
	if len(what) > 80 {
		what = what[:80]
	}
	var p struct {
		Type, Title, Code, Detail string
		Status                    int
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != status || p.Status != status || p.Title != http.StatusText(status) ||
		p.Code == "" || p.Type != "urn:portico:code:"+p.Code || p.Detail == "" || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%q: %d %s (%v)", what, a.status, a.body, err)
	}
	if field != "" && !strings.Contains(p.Detail, "field "+field+" ") {
		t.Errorf("%q: the field %s is not named: %s", what, field, p.Detail)
	}
}

func TestVerifyRefusesBadInput(t *testing.T) { onBoth(t, tryVerifyRefusesBadInput) }

func tryVerifyRefusesBadInput(t *testing.T, b *testServer) {
	t.Helper()
	for body, field := range map[string]string{
		`{"cost":0}`: "cost", `{"cost":-1}`: "cost", `{"cost":1000001}`: "cost", `{"cost":1.5}`: "cost", `{"cost":"1"}`: "cost", `{"cost":1e3}`: "cost",
		`{"cost":01}`: "cost", `{"cost":+1}`: "cost", `{"cost":99999999999999999999}`: "cost", `{"cost":true}`: "cost",
		`{"key":1}`: "key", `{"key":{}}`: "key", `{"key":["a"]}`: "key", `{"product":false}`: "product", `{"path":7}`: "path", `{"key":"\ud800"}`: "key", `{"key":"\udc00\ud800"}`: "key",
		`{"path":"/\ud800"}`: "path", `{"path":"/\udfff/x"}`: "path", `{"path":"/\ud83dx"}`: "path", `{"path":"/\ud83d\u0041"}`: "path", `{"path":"/` + "\xed\xa0\x80" + `"}`: "",
		`{"ip":"localhost"}`: "ip", `{"ip":"1.2.3.4:80"}`: "ip", `{"ip":"fe80::1%eth0"}`: "ip", `{"ip":""}`: "ip", `{"ip":"010.0.0.1"}`: "ip",
		`{"colour":"red"}`: "colour", `{"Key":"x"}`: "Key", `{"key":"a","key":"b"}`: "key",
		`{"` + secret + `":"x"}`: "", `{"` + strings.Repeat("a", 5000) + `":"x"}`: "",
		``: "", `[]`: "", `null`: "", `"x"`: "", `{`: "", `{"key"`: "", `{"key":`: "", `{"key":"x`: "", `{"key":"x"`: "", `{"key":"x",}`: "", `{,}`: "", `{"key" "x"}`: "",
		`{} {}`: "", `{}x`: "", `{key:"x"}`: "", `{'key':'x'}`: "", `{"key":"\x"}`: "", `{"key":"\u12"}`: "", `{"key":"\u12g4"}`: "", `{"key":"` + "\n" + `"}`: "", `{"key":nul}`: "", `{"key":"\`: "",
		"{}\x00": "", "\xef\xbb\xbf{}": "", `{"key":"` + "\xff" + `"}`: "", strings.Repeat("[", 60000): "", strings.Repeat(`{"key":`, 9000): "",
	} {
		refused(t, b.send(t, "POST", "/v1/verify", body, "Content-Type", "", "Content-Type", "application/json; charset=utf-8"), body, http.StatusBadRequest, field)
	}
	if n := b.verifier.questions(); n != 0 {
		t.Errorf("the verifier was asked %d times", n)
	}
}

func TestVerifyRefusesMalformedQuestions(t *testing.T) { onBoth(t, tryVerifyRefusesMalformedQuestions) }

func tryVerifyRefusesMalformedQuestions(t *testing.T, b *testServer) {
	t.Helper()
	for path, most := range map[string]int{"/v1/verify": 64 << 10, "/v1/verify/batch": 256 << 10, "/v1/usage": 1 << 20} {
		refused(t, b.send(t, "POST", path, `{"key":"`+strings.Repeat("a", most)+`"}`), "too long", http.StatusRequestEntityTooLarge, "")
		refused(t, b.send(t, "POST", path, `{}`, "Content-Type", ""), "no type", http.StatusUnsupportedMediaType, "")
		for _, other := range []string{"text/plain", "application/x-www-form-urlencoded", "application/jsonx", "application/json, text/plain"} {
			refused(t, b.send(t, "POST", path, `{}`, "Content-Type", "", "Content-Type", other), other, http.StatusUnsupportedMediaType, "")
		}
		for _, method := range []string{"GET", "PUT", "DELETE", "OPTIONS", "PATCH"} {
			a := b.send(t, method, path, "")
			refused(t, a, method, http.StatusMethodNotAllowed, "")
			if a.header.Get("Allow") != "POST" {
				t.Errorf("%s allows %q", path, a.header.Get("Allow"))
			}
		}
	}
	// The longest body passes, and so does a key that is far too long: that is a verdict.
	long := `{"key":"` + strings.Repeat("a", 64<<10-len(`{"key":""}`)) + `"}`
	if a := b.send(t, "POST", "/v1/verify", long); a.status != 200 || len(b.verifier.last(t).RawKey) != len(long)-10 {
		t.Errorf("the longest body: %d %s", a.status, a.body)
	}
}

func TestConcurrentRequestsAreKeptApart(t *testing.T) { onBoth(t, tryConcurrentRequestsAreKeptApart) }

func tryConcurrentRequestsAreKeptApart(t *testing.T, b *testServer) {
	t.Helper()
	b.verifier.say = func(r *gateway.Request, v *verdict.Verdict) {
		v.Code, v.Product = verdict.Valid, &verdict.Product{Name: r.RawKey + r.Path}
	}
	t.Run("group", func(t *testing.T) {
		for n := range 8 {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				for i := range 50 {
					key, path := fmt.Sprintf("key-%d-%d", n, i), ""
					if i%2 == 0 {
						path = "/path"
					}
					body := `{"key":"` + key + `"}`
					if path != "" {
						body = `{"key":"` + key + `","path":"` + path + `"}`
					}
					if a := b.send(t, "POST", "/v1/verify", body); !strings.Contains(a.body, `"product":"`+key+path+`"`) {
						t.Errorf("asked with %s %s, got %s", key, path, a.body)
					}
				}
			})
		}
	})
}
