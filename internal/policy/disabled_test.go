package policy_test

import (
	"testing"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/lifecycle"
	. "portico/internal/policy"
	"portico/internal/viewer"
)

func enable(e access.Environment, s access.CredentialStatus, byOwner bool) Request {
	return OnCredential(lifecycle.Enable, organization, account, e, s, byOwner)
}

func disable(s access.CredentialStatus, byOwner bool) Request {
	return OnCredential(lifecycle.Disable, organization, account, access.Production, s, byOwner)
}

// What staff have disabled only staff enable, and they also disable what its owner has.
func TestWhoEnablesWhatWhoDisabled(t *testing.T) {
	for _, c := range []struct {
		role    viewer.Role
		request Request
		want    Code // "": allowed
	}{
		{viewer.Portal, enable(access.Development, access.CredentialDisabled, true), ""},
		{viewer.Portal, enable(access.Development, access.CredentialDisabled, false), Status},
		{viewer.Portal, enable(access.Development, access.CredentialActive, false), Status},
		{viewer.Portal, enable(access.Development, access.CredentialActive, true), Status},
		{viewer.Portal, enable(access.Development, access.CredentialRevoked, true), Status},
		{viewer.Portal, enable(access.Development, access.CredentialExpired, true), Status},
		{viewer.Portal, disable(access.CredentialActive, false), ""},
		{viewer.Portal, disable(access.CredentialDisabled, true), Status},
		{viewer.Portal, disable(access.CredentialDisabled, false), Status},
		{viewer.Admin, enable(access.Development, access.CredentialDisabled, true), ""},
		{viewer.Admin, enable(access.Development, access.CredentialDisabled, false), ""},
		{viewer.Admin, disable(access.CredentialActive, false), ""},
		{viewer.Admin, disable(access.CredentialDisabled, true), ""},
		{viewer.Admin, disable(access.CredentialDisabled, false), Status},
		{viewer.Admin, disable(access.CredentialExpired, true), Status},
		{viewer.Admin, disable(access.CredentialRevoked, true), Status},
		{viewer.System, disable(access.CredentialDisabled, true), ""},
	} {
		d := Decide(as(c.role), c.request)
		if d.Allowed != (c.want == "") || !d.Allowed && (!d.Is(c.want) || *d.Message == "") {
			t.Errorf("%q and %+v: %+v", c.role, c.request, d)
		}
	}
}

// A key for production is enabled by those who may make one, and disabled by everybody.
func TestThePolicyOfProductionKeysBindsEnabling(t *testing.T) {
	for _, c := range []struct {
		rule        domain.ProductionKeys
		owner       bool
		environment access.Environment
		allowed     bool
	}{
		{domain.AnyMember, false, access.Production, true},
		{domain.OwnersOnly, false, access.Production, false},
		{domain.OwnersOnly, true, access.Production, true},
		{domain.OwnersOnly, false, access.Staging, true},
		{domain.OwnersOnly, false, access.Development, true},
	} {
		v := as(viewer.Portal)
		v.Policy.ProductionKeys, v.AccountOwner = c.rule, c.owner
		d := Decide(v, enable(c.environment, access.CredentialDisabled, true))
		if d.Allowed != c.allowed || !c.allowed && !d.Is(ForbiddenByRule) {
			t.Errorf("%+v: %+v", c, d)
		}
		if d := Decide(v, disable(access.CredentialActive, false)); !d.Allowed {
			t.Errorf("%+v, disabling: %+v", c, d)
		}
	}
}
