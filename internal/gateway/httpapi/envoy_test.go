package httpapi_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authz "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/verdict"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/nodeid"
)

// dial returns an Envoy client on the server's listener.
func (b *testServer) dial(t *testing.T) authz.AuthorizationClient {
	t.Helper()
	c, err := grpc.NewClient(b.addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return authz.NewAuthorizationClient(c)
}

// check asks with so many tokens.
func check(t *testing.T, c authz.AuthorizationClient, r *authz.CheckRequest, tokens ...string) (*authz.CheckResponse, error) {
	t.Helper()
	ctx := t.Context()
	for _, one := range tokens {
		ctx = metadata.AppendToOutgoingContext(ctx, "x-portico-gateway-token", one)
	}
	return c.Check(ctx, r)
}

func call(headers, extensions map[string]string) *authz.CheckRequest {
	return &authz.CheckRequest{Attributes: &authz.AttributeContext{
		Source: &authz.AttributeContext_Peer{Address: &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{Address: "::ffff:198.51.100.4"}}}},
		Request: &authz.AttributeContext_Request{Http: &authz.AttributeContext_HttpRequest{
			Method: "GET", Path: "/orders/1?x=%2e", Headers: headers,
		}},
		ContextExtensions: extensions,
	}}
}

func values(options []*core.HeaderValueOption) map[string]string {
	out := map[string]string{}
	for _, o := range options {
		out[o.GetHeader().GetKey()] = o.GetHeader().GetValue()
		if o.GetAppendAction() != core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD {
			out[o.GetHeader().GetKey()] += " beside what the caller wrote"
		}
	}
	return out
}

func TestEnvoyAllows(t *testing.T) { onBoth(t, tryEnvoyAllows) }

func tryEnvoyAllows(t *testing.T, b *testServer) {
	t.Helper()
	b.verifier.say = fullVerdict(verdict.Valid)
	a, err := check(t, b.dial(t), call(map[string]string{"authorization": "Bearer " + secret}, nil), token)
	if err != nil {
		t.Fatal(err)
	}
	ok := a.GetOkResponse()
	if ok == nil || a.GetStatus().GetCode() != int32(codes.OK) || strings.Contains(a.String(), secret) {
		t.Fatalf("answered %v", a)
	}
	up := values(ok.GetHeaders())
	for name, want := range map[string]string{
		"x-portico-code": "VALID", "x-portico-credential": nodeid.Encode(nodeid.Credential, id(1)), "x-portico-app": nodeid.Encode(nodeid.App, id(2)),
		"x-portico-account": nodeid.Encode(nodeid.Account, id(3)), "x-portico-organization": nodeid.Encode(nodeid.Organization, organization()),
		"x-portico-product": "orders", "x-portico-plan": "Gold", "x-portico-subscription": nodeid.Encode(nodeid.ProductSubscription, id(6)),
	} {
		if up[name] != want {
			t.Errorf("%s is %q", name, up[name])
		}
	}
	if len(up) != 8 || !slices.Equal(ok.GetHeadersToRemove(), []string{"x-portico-limits"}) {
		t.Errorf("the upstream is told %v, and %v is removed", up, ok.GetHeadersToRemove())
	}
	if down := values(ok.GetResponseHeadersToAdd()); down["ratelimit"] != `"rate";r=99;t=1, "quota";r=42;t=3600` || down["ratelimit-policy"] == "" || len(down) != 2 {
		t.Errorf("the caller is told %v", down)
	}
}

// Identity headers that the caller sent are removed where the verdict does not set
// them.
func TestEnvoyRemovesForgedIdentityHeaders(t *testing.T) {
	onBoth(t, tryEnvoyRemovesForgedIdentityHeaders)
}

func tryEnvoyRemovesForgedIdentityHeaders(t *testing.T, b *testServer) {
	t.Helper()
	b.verifier.say = func(_ *gateway.Request, v *verdict.Verdict) {
		v.Code, v.Product = verdict.Valid, &verdict.Product{Name: "open", Keyless: true}
	}
	claimed := call(map[string]string{
		"x-portico-app": "app_claimed", "x_portico_account": "acct_claimed", "x-portico_code": "VALID", "x-portico.plan": "Gold", "x-portico-product": "claimed",
		"x-portico": "stays", "x-porticos-plan": "stays", "xx-portico-plan": "stays", "x_other": "stays",
	}, nil)
	claimed.GetAttributes().GetRequest().GetHttp().HeaderMap = &core.HeaderMap{Headers: []*core.HeaderValue{
		{Key: "X_Portico_Account", RawValue: []byte("acct_claimed")}, {Key: "x-portico-anything", RawValue: []byte("claimed")},
	}}
	a, err := check(t, b.dial(t), claimed, token)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"x-portico-account", "x-portico-anything", "x-portico-app", "x-portico-credential", "x-portico-limits", "x-portico-plan",
		"x-portico-subscription", "x-portico.plan", "x-portico_code", "x_portico_account"}
	if got := slices.Sorted(slices.Values(a.GetOkResponse().GetHeadersToRemove())); !slices.Equal(got, want) {
		t.Errorf("removed %v", got)
	}
	if up := values(a.GetOkResponse().GetHeaders()); up["x-portico-product"] != "open" {
		t.Errorf("the upstream is told %v", up)
	}
}

func TestEnvoyMarksLocalLimits(t *testing.T) { onBoth(t, tryEnvoyMarksLocalLimits) }

func tryEnvoyMarksLocalLimits(t *testing.T, b *testServer) {
	t.Helper()
	c := b.dial(t)
	b.verifier.say = local(verdict.Valid)
	passed, err := check(t, c, call(nil, nil), token)
	if err != nil {
		t.Fatal(err)
	}
	b.verifier.say = local(verdict.RateLimited)
	refused, err := check(t, c, call(nil, nil), token)
	if err != nil {
		t.Fatal(err)
	}
	for _, reported := range [][]*core.HeaderValueOption{passed.GetOkResponse().GetHeaders(), refused.GetDeniedResponse().GetHeaders()} {
		if values(reported)["x-portico-limits"] != "local" {
			t.Errorf("told %v", reported)
		}
	}
	if gone := passed.GetOkResponse().GetHeadersToRemove(); len(gone) != 0 {
		t.Errorf("removed %v", gone)
	}
}

func TestEnvoyRefuses(t *testing.T) { onBoth(t, tryEnvoyRefuses) }

func tryEnvoyRefuses(t *testing.T, b *testServer) {
	t.Helper()
	c := b.dial(t)
	for _, code := range verdict.Codes() {
		if code == verdict.Valid {
			continue
		}
		b.verifier.say = withRetryAfter(code)
		a, err := check(t, c, call(nil, nil), token)
		if err != nil {
			t.Fatal(err)
		}
		no, want := a.GetDeniedResponse(), statuses()[code.String()]
		h := values(no.GetHeaders())
		if int(no.GetStatus().GetCode()) != want || a.GetStatus().GetCode() == int32(codes.OK) || !strings.Contains(no.GetBody(), `"code":"`+code.String()+`"`) ||
			h["content-type"] != "application/problem+json" || h["x-portico-code"] != code.String() || h["x-portico-account"] != "" ||
			(h["retry-after"] != "") != (want == 429 || want == 503) || (h["www-authenticate"] != "") != (want == 401) {
			t.Errorf("%s: %v", code, a)
		}
	}
}

func TestEnvoyReadsTheCall(t *testing.T) { onBoth(t, tryEnvoyReadsTheCall) }

func tryEnvoyReadsTheCall(t *testing.T, b *testServer) {
	t.Helper()
	c := b.dial(t)
	source := netip.MustParseAddr("198.51.100.4")
	type m = map[string]string
	base := gateway.Request{Method: "GET", Path: "/orders/1?x=%2e", Address: source}
	with := func(f func(*gateway.Request)) gateway.Request {
		r := base
		f(&r)
		return r
	}
	for name, k := range map[string]struct {
		headers, extensions m
		want                gateway.Request
	}{
		"nothing":           {nil, nil, base},
		"api key":           {m{"x-api-key": "k"}, nil, with(func(r *gateway.Request) { r.RawKey, r.Presented = "k", access.APIKey })},
		"joined":            {m{"authorization": "Bearer a,Bearer b"}, nil, with(func(r *gateway.Request) { r.Presented, r.Malformed = access.APIKey, true })},
		"two":               {m{"authorization": "Bearer a", "x-api-key": "a"}, nil, with(func(r *gateway.Request) { r.Presented, r.Malformed = access.APIKey, true })},
		"headers":           {m{"x-portico-product": "p", "x-portico-app": "a", "x-portico-cost": "2"}, nil, with(func(r *gateway.Request) { r.Product, r.App, r.Cost = "p", "a", 2 })},
		"configured":        {m{"x-portico-product": "p", "x-portico-cost": "2"}, m{"product": "q", "app": "b", "cost": "3"}, with(func(r *gateway.Request) { r.Product, r.App, r.Cost = "q", "b", 3 })},
		"claimed address":   {m{"x-forwarded-for": "203.0.113.7"}, nil, base},
		"claimed, and not":  {m{"x-forwarded-for": "203.0.113.7"}, m{"trust_forwarded_for": "false"}, base},
		"forwarded":         {m{"x-forwarded-for": "192.0.2.66, 203.0.113.7"}, m{"trust_forwarded_for": "true"}, with(func(r *gateway.Request) { r.Address = netip.MustParseAddr("203.0.113.7") })},
		"after the peer":    {m{"x-forwarded-for": "192.0.2.66, 203.0.113.7,198.51.100.4"}, m{"trust_forwarded_for": "true"}, with(func(r *gateway.Request) { r.Address = netip.MustParseAddr("203.0.113.7") })},
		"forwarded, broken": {m{"x-forwarded-for": "203.0.113.7, unknown"}, m{"trust_forwarded_for": "true"}, base},
	} {
		if _, err := check(t, c, call(k.headers, k.extensions), token); err != nil {
			t.Fatal(name, err)
		}
		k.want.NeedsProduct = true
		if got := b.verifier.last(t); got != k.want {
			t.Errorf("%s: asked %+v", name, got)
		}
	}
	// As Envoy sends headers with encode_raw_headers, where doubles stay apart.
	raw := call(nil, nil)
	raw.GetAttributes().GetRequest().GetHttp().HeaderMap = &core.HeaderMap{Headers: []*core.HeaderValue{
		{Key: "authorization", RawValue: []byte("Bearer a")}, {Key: "authorization", RawValue: []byte("Bearer a")},
	}}
	if _, err := check(t, c, raw, token); err != nil || !b.verifier.last(t).Malformed {
		t.Errorf("two raw headers: %v %+v", err, b.verifier.last(t))
	}
	if _, err := check(t, c, &authz.CheckRequest{}, token); err != nil || b.verifier.last(t) != (gateway.Request{NeedsProduct: true}) {
		t.Errorf("an empty call: %v %+v", err, b.verifier.last(t))
	}
}

func TestEnvoyFails(t *testing.T) { onBoth(t, tryEnvoyFails) }

func tryEnvoyFails(t *testing.T, b *testServer) {
	t.Helper()
	c := b.dial(t)
	for _, tokens := range [][]string{nil, {""}, {"ptg_other"}, {token, token}} {
		if _, err := check(t, c, call(nil, nil), tokens...); status.Code(err) != codes.Unauthenticated || strings.Contains(err.Error(), token) {
			t.Errorf("%d tokens: %v", len(tokens), err)
		}
	}
	for _, cost := range []string{"0", "-1", "x", ""} {
		a, err := check(t, c, call(nil, map[string]string{"cost": cost}), token)
		if err != nil || a.GetDeniedResponse().GetStatus().GetCode() != 400 {
			t.Errorf("cost %q: %v %v", cost, a, err)
		}
	}
	if b.verifier.questions() != 0 {
		t.Error("the verifier was asked")
	}
	b.verifier.say = func(*gateway.Request, *verdict.Verdict) { panic("a defect") }
	for range 3 {
		if _, err := check(t, c, call(nil, nil), token); status.Code(err) != codes.Internal || strings.Contains(err.Error(), "defect") {
			t.Errorf("a panic: %v", err)
		}
	}
	b.verifier.callerErr = fault.RetryAfter(fault.CodeUnavailable, fault.ReasonDatabase, time.Second, "Down.")
	if _, err := check(t, c, call(nil, nil), token); status.Code(err) != codes.Unavailable {
		t.Errorf("without a database: %v", err)
	}
	// HTTP/1.1 is still served on the same listener.
	b.verifier.callerErr, b.verifier.say = nil, nil
	if a := b.send(t, "POST", "/v1/verify", `{}`); a.status != 200 {
		t.Errorf("verify: %d", a.status)
	}
}
