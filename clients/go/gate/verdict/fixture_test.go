package verdict_test

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/pathmatch"
	. "portico/clients/go/gate/verdict"
)

// id returns the n-th id of the fixture.
func id(n byte) uuid.UUID { return uuid.UUID{0: n, 15: n} }

// The ids of the fixture.
const (
	theAccount = iota + 1
	theApp
	theOtherApp
	theReference
	theOtherReference
	theKey
	theProduct
	theOtherProduct
	thePlan
	theSubscription
	theOtherSubscription
	ordersEndpoint
	exportEndpoint
	anyEndpoint
)

func now() time.Time { return time.Date(2026, 5, 4, 10, 0, 0, 123456789, time.UTC) }

// fixture is a question and its facts, for tests to change.
type fixture struct {
	q Question
	c Facts
}

// valid returns a fixture in which every check has something to check, and passes.
func valid() *fixture {
	endpoints := pathmatch.NewSet([]pathmatch.Route{
		{ID: id(ordersEndpoint), Method: access.MethodGet, Path: template("/orders/{id}")},
		{ID: id(exportEndpoint), Method: access.MethodGet, Path: template("/orders/export")},
		{ID: id(anyEndpoint), Method: access.MethodAny, Path: template("/files/{path...}")},
	})
	plan := &Plan{ID: id(thePlan), Name: "gold", Rate: limits.Rate{Limit: 10, Per: time.Second, Burst: 10}}
	catalogue := NewCatalogue(id(200), "demo", time.UTC, []*Product{
		{ID: id(theProduct), Name: "orders", Enforced: true, AuthTypes: []access.AuthType{access.APIKey}, Endpoints: endpoints, Plans: []*Plan{plan}},
		{ID: id(theOtherProduct), Name: "stock", AuthTypes: []access.AuthType{access.APIKey, access.Basic}},
	})
	return &fixture{
		q: Question{
			Product: "orders", Method: "GET", Path: "/orders/1?x=y", Address: netip.MustParseAddr("192.0.2.7"), Presented: access.APIKey, Now: now(),
			Environment: access.Production, Products: []uuid.UUID{id(theProduct)},
		},
		c: Facts{
			Catalogue: catalogue, Account: &Account{ID: id(theAccount)}, Apps: []*App{app(theApp, theReference, theSubscription)},
			Credential: &Credential{
				ID: id(theKey), AppID: id(theApp), AccountID: id(theAccount), Status: access.CredentialActive, Environment: access.Production,
				Listed: true, AccessList: []uuid.UUID{id(theProduct)}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
				ExpiresAt: now().Add(time.Hour).UnixMicro(),
			},
		},
	}
}

func template(text string) pathmatch.Template {
	t, err := pathmatch.Parse(text)
	if err != nil {
		panic(err)
	}
	return t
}

func app(number, reference, subscription byte) *App {
	return &App{ID: id(number), Reference: id(reference), AccountID: id(theAccount), Subscriptions: []Subscription{{
		ID: id(subscription), ProductID: id(theProduct), PlanID: id(thePlan), Status: access.SubscriptionApproved, Narrowed: true, Endpoints: []uuid.UUID{id(ordersEndpoint)},
	}}}
}

// ofAccount makes the credential one of the whole account, with a second app.
func (w *fixture) ofAccount() *fixture {
	w.c.Credential.AppID = uuid.Nil
	w.c.Apps = append(w.c.Apps, app(theOtherApp, theOtherReference, theOtherSubscription))
	return w
}

// eachSubscription applies change to each subscription of all apps.
func (w *fixture) eachSubscription(change func(*Subscription)) {
	for _, a := range w.c.Apps {
		for i := range a.Subscriptions {
			change(&a.Subscriptions[i])
		}
	}
}

// failure is a change of the fixture that makes one check fail.
type failure struct {
	code  Code
	apply func(*fixture)
}

// failures returns one for every check, in the order of the codes. Several of them
// applied from the last to the first make all their checks fail at once.
func failures() []failure {
	return []failure{
		{NotFound, func(w *fixture) { w.c.Credential = nil }},
		{Revoked, func(w *fixture) { w.c.Credential.Status = access.CredentialRevoked }},
		{Expired, func(w *fixture) { w.c.Credential.ExpiresAt = now().UnixMicro() }},
		{Disabled, func(w *fixture) { w.c.Credential.Status = access.CredentialDisabled }},
		{AccountSuspended, func(w *fixture) { w.c.Account.Suspended = true }},
		{WrongEnvironment, func(w *fixture) { w.c.Credential.Environment = access.Staging }},
		{IPNotAllowed, func(w *fixture) { w.q.Address = netip.MustParseAddr("198.51.100.1") }},
		{NotSubscribed, func(w *fixture) {
			w.eachSubscription(func(s *Subscription) { s.Status = access.SubscriptionEnded })
		}},
		{Waiting, func(w *fixture) { w.eachSubscription(func(s *Subscription) { s.Status = access.SubscriptionWaiting }) }},
		{Suspended, func(w *fixture) {
			w.eachSubscription(func(s *Subscription) { s.Status = access.SubscriptionSuspended })
		}},
		{NotInAccessList, func(w *fixture) { w.c.Credential.AccessList = []uuid.UUID{id(theOtherProduct)} }},
		{AuthTypeNotAllowed, func(w *fixture) { w.q.Presented = access.Basic }},
		{EndpointNotAllowed, func(w *fixture) { w.q.Path = "/orders/export" }},
		{AmbiguousApp, func(w *fixture) { w.ofAccount() }},
	}
}

// decide returns the verdict of Decide, and fails the test unless Explain agrees.
func (w *fixture) decide(t interface {
	Helper()
	Fatalf(string, ...any)
}) Verdict {
	t.Helper()
	v, explained := Verdict{Code: 77}, Verdict{Code: 78}
	Decide(&w.q, &w.c, &v)
	steps := Explain(&w.q, &w.c, &explained)
	if v != explained {
		t.Fatalf("decided %+v, explained %+v", v, explained)
	}
	reported := Valid
	for i, s := range steps {
		if s.Code != NotFound+Code(i) || s.Detail == "" || s.Passed != (s.Remedy == "") {
			t.Fatalf("step %d is %+v", i, s)
		}
		if !s.Passed {
			reported = s.Code
			if i != len(steps)-1 {
				t.Fatalf("%s is not the last step: %+v", reported, steps)
			}
		}
	}
	if reported != v.Code || reported == Valid && steps[len(steps)-1].Code != AmbiguousApp {
		t.Fatalf("decided %s, explained %s in %d steps", v.Code, reported, len(steps))
	}
	return v
}
