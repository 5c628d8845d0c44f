package verdict_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/objectid"
	"portico/clients/go/gate/pathmatch"
	. "portico/clients/go/gate/verdict"
)

func appID(n byte) string { return objectid.Encode(objectid.App, id(n)) }

func zeroAddress() netip.Addr { return netip.Addr{} }

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		network, address string
		inside           bool
	}{
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.7/24", "192.0.2.1", true}, // bits beyond the mask do not count
		{"192.0.2.7/32", "192.0.2.7", true},
		{"0.0.0.0/0", "203.0.113.9", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"192.0.2.0/24", "::ffff:192.0.2.7", true},
		{"192.0.2.0/24", "::ffff:192.0.3.7", false},
		{"::ffff:192.0.2.0/120", "192.0.2.7", true},
		{"::ffff:192.0.2.0/120", "::ffff:192.0.2.7", true},
		{"::ffff:192.0.2.0/120", "192.0.3.7", false},
		{"::ffff:192.0.2.0/120", "2001:db8::1", false},
		{"2001:db8::/32", "2001:db8::7", true},
		{"2001:db8::/32", "2001:db9::7", false},
		{"2001:db8::/32", "192.0.2.7", false},
		{"::/0", "2001:db8::1", true},
		{"fe80::/10", "fe80::1%eth0", true},
		{"::1/128", "::1", true},
		{"::1/128", "127.0.0.1", false},
	} {
		w := valid()
		w.c.Credential.Addresses = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix(c.network)}
		w.q.Address = netip.MustParseAddr(c.address)
		if v := w.decide(t); (v.Code == Valid) != c.inside || !c.inside && v.Code != IPNotAllowed {
			t.Errorf("%s in %s: %s", c.address, c.network, v.Code)
		}
	}
	w := valid()
	w.c.Credential.Addresses, w.q.Address = nil, zeroAddress()
	if v := w.decide(t); v.Code != Valid {
		t.Errorf("a key that may be used from anywhere: %s", v.Code)
	}
}

func TestTokenRestrictions(t *testing.T) {
	for name, c := range map[string]struct {
		environment access.Environment
		products    []uuid.UUID
		product     string
		want        Code
	}{
		"nothing":             {"", nil, "orders", Valid},
		"its environment":     {access.Production, nil, "orders", Valid},
		"another environment": {access.Development, nil, "orders", WrongEnvironment},
		"its product":         {"", []uuid.UUID{id(theOtherProduct), id(theProduct)}, "orders", Valid},
		"another product":     {"", []uuid.UUID{id(theOtherProduct)}, "orders", NotSubscribed},
		"no product":          {"", []uuid.UUID{}, "orders", NotSubscribed},
		"none is named":       {"", []uuid.UUID{id(theOtherProduct), id(theProduct)}, "", NotSubscribed},
		"unknown":             {"", nil, "oders", NotSubscribed},
		"not registered":      {"", nil, "stock", NotSubscribed},
		"as it is written":    {"", nil, "Orders", NotSubscribed},
	} {
		w := valid()
		w.q.Environment, w.q.Products, w.q.Product = c.environment, c.products, c.product
		v := w.decide(t)
		if v.Code != c.want {
			t.Errorf("%s: %s", name, v.Code)
		}
		if refused := c.want == NotSubscribed && c.product == "orders"; refused && v.Product != nil {
			t.Errorf("%s: a product outside the token's is told", name)
		}
	}
}

func TestQuestionWithoutProduct(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fixture)
		want   Code
		app    bool
	}{
		"a key of an app":                 {func(*fixture) {}, Valid, true},
		"without subscriptions":           {func(w *fixture) { w.c.Apps[0].Subscriptions = nil }, Valid, true},
		"a waiting one":                   {func(w *fixture) { w.eachSubscription(func(s *Subscription) { s.Status = access.SubscriptionWaiting }) }, Valid, true},
		"an empty access list":            {func(w *fixture) { w.c.Credential.AccessList = nil }, Valid, true},
		"no path":                         {func(w *fixture) { w.q.Path, w.q.Method = "", "" }, Valid, true},
		"shown in the other way":          {func(w *fixture) { w.q.Presented = access.Basic }, Valid, true},
		"shown in no way that there is":   {func(w *fixture) { w.q.Presented = "BEARER" }, AuthTypeNotAllowed, true},
		"another app is named":            {func(w *fixture) { w.q.App = appID(theOtherApp) }, NotSubscribed, false},
		"a key of an account":             {func(w *fixture) { w.ofAccount() }, Valid, false},
		"of an account with one app":      {func(w *fixture) { w.c.Credential.AppID = uuid.Nil }, Valid, true},
		"of an account without apps":      {func(w *fixture) { w.c.Credential.AppID, w.c.Apps = uuid.Nil, nil }, Valid, false},
		"of an app that is not there":     {func(w *fixture) { w.c.Apps = nil }, NotSubscribed, false},
		"of an account, an app is named":  {func(w *fixture) { w.ofAccount().q.App = appID(theOtherApp) }, Valid, true},
		"of an account, another is named": {func(w *fixture) { w.ofAccount().q.App = appID(99) }, NotSubscribed, false},
	} {
		w := valid()
		w.q.Product, w.q.Products = "", nil
		c.change(w)
		v := w.decide(t)
		if v.Code != c.want || (v.App != nil) != c.app || v.Product != nil || v.Plan != nil || v.Subscription != nil || v.Endpoint != uuid.Nil {
			t.Errorf("%s: %s, %+v", name, v.Code, v)
		}
	}
}

func TestNamedApps(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		found byte // 0: none
	}{
		"by id":              {appID(theOtherApp), theOtherApp},
		"by reference":       {id(theOtherReference).String(), theOtherApp},
		"the id as a UUID":   {id(theOtherApp).String(), 0},
		"another kind of id": {objectid.Encode(objectid.Product, id(theOtherApp)), 0},
		"unknown":            {appID(77), 0},
		"nobody":             {appID(0)[:4] + "0000000000000000000000", 0},
		"nobody's reference": {uuid.Nil.String(), 0},
		"junk":               {"the shop", 0},
		"junk of a length":   {"zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz", 0},
		"a blank":            {" ", 0},
	} {
		w := valid().ofAccount()
		w.q.App = c.text
		v := w.decide(t)
		switch {
		case c.found == 0 && (v.Code != NotSubscribed || v.App != nil):
			t.Errorf("%s: %s of %+v", name, v.Code, v.App)
		case c.found != 0 && (v.Code != Valid || v.App.ID != id(c.found) || v.Subscription.ID != id(theOtherSubscription)):
			t.Errorf("%s: %s of %+v", name, v.Code, v.App)
		}
	}
	w := valid()
	w.c.Apps = append(w.c.Apps, app(theOtherApp, theOtherReference, theOtherSubscription))
	w.q.App = appID(theOtherApp)
	if v := w.decide(t); v.Code != NotSubscribed {
		t.Errorf("a key of one app spoke for another: %s", v.Code)
	}
}

// Each check leaves out the apps that fail it; the code is that of the check that
// leaves none.
func TestCredentialOfAnAccount(t *testing.T) {
	const none = access.SubscriptionEnded
	elsewhere := []uuid.UUID{id(exportEndpoint)}
	here := []uuid.UUID{id(ordersEndpoint)}
	for name, c := range map[string]struct {
		first, second access.SubscriptionStatus
		reach, reach2 []uuid.UUID
		want          Code
		app           byte
	}{
		"neither":                         {none, none, here, here, NotSubscribed, 0},
		"one":                             {access.SubscriptionApproved, none, here, here, Valid, theApp},
		"the other":                       {none, access.SubscriptionApproved, here, here, Valid, theOtherApp},
		"both":                            {access.SubscriptionApproved, access.SubscriptionApproved, here, here, AmbiguousApp, 0},
		"one waits":                       {none, access.SubscriptionWaiting, here, here, Waiting, theOtherApp},
		"both wait":                       {access.SubscriptionWaiting, access.SubscriptionWaiting, here, here, Waiting, 0},
		"one waits, one is suspended":     {access.SubscriptionWaiting, access.SubscriptionSuspended, here, here, Suspended, theOtherApp},
		"one is suspended, one waits":     {access.SubscriptionSuspended, access.SubscriptionWaiting, here, here, Suspended, theApp},
		"one is suspended, one is good":   {access.SubscriptionSuspended, access.SubscriptionApproved, here, here, Valid, theOtherApp},
		"one reaches the endpoint":        {access.SubscriptionApproved, access.SubscriptionApproved, elsewhere, here, Valid, theOtherApp},
		"none reaches the endpoint":       {access.SubscriptionApproved, access.SubscriptionApproved, elsewhere, nil, EndpointNotAllowed, 0},
		"the only good one is elsewhere":  {access.SubscriptionWaiting, access.SubscriptionApproved, here, elsewhere, EndpointNotAllowed, theOtherApp},
		"the elsewhere one is not better": {access.SubscriptionApproved, access.SubscriptionSuspended, here, here, Valid, theApp},
	} {
		w := valid().ofAccount()
		w.c.Apps[0].Subscriptions[0].Status, w.c.Apps[1].Subscriptions[0].Status = c.first, c.second
		w.c.Apps[0].Subscriptions[0].Endpoints, w.c.Apps[1].Subscriptions[0].Endpoints = c.reach, c.reach2
		v := w.decide(t)
		if v.Code != c.want || (v.App == nil) != (c.app == 0) || c.app != 0 && v.App.ID != id(c.app) {
			t.Errorf("%s: %s, %+v", name, v.Code, v.App)
		}
		if v.Endpoint != id(ordersEndpoint) {
			t.Errorf("%s: the endpoint is not told", name)
		}
	}
	w := valid().ofAccount()
	w.c.Apps = nil
	if v := w.decide(t); v.Code != NotSubscribed {
		t.Errorf("an account without apps: %s", v.Code)
	}
}

func TestEndedSubscriptionsAreIgnored(t *testing.T) {
	w := valid()
	s := w.c.Apps[0].Subscriptions[0]
	old, other := s, s
	old.ID, old.Status = id(90), access.SubscriptionRejected
	other.ID, other.ProductID = id(91), id(theOtherProduct)
	w.c.Apps[0].Subscriptions = []Subscription{old, other, s, old}
	if v := w.decide(t); v.Code != Valid || v.Subscription.ID != id(theSubscription) {
		t.Errorf("%s by %+v", v.Code, v.Subscription)
	}
}

func TestAuthTypes(t *testing.T) {
	only := func(types ...access.AuthType) []access.AuthType { return types }
	for _, c := range []struct {
		takes     []access.AuthType
		presented access.AuthType
		product   string
		want      Code
	}{
		{access.AuthTypes(), access.APIKey, "orders", Valid},
		{access.AuthTypes(), access.Basic, "orders", Valid},
		{access.AuthTypes(), "", "orders", Valid},
		{access.AuthTypes(), "BEARER", "orders", AuthTypeNotAllowed},
		{only(access.APIKey), access.APIKey, "orders", Valid},
		{only(access.APIKey), access.Basic, "orders", AuthTypeNotAllowed},
		{only(access.Basic), access.Basic, "orders", Valid},
		{only(access.Basic), access.APIKey, "orders", AuthTypeNotAllowed},
		{only(access.Basic), "", "orders", Valid},
		{nil, "", "orders", AuthTypeNotAllowed},
		{nil, "", "", Valid},
		{nil, access.Basic, "", Valid},
		{nil, access.APIKey, "", Valid},
		{nil, "BEARER", "", AuthTypeNotAllowed},
	} {
		w := valid()
		w.c.Catalogue.Product("orders").AuthTypes = c.takes
		w.q.Presented, w.q.Product = c.presented, c.product
		if c.product == "" {
			w.q.Products = nil
		}
		if v := w.decide(t); v.Code != c.want {
			t.Errorf("a key shown as %q to %q, which takes %v: %s", c.presented, c.product, c.takes, v.Code)
		}
	}
}

func TestEndpoints(t *testing.T) {
	ids := func(n ...byte) []uuid.UUID {
		var out []uuid.UUID
		for _, i := range n {
			out = append(out, id(i))
		}
		return out
	}
	for name, c := range map[string]struct {
		enforced, narrowed bool
		reach              []uuid.UUID
		call, path         string
		want               Code
		endpoint           byte
	}{
		"free":                          {false, false, nil, "GET", "/orders/1", Valid, ordersEndpoint},
		"free, of none":                 {false, false, nil, "GET", "/elsewhere", Valid, 0},
		"free, no path":                 {false, false, nil, "", "", Valid, 0},
		"free, unclean":                 {false, false, nil, "GET", "/orders/../1", Valid, 0},
		"enforced":                      {true, false, nil, "GET", "/orders/1", Valid, ordersEndpoint},
		"enforced, HEAD":                {true, false, nil, "HEAD", "/orders/1", Valid, ordersEndpoint},
		"enforced, another method":      {true, false, nil, "DELETE", "/orders/1", EndpointNotAllowed, 0},
		"enforced, any method":          {true, false, nil, "PURGE", "/files/a/b", Valid, anyEndpoint},
		"enforced, of none":             {true, false, nil, "GET", "/orders", EndpointNotAllowed, 0},
		"enforced, no path":             {true, false, nil, "GET", "", EndpointNotAllowed, 0},
		"enforced, dots":                {true, false, nil, "GET", "/files/../admin", EndpointNotAllowed, 0},
		"enforced, no longer as sent":   {true, false, nil, "GET", "/files/\ufffd", EndpointNotAllowed, 0},
		"enforced, the same escaped":    {true, false, nil, "GET", "/files/%EF%BF%BD", EndpointNotAllowed, 0},
		"enforced, escaped dots":        {true, false, nil, "GET", "/files/%2e%2e/admin", EndpointNotAllowed, 0},
		"enforced, two slashes":         {true, false, nil, "GET", "/files//admin", EndpointNotAllowed, 0},
		"enforced, absolute":            {true, false, nil, "GET", "https://api.example/files/a", Valid, anyEndpoint},
		"enforced, what is narrowed":    {true, false, ids(exportEndpoint), "GET", "/orders/1", Valid, ordersEndpoint},
		"narrowed":                      {false, true, ids(ordersEndpoint), "GET", "/orders/1", Valid, ordersEndpoint},
		"narrowed, another":             {false, true, ids(exportEndpoint), "GET", "/orders/1", EndpointNotAllowed, ordersEndpoint},
		"narrowed, the more exact one":  {false, true, ids(ordersEndpoint), "GET", "/orders/export", EndpointNotAllowed, exportEndpoint},
		"narrowed to nothing":           {false, true, nil, "GET", "/orders/1", EndpointNotAllowed, ordersEndpoint},
		"narrowed to what is gone":      {false, true, ids(99), "GET", "/orders/1", EndpointNotAllowed, ordersEndpoint},
		"narrowed, no path":             {false, true, ids(anyEndpoint), "GET", "", EndpointNotAllowed, 0},
		"narrowed, unclean":             {false, true, ids(anyEndpoint), "GET", "/files/a/../../orders/1", EndpointNotAllowed, 0},
		"narrowed and enforced":         {true, true, ids(anyEndpoint, ordersEndpoint), "GET", "/files/", Valid, anyEndpoint},
		"narrowed and enforced, other":  {true, true, ids(anyEndpoint), "GET", "/orders/1", EndpointNotAllowed, ordersEndpoint},
		"the same path written another": {false, true, ids(ordersEndpoint), "GET", "/%6frders/%31?a#b", Valid, ordersEndpoint},
	} {
		w := valid()
		w.c.Catalogue.Product("orders").Enforced = c.enforced
		w.eachSubscription(func(s *Subscription) { s.Narrowed, s.Endpoints = c.narrowed, c.reach })
		w.q.Method, w.q.Path = c.call, c.path
		want := uuid.Nil
		if c.endpoint != 0 {
			want = id(c.endpoint)
		}
		if v := w.decide(t); v.Code != c.want || v.Endpoint != want {
			t.Errorf("%s: %s for %v, want %s for %v", name, v.Code, v.Endpoint, c.want, want)
		}
	}
}

func TestNeedsProduct(t *testing.T) {
	w := valid()
	w.q.Product, w.q.Products, w.q.NeedsProduct = "", nil, true
	if v := w.decide(t); v.Code != NotSubscribed {
		t.Errorf("a forgotten product: %s", v.Code)
	}
	w.ofAccount()
	if v := w.decide(t); v.Code != NotSubscribed {
		t.Errorf("a forgotten product with a key of an account: %s", v.Code)
	}
}

func TestKeyless(t *testing.T) {
	w := valid()
	product := w.c.Catalogue.Product("orders")
	var v Verdict
	if Keyless(&w.q, w.c.Catalogue, &v) {
		t.Error("the product needs a key")
	}
	product.Keyless = true
	if !Keyless(&w.q, w.c.Catalogue, &v) || v.Code != Valid || v.Product != product {
		t.Errorf("told %+v", v)
	}
	product.Enforced, w.q.Path = true, "/unheard-of/../x"
	if !Keyless(&w.q, w.c.Catalogue, &v) || v.Code != EndpointNotAllowed || ExplainKeyless(&v)[0].Passed {
		t.Errorf("told %+v", v)
	}
	w.q.Products = []uuid.UUID{id(theOtherProduct)}
	if Keyless(&w.q, w.c.Catalogue, &v) {
		t.Error("the product is not the token's")
	}
}

// A product without enforced endpoints needs none of them.
func TestKeylessWithoutEndpoints(t *testing.T) {
	w := valid()
	product := w.c.Catalogue.Product("orders")
	product.Keyless, product.Enforced, w.q.Path = true, false, "/unheard-of"
	var v Verdict
	if !Keyless(&w.q, w.c.Catalogue, &v) || v.Code != Valid || v.Endpoint != uuid.Nil {
		t.Errorf("told %+v", v)
	}
	if steps := ExplainKeyless(&v); len(steps) != 1 || !steps[0].Passed || steps[0].Code != Valid || steps[0].Remedy != "" {
		t.Errorf("explained as %+v", steps)
	}
	product.Endpoints = nil
	if !Keyless(&w.q, w.c.Catalogue, &v) || v.Code != Valid {
		t.Errorf("without endpoints: %+v", v)
	}
}

// A key without an access list reaches every product.
func TestAKeyWithoutAListReachesEverything(t *testing.T) {
	w := valid()
	w.c.Credential.Listed, w.c.Credential.AccessList = false, nil
	if v := w.decide(t); v.Code != Valid {
		t.Errorf("%s", v.Code)
	}
}

// An address that is not known is in no network, not even in the one of all.
func TestAnUnknownAddressIsInNoNetwork(t *testing.T) {
	for _, network := range []string{"0.0.0.0/0", "::/0", "::ffff:0.0.0.0/0"} {
		w := valid()
		w.c.Credential.Addresses, w.q.Address = []netip.Prefix{netip.MustParsePrefix(network)}, zeroAddress()
		if v := w.decide(t); v.Code != IPNotAllowed {
			t.Errorf("%s: %s", network, v.Code)
		}
	}
}

// A subscription that includes an equal template with other names names that one.
func TestTheEndpointIsTheSubscriptions(t *testing.T) {
	w := valid()
	w.c.Catalogue.Product("orders").Endpoints = pathmatch.NewSet([]pathmatch.Route{
		{ID: id(ordersEndpoint), Method: access.MethodGet, Path: template("/orders/{id}")},
		{ID: id(anyEndpoint), Method: access.MethodGet, Path: template("/orders/{order}")},
	})
	for _, want := range []byte{ordersEndpoint, anyEndpoint} {
		w.eachSubscription(func(s *Subscription) { s.Endpoints = []uuid.UUID{id(want)} })
		if v := w.decide(t); v.Code != Valid || v.Endpoint != id(want) {
			t.Errorf("%s, %v", v.Code, v.Endpoint)
		}
	}
}

// Of several subscriptions that count alike, the first is named.
func TestTheFirstSubscriptionIsNamed(t *testing.T) {
	w := valid()
	first := w.c.Apps[0].Subscriptions[0]
	second := first
	second.ID = id(theOtherSubscription)
	w.c.Apps[0].Subscriptions = []Subscription{first, second}
	if v := w.decide(t); v.Subscription == nil || v.Subscription.ID != first.ID {
		t.Errorf("named %+v", v.Subscription)
	}
}

// The limits of a subscription are those of its plan, in its own counters.
func TestBind(t *testing.T) {
	plan := Plan{Rate: limits.Rate{Limit: 3, Per: time.Second, Burst: 4}, Quota: limits.Quota{Limit: 5, Per: access.PerMonth}, PerAccount: true}
	s := Subscription{AppCounter: id(1), AccountCounter: id(2)}
	var a limits.Ask
	plan.Bind(&s, id(3), &a)
	want := limits.Ask{AppCounter: id(1), AppRate: plan.Rate, Quota: plan.Quota, AccountCounter: limits.InPeriod(id(2), access.PerMonth), PerAccount: true}
	if a != want {
		t.Errorf("bound %+v, want %+v", a, want)
	}
}
