package policy_test

import (
	"testing"

	"github.com/google/uuid"

	"portico/internal/domain"
	"portico/internal/lifecycle"
	. "portico/internal/policy"
	"portico/internal/viewer"
)

func unregister(from lifecycle.SubscriptionStatus) Request {
	return OnSubscription(lifecycle.Unregister, organization, account, from)
}

func TestThePolicyOfUnregistering(t *testing.T) {
	for _, c := range []struct {
		role viewer.Role
		rule domain.PortalUnregister
		from lifecycle.SubscriptionStatus
		want Code
	}{
		{viewer.Portal, domain.WithdrawOnly, lifecycle.Waiting, ""},
		{viewer.Portal, domain.WithdrawOnly, lifecycle.Approved, Policy},
		{viewer.Portal, domain.WithdrawOnly, lifecycle.Suspended, Status},
		{viewer.Portal, "", lifecycle.Approved, Policy},
		{viewer.Portal, domain.UnregisterAllowed, lifecycle.Waiting, ""},
		{viewer.Portal, domain.UnregisterAllowed, lifecycle.Approved, ""},
		{viewer.Portal, domain.UnregisterAllowed, lifecycle.Suspended, Status},
		{viewer.Admin, domain.WithdrawOnly, lifecycle.Approved, ""},
		{viewer.Admin, domain.WithdrawOnly, lifecycle.Suspended, ""},
	} {
		v := as(c.role)
		v.Policy.PortalUnregister = c.rule
		d := Decide(v, unregister(c.from))
		if d.Allowed != (c.want == "") || !d.Allowed && !d.Is(c.want) {
			t.Errorf("%+v: %+v", c, d)
		}
	}
}

func TestThePolicyOfProductionKeys(t *testing.T) {
	for _, c := range []struct {
		role        viewer.Role
		rule        domain.ProductionKeys
		owner       bool
		environment domain.Environment
		allowed     bool
	}{
		{viewer.Portal, domain.AnyMember, false, domain.Production, true},
		{viewer.Portal, domain.OwnersOnly, false, domain.Production, false},
		{viewer.Portal, domain.OwnersOnly, true, domain.Production, true},
		{viewer.Portal, domain.OwnersOnly, false, domain.Staging, true},
		{viewer.Portal, domain.OwnersOnly, false, domain.Development, true},
		{viewer.Admin, domain.OwnersOnly, false, domain.Production, true},
	} {
		v := as(c.role)
		v.Policy.ProductionKeys, v.AccountOwner = c.rule, c.owner
		d := Decide(v, GenerateCredential(organization, account, c.environment))
		if d.Allowed != c.allowed || !c.allowed && !d.Is(Policy) {
			t.Errorf("%+v: %+v", c, d)
		}
	}
}

func TestStatesOfOtherThings(t *testing.T) {
	for _, c := range []struct {
		request Request
		want    Code // "": allowed
	}{
		{Register(organization, account, domain.Draft), Status},
		{Register(organization, account, domain.Published), ""},
		{Register(organization, account, domain.Deprecated), ""},
		{Register(organization, account, domain.Retired), Status},
		{OnAccount(AccountSuspend, organization, domain.AccountActive), ""},
		{OnAccount(AccountSuspend, organization, domain.AccountSuspended), Status},
		{OnAccount(AccountResume, organization, domain.AccountActive), Status},
		{OnAccount(AccountResume, organization, domain.AccountSuspended), ""},
		{OnProduct(ProductUpdate, organization, domain.Draft), ""},
		{OnProduct(ProductUpdate, organization, domain.Published), ""},
		{OnProduct(ProductUpdate, organization, domain.Deprecated), ""},
		{OnProduct(ProductUpdate, organization, domain.Retired), Status},
		{OnProduct(EndpointCreate, organization, domain.Draft), ""},
		{OnProduct(EndpointCreate, organization, domain.Retired), Status},
		{NarrowSubscription(organization, account, lifecycle.Waiting), ""},
		{NarrowSubscription(organization, account, lifecycle.Approved), ""},
		{NarrowSubscription(organization, account, lifecycle.Suspended), Status},
		{NarrowSubscription(organization, account, lifecycle.Rejected), Status},
		{NarrowSubscription(organization, account, lifecycle.Unsubscribed), Status},
		{OnUser(UserDisable, organization, user), Policy},
		{OnUser(UserDisable, organization, elsewhere), ""},
		{OnUser(UserEnable, organization, user), ""},
		{OnUser(UserUnlock, organization, user), ""},
	} {
		d := Decide(as(viewer.Admin), c.request)
		if d.Allowed != (c.want == "") || c.want != "" && (!d.Is(c.want) || *d.Message == "") {
			t.Errorf("%+v: %+v", c.request, d)
		}
	}
}

func TestReach(t *testing.T) {
	for _, c := range []struct {
		role   viewer.Role
		inside Reach
		nobody Reach
	}{
		{viewer.Anonymous, Nothing, Nothing},
		{viewer.Gateway, Nothing, Nothing},
		{"UNHEARD_OF", Nothing, Nothing},
		{viewer.Portal, OwnAccount, Nothing},
		{viewer.Admin, OwnOrganization, Nothing},
		{viewer.System, OwnOrganization, Everything},
	} {
		v := as(c.role)
		if got := ReachOf(v); got != c.inside {
			t.Errorf("%q reaches %d", c.role, got)
		}
		if v.OrganizationID = uuid.Nil; ReachOf(v) != c.nobody {
			t.Errorf("%q without an organization reaches %d", c.role, ReachOf(v))
		}
	}
}

// The organization's policies and the states of other objects bind the actions that
// they are about, and no others.
func TestConditionsBindTheirActionsAlone(t *testing.T) {
	strict := as(viewer.Portal)
	strict.AccountOwner = false
	strict.Policy = viewer.OrganizationPolicy{PortalUnregister: "DENIED", ProductionKeys: domain.OwnersOnly}
	for _, c := range []struct {
		v       viewer.Viewer
		r       Request
		allowed bool
	}{
		{strict, unregister(lifecycle.Approved), false},
		{strict, OnApp(AppUpdate, organization, account), true},
		{strict, GenerateCredential(organization, account, domain.Production), false},
		{as(viewer.Admin), OnProduct(ProductUpdate, organization, domain.Retired), false},
		{as(viewer.Admin), OnProduct(PlanCreate, organization, domain.Retired), false},
		{as(viewer.Admin), OnProduct(EndpointCreate, organization, domain.Retired), false},
		{as(viewer.Admin), InOrganization(PlanUpdate, organization), true},
		{as(viewer.Admin), InOrganization(EndpointUpdate, organization), true},
		{as(viewer.Admin), OnUser(UserEnable, organization, user), true},
	} {
		// The variations have a subscription, an environment, a retired product.
		for _, r := range append(c.r.Variations(), c.r) {
			if d := Decide(c.v, r); d.Allowed != c.allowed {
				t.Errorf("%s on %+v: %+v", c.v.Role, r, d)
			}
		}
	}
}

func TestASuspendedAccountReachesNothing(t *testing.T) {
	v := as(viewer.Portal)
	v.AccountSuspended = true
	if r := ReachOf(v); r != Nothing {
		t.Errorf("it reaches %d", r)
	}
}
