package verdict_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	. "portico/clients/go/gate/verdict"
)

// The detail of the failing step, for each kind of failure.
func TestExplanations(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*fixture)
		code   Code
		detail string
	}{
		"expired":           {func(w *fixture) { w.c.Credential.ExpiresAt = now().UnixMicro() }, Expired, "until 2026-05-04T10:00:00.123456Z; the time asked about is 2026-05-04T10:00:00.123456789Z"},
		"environment":       {func(w *fixture) { w.q.Environment = "STAGING" }, WrongEnvironment, "The key is for PRODUCTION; the gateway serves STAGING."},
		"address":           {func(w *fixture) { w.c.Credential.Addresses = w.c.Credential.Addresses[:1]; w.q.Address = zeroAddress() }, IPNotAllowed, "an address that is not known; the key may be used from 192.0.2.0/24."},
		"unknown product":   {func(w *fixture) { w.q.Product = "secret" }, NotSubscribed, `registered with a product "secret" that may be called here`},
		"not registered":    {func(w *fixture) { w.q.Product, w.q.Products = "stock", nil }, NotSubscribed, `registered with a product "stock" that may be called here`},
		"another app":       {func(w *fixture) { w.q.App = appID(theOtherApp) }, NotSubscribed, "not one that the key speaks for"},
		"access list":       {func(w *fixture) { w.c.Credential.AccessList = nil }, NotInAccessList, "does not include orders"},
		"presented":         {func(w *fixture) { w.q.Presented = "BASIC" }, AuthTypeNotAllowed, "The key is presented as BASIC. orders takes API_KEY."},
		"no path":           {func(w *fixture) { w.q.Path = "" }, EndpointNotAllowed, "names no path"},
		"tricky path":       {func(w *fixture) { w.q.Path = "/orders/../x" }, EndpointNotAllowed, "different ways"},
		"path of none":      {func(w *fixture) { w.q.Path = "/x" }, EndpointNotAllowed, "those of none"},
		"path of another":   {func(w *fixture) { w.q.Path = "/orders/export" }, EndpointNotAllowed, "narrowed to other endpoints"},
		"no endpoints":      {func(w *fixture) { w.c.Catalogue.Product("orders").Endpoints = nil }, EndpointNotAllowed, "those of none"},
		"several apps":      {func(w *fixture) { w.ofAccount() }, AmbiguousApp, "whole account"},
		"no account is had": {func(w *fixture) { w.c.Account = nil }, AccountSuspended, "suspended"},
	} {
		w := valid()
		c.spoil(w)
		var v Verdict
		steps := Explain(&w.q, &w.c, &v)
		last := steps[len(steps)-1]
		if v.Code != c.code || last.Code != c.code || !strings.Contains(last.Detail, c.detail) || last.Remedy != c.code.Remedy() {
			t.Errorf("%s: %+v, want %s with %q", name, last, c.code, c.detail)
		}
	}
}

// A credential without restrictions, asked about without a product, is explained
// as such.
func TestExplainCredentialAlone(t *testing.T) {
	w := valid()
	w.c.Credential.AppID, w.c.Apps, w.c.Credential.Addresses, w.c.Credential.ExpiresAt = uuid.Nil, nil, nil, 0
	w.q.Product, w.q.Products, w.q.Environment = "", nil, ""
	var v Verdict
	var all []string
	for _, s := range Explain(&w.q, &w.c, &v) {
		all = append(all, s.Detail)
	}
	for _, want := range []string{
		"The key exists.", "The key is ACTIVE.", "The key never expires.", "The account is active.", "The key is for PRODUCTION; the gateway serves every environment.",
		"The key may be used from anywhere.", "No product is named: subscriptions are not looked at.", "No product is named: endpoints are not looked at.",
	} {
		if !slices.Contains(all, want) {
			t.Errorf("%q is not told in %q", want, all)
		}
	}
	if v.Code != Valid {
		t.Errorf("told %s", v.Code)
	}
}

func TestExplainLimits(t *testing.T) {
	full := limits.Answer{
		Rate:  limits.Window{Limit: 10, Remaining: 3, ResetAt: now(), Per: time.Second},
		Quota: limits.Window{},
	}
	for _, c := range []struct {
		outcome limits.Outcome
		want    Code
		told    []Code
	}{
		{limits.Passed, Valid, []Code{RateLimited, QuotaExceeded}},
		{limits.RateExceeded, RateLimited, []Code{RateLimited}},
		{limits.QuotaExceeded, QuotaExceeded, []Code{RateLimited, QuotaExceeded}},
		{limits.QuotaUnknown, Unavailable, []Code{Unavailable}},
		{99, Unavailable, []Code{Unavailable}},
	} {
		v := Verdict{Code: Valid, Limits: full}
		v.Limits.Outcome = c.outcome
		var reported []Code
		steps := ExplainLimits(&v)
		for i, s := range steps {
			reported = append(reported, s.Code)
			if s.Passed != (s.Remedy == "") || s.Passed != (c.want == Valid || i < len(steps)-1) || s.Detail == "" {
				t.Errorf("%d: step %+v", c.outcome, s)
			}
		}
		if v.Code != c.want || Limited(c.outcome) != c.want || !slices.Equal(reported, c.told) {
			t.Errorf("%d is told as %s, %v", c.outcome, v.Code, reported)
		}
	}
	v := Verdict{Code: Valid, Limits: full}
	v.Limits.Outcome = limits.Passed
	if steps := ExplainLimits(&v); !strings.Contains(steps[0].Detail, "rate limit of 10 a second, 3 are left") || steps[1].Detail != "There is no quota." {
		t.Errorf("told %+v", steps)
	}
	if v := (Verdict{Code: Revoked}); ExplainLimits(&v) != nil || v.Code != Revoked {
		t.Errorf("limits that were not asked made %s", v.Code)
	}
}

func TestCatalogue(t *testing.T) {
	c := valid().c.Catalogue
	if p := c.Product("orders"); p == nil || c.ProductByID(id(theProduct)) != p || c.Plan(id(thePlan)) != p.Plans[0] {
		t.Error("a product or its plan is not found")
	}
	for _, none := range []*Catalogue{c, nil} {
		if none.Product("Orders") != nil || none.ProductByID(id(99)) != nil || none.Plan(id(99)) != nil {
			t.Error("something is found that is not there")
		}
	}
}

// A key of another form is refused before everything else, unless the organization
// accepts such keys.
func TestExplainForm(t *testing.T) {
	on := *valid().c.Catalogue
	on.ImportedKeys = true
	for name, c := range map[string]struct {
		catalogue *Catalogue
		accepted  bool
	}{"none": {nil, false}, "off": {valid().c.Catalogue, false}, "on": {&on, true}} {
		v := Verdict{Code: Valid}
		s, accepted := ExplainForm(&valid().q, c.catalogue, &v)
		if accepted != c.accepted || s.Code != Malformed || s.Passed != c.accepted || s.Detail == "" || (s.Remedy == "") != c.accepted {
			t.Errorf("%s: %v, %+v", name, accepted, s)
		}
		if !c.accepted && (v.Code != Malformed || v.Product != c.catalogue.Product("orders")) {
			t.Errorf("%s: the verdict is %+v", name, v)
		}
		if !c.catalogue.Accepts(false) || c.catalogue.Accepts(true) != c.accepted {
			t.Errorf("%s: what is accepted is wrong", name)
		}
	}
}
