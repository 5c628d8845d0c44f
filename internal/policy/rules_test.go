package policy_test

import (
	"testing"

	"github.com/google/uuid"

	"portico/internal/domain"
	"portico/internal/lifecycle"
	. "portico/internal/policy"
	"portico/internal/viewer"
)

func unregister(from lifecycle.SubscriptionStatus) Object {
	return Object{OrganizationID: organization, AccountID: account, Subscription: from, SubscriptionAction: lifecycle.Unregister}
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
		d := Decide(v, SubscriptionAction(lifecycle.Unregister), unregister(c.from))
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
		d := Decide(v, CredentialGenerate, Object{OrganizationID: organization, AccountID: account, Environment: c.environment})
		if d.Allowed != c.allowed || !c.allowed && !d.Is(Policy) {
			t.Errorf("%+v: %+v", c, d)
		}
	}
}

func TestStatesOfOtherThings(t *testing.T) {
	for _, c := range []struct {
		action Action
		object Object
		want   Code // "": allowed
	}{
		{AppRegister, Object{Product: domain.Draft}, Status},
		{AppRegister, Object{Product: domain.Published}, ""},
		{AppRegister, Object{Product: domain.Deprecated}, ""},
		{AppRegister, Object{Product: domain.Retired}, Status},
		{AccountSuspend, Object{Account: domain.AccountActive}, ""},
		{AccountSuspend, Object{Account: domain.AccountSuspended}, Status},
		{AccountResume, Object{Account: domain.AccountActive}, Status},
		{AccountResume, Object{Account: domain.AccountSuspended}, ""},
		{ProductUpdate, Object{Product: domain.Draft}, ""},
		{ProductUpdate, Object{Product: domain.Published}, ""},
		{ProductUpdate, Object{Product: domain.Deprecated}, ""},
		{ProductUpdate, Object{Product: domain.Retired}, Status},
		{EndpointCreate, Object{Product: domain.Draft}, ""},
		{EndpointCreate, Object{Product: domain.Retired}, Status},
		{SubscriptionNarrow, Object{Subscription: lifecycle.Waiting}, ""},
		{SubscriptionNarrow, Object{Subscription: lifecycle.Approved}, ""},
		{SubscriptionNarrow, Object{Subscription: lifecycle.Suspended}, Status},
		{SubscriptionNarrow, Object{Subscription: lifecycle.Rejected}, Status},
		{SubscriptionNarrow, Object{Subscription: lifecycle.Unsubscribed}, Status},
		{UserDisable, Object{User: user}, Policy},
		{UserDisable, Object{User: elsewhere}, ""},
		{UserEnable, Object{User: user}, ""},
		{UserUnlock, Object{User: user}, ""},
	} {
		c.object.OrganizationID = organization
		d := Decide(as(viewer.Admin), c.action, c.object)
		if d.Allowed != (c.want == "") || c.want != "" && (!d.Is(c.want) || *d.Message == "") {
			t.Errorf("%s of %+v: %+v", c.action, c.object, d)
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
		a       Action
		o       Object
		allowed bool
	}{
		{strict, SubscriptionAction(lifecycle.Unregister), Object{Subscription: lifecycle.Approved}, false},
		{strict, AppUpdate, Object{Subscription: lifecycle.Approved}, true},
		{strict, CredentialGenerate, Object{Environment: domain.Production}, false},
		{strict, AppUpdate, Object{Environment: domain.Production}, true},
		{as(viewer.Admin), ProductUpdate, Object{Product: domain.Retired}, false},
		{as(viewer.Admin), PlanCreate, Object{Product: domain.Retired}, false},
		{as(viewer.Admin), EndpointCreate, Object{Product: domain.Retired}, false},
		{as(viewer.Admin), PlanUpdate, Object{Product: domain.Retired}, true},
		{as(viewer.Admin), EndpointUpdate, Object{Product: domain.Retired}, true},
		{as(viewer.Admin), UserEnable, Object{User: user}, true},
	} {
		c.o.OrganizationID = organization
		if d := Decide(c.v, c.a, c.o); d.Allowed != c.allowed {
			t.Errorf("%s %s on %+v: %+v", c.v.Role, c.a, c.o, d)
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
