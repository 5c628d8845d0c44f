package policy_test

import (
	"testing"

	"github.com/google/uuid"

	"portico/internal/lifecycle"
	. "portico/internal/policy"
	"portico/internal/term"
	"portico/internal/viewer"
)

func unregister(from lifecycle.SubscriptionStatus) Object {
	return Object{OrganizationID: organization, AccountID: account, Subscription: from, SubscriptionAction: lifecycle.Unregister}
}

func TestThePolicyOfUnregistering(t *testing.T) {
	for _, c := range []struct {
		role viewer.Role
		rule term.PortalUnregister
		from lifecycle.SubscriptionStatus
		want Code
	}{
		{viewer.Portal, term.WithdrawOnly, lifecycle.Waiting, ""},
		{viewer.Portal, term.WithdrawOnly, lifecycle.Approved, Policy},
		{viewer.Portal, term.WithdrawOnly, lifecycle.Suspended, Status},
		{viewer.Portal, "", lifecycle.Approved, Policy},
		{viewer.Portal, term.UnregisterAllowed, lifecycle.Waiting, ""},
		{viewer.Portal, term.UnregisterAllowed, lifecycle.Approved, ""},
		{viewer.Portal, term.UnregisterAllowed, lifecycle.Suspended, Status},
		{viewer.Admin, term.WithdrawOnly, lifecycle.Approved, ""},
		{viewer.Admin, term.WithdrawOnly, lifecycle.Suspended, ""},
	} {
		v := as(c.role)
		v.Rules.PortalUnregister = c.rule
		d := Decide(v, Subscription(lifecycle.Unregister), unregister(c.from))
		if d.Allowed != (c.want == "") || !d.Allowed && !d.Is(c.want) {
			t.Errorf("%+v: %+v", c, d)
		}
	}
}

func TestThePolicyOfProductionKeys(t *testing.T) {
	for _, c := range []struct {
		role        viewer.Role
		rule        term.ProductionKeys
		owner       bool
		environment term.Environment
		allowed     bool
	}{
		{viewer.Portal, term.AnyMember, false, term.Production, true},
		{viewer.Portal, term.OwnersOnly, false, term.Production, false},
		{viewer.Portal, term.OwnersOnly, true, term.Production, true},
		{viewer.Portal, term.OwnersOnly, false, term.Staging, true},
		{viewer.Portal, term.OwnersOnly, false, term.Development, true},
		{viewer.Admin, term.OwnersOnly, false, term.Production, true},
	} {
		v := as(c.role)
		v.Rules.ProductionKeys, v.AccountOwner = c.rule, c.owner
		d := Decide(v, KeyGenerate, Object{OrganizationID: organization, AccountID: account, Environment: c.environment})
		if d.Allowed != c.allowed || !c.allowed && !d.Is(Policy) {
			t.Errorf("%+v: %+v", c, d)
		}
	}
}

func TestStatesOfOtherThings(t *testing.T) {
	for _, c := range []struct {
		action Action
		object Object
		want   Code // "" is yes
	}{
		{AppRegister, Object{Product: term.Draft}, Status},
		{AppRegister, Object{Product: term.Published}, ""},
		{AppRegister, Object{Product: term.Deprecated}, ""},
		{AppRegister, Object{Product: term.Retired}, Status},
		{AccountSuspend, Object{Account: term.AccountActive}, ""},
		{AccountSuspend, Object{Account: term.AccountSuspended}, Status},
		{AccountResume, Object{Account: term.AccountActive}, Status},
		{AccountResume, Object{Account: term.AccountSuspended}, ""},
		{ProductUpdate, Object{Product: term.Draft}, ""},
		{ProductUpdate, Object{Product: term.Published}, ""},
		{ProductUpdate, Object{Product: term.Deprecated}, ""},
		{ProductUpdate, Object{Product: term.Retired}, Status},
		{EndpointCreate, Object{Product: term.Draft}, ""},
		{EndpointCreate, Object{Product: term.Retired}, Status},
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
