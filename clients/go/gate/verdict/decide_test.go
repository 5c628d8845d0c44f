package verdict_test

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"portico/clients/go/gate/access"
	. "portico/clients/go/gate/verdict"
)

func TestValidVerdictNamesEveryObject(t *testing.T) {
	w := valid()
	v := w.decide(t)
	want := Verdict{
		Code: Valid, Credential: w.c.Credential, Account: w.c.Account, App: w.c.Apps[0], Product: w.c.Catalogue.Product("orders"), Plan: w.c.Catalogue.Plan(id(thePlan)),
		Subscription: &w.c.Apps[0].Subscriptions[0], Endpoint: id(ordersEndpoint),
	}
	if v != want {
		t.Errorf("got %+v, want %+v", v, want)
	}
}

func TestEachCheckRefusesWithItsCode(t *testing.T) {
	all := failures()
	for i, b := range all {
		if b.code != NotFound+Code(i) {
			t.Fatalf("%s is out of order", b.code)
		}
		w := valid()
		b.apply(w)
		if v := w.decide(t); v.Code != b.code {
			t.Errorf("%s is told as %s", b.code, v.Code)
		}
	}
	if last := all[len(all)-1].code; last != AmbiguousApp {
		t.Errorf("the last breach is of %s", last)
	}
}

func TestFirstOfTwoFailedChecksIsReported(t *testing.T) {
	all := failures()
	for i, first := range all {
		for _, second := range all[i+1:] {
			w := valid()
			second.apply(w)
			first.apply(w)
			if v := w.decide(t); v.Code != first.code {
				t.Errorf("%s and %s are told as %s", first.code, second.code, v.Code)
			}
		}
	}
}

func TestFirstOfManyFailedChecksIsReported(t *testing.T) {
	all := failures()
	rapid.Check(t, func(t *rapid.T) {
		w, want := valid(), Valid
		named := rapid.Bool().Draw(t, "an app is named")
		for i := len(all) - 1; i >= 0; i-- {
			b := all[i]
			if !rapid.Bool().Draw(t, b.code.String()) {
				continue
			}
			b.apply(w)
			if b.code != AmbiguousApp || !named {
				want = b.code
			}
		}
		if named {
			w.q.App = rapid.SampledFrom([]string{id(theReference).String(), appID(theApp)}).Draw(t, "name")
		}
		v := w.decide(t)
		if v.Code != want {
			t.Fatalf("told %s, want %s", v.Code, want)
		}
		if named && w.c.Credential != nil && (v.App == nil || v.App.ID != id(theApp)) {
			t.Fatalf("the app that is named is not told: %+v", v.App)
		}
	})
}

// Every status of a credential, stored or not, and the code that it results in.
func TestCredentialStatus(t *testing.T) {
	for status, want := range map[access.CredentialStatus]Code{
		access.CredentialActive: Valid, access.CredentialDisabled: Disabled, access.CredentialExpired: Expired, access.CredentialRevoked: Revoked,
		"": Revoked, access.CredentialUncollected: NotFound, "UNHEARD_OF": Revoked,
	} {
		w := valid()
		w.c.Credential.Status = status
		if v := w.decide(t); v.Code != want {
			t.Errorf("%q is told as %s", status, v.Code)
		}
	}
}

func TestCredentialExpiresAtItsExactTime(t *testing.T) {
	for _, c := range []struct {
		status access.CredentialStatus
		after  int64 // microseconds
		want   Code
	}{
		{access.CredentialActive, 1, Valid}, {access.CredentialActive, 0, Expired}, {access.CredentialActive, -1, Expired},
		{access.CredentialDisabled, 1, Disabled}, {access.CredentialDisabled, 0, Expired},
		{access.CredentialRevoked, 0, Revoked},
	} {
		w := valid()
		w.c.Credential.Status, w.c.Credential.ExpiresAt = c.status, now().UnixMicro()+c.after
		if v := w.decide(t); v.Code != c.want {
			t.Errorf("%s, %d µs before its end, is told as %s", c.status, c.after, v.Code)
		}
	}
	w := valid()
	w.c.Credential.ExpiresAt, w.q.Now = 0, now().AddDate(1000, 0, 0)
	if v := w.decide(t); v.Code != Valid {
		t.Errorf("a key without an end is told as %s", v.Code)
	}
}

// What is missing from the facts or the question refuses the call.
func TestMissingFactsRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*fixture)
		want  Code
	}{
		"no account":           {func(w *fixture) { w.c.Account = nil }, AccountSuspended},
		"no catalogue":         {func(w *fixture) { w.c.Catalogue = nil }, NotSubscribed},
		"no app":               {func(w *fixture) { w.c.Apps = nil }, NotSubscribed},
		"no app, no product":   {func(w *fixture) { w.c.Apps, w.q.Product = nil, "" }, NotSubscribed},
		"another's app":        {func(w *fixture) { w.c.Credential.AppID, w.c.Apps[0].AccountID = uuid.Nil, id(99) }, NotSubscribed},
		"not the key's app":    {func(w *fixture) { w.c.Credential.AppID = id(theOtherApp) }, NotSubscribed},
		"no address":           {func(w *fixture) { w.q.Address = zeroAddress() }, IPNotAllowed},
		"no authentication":    {func(w *fixture) { w.c.Catalogue.Product("orders").AuthTypes = nil }, AuthTypeNotAllowed},
		"no endpoints":         {func(w *fixture) { w.c.Catalogue.Product("orders").Endpoints = nil }, EndpointNotAllowed},
		"no path":              {func(w *fixture) { w.q.Path = "" }, EndpointNotAllowed},
		"an empty access list": {func(w *fixture) { w.c.Credential.AccessList = nil }, NotInAccessList},
		"nothing at all":       {func(w *fixture) { w.c, w.q = Facts{}, Question{} }, NotFound},
		"an unknown status":    {func(w *fixture) { w.eachSubscription(func(s *Subscription) { s.Status = "UNHEARD_OF" }) }, NotSubscribed},
	} {
		w := valid()
		c.spoil(w)
		if v := w.decide(t); v.Code != c.want {
			t.Errorf("%s: told %s", name, v.Code)
		}
	}
}

// While an app goes to another account, a copy may know it of the app before it knows it of
// its keys: they are the app's, whoever has it.
func TestAppOnItsWay(t *testing.T) {
	w := valid()
	w.c.Apps[0].AccountID = id(99)
	if v := w.decide(t); v.Code != Valid || w.c.Credential.AppID == uuid.Nil {
		t.Errorf("told %s", v.Code)
	}
}

func TestDecideOverwritesTheVerdict(t *testing.T) {
	v := valid().decide(t)
	w := valid()
	w.c.Credential = nil
	Decide(&w.q, &w.c, &v)
	if v != (Verdict{Code: NotFound, Account: w.c.Account}) {
		t.Errorf("an old verdict shines through: %+v", v)
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	worlds := map[string]*fixture{"valid": valid(), "account": valid().ofAccount()}
	for _, b := range failures() {
		worlds[b.code.String()] = valid()
		b.apply(worlds[b.code.String()])
	}
	named := valid().ofAccount()
	named.q.App = id(theReference).String()
	worlds["named by reference"] = named
	for name, w := range worlds {
		if n := testing.AllocsPerRun(100, func() {
			var v Verdict
			Decide(&w.q, &w.c, &v)
		}); n != 0 {
			t.Errorf("%s takes %v allocations", name, n)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	open := valid()
	open.c.Catalogue.Product("orders").Endpoints = nil
	open.c.Catalogue.Product("orders").Enforced = false
	open.eachSubscription(func(s *Subscription) { s.Narrowed = false })
	revoked := valid()
	revoked.c.Credential.Status = access.CredentialRevoked
	many := valid().ofAccount()
	many.q.App = id(theReference).String()
	for range 98 {
		a := app(theOtherApp, theOtherReference, theOtherSubscription)
		a.ID = uuid.New()
		many.c.Apps = append(many.c.Apps, a)
	}
	for _, c := range []struct {
		name string
		w    *fixture
	}{{"narrowed", valid()}, {"open", open}, {"revoked", revoked}, {"account of 100 apps", many}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			var v Verdict
			for b.Loop() {
				Decide(&c.w.q, &c.w.c, &v)
			}
		})
	}
}
