package policy_test

import (
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/lifecycle"
	. "portico/internal/policy"
	"portico/internal/viewer"
)

func unregister(from access.SubscriptionStatus) Request {
	return OnSubscription(lifecycle.Unregister, organization, account, from, "", false)
}

func TestThePolicyOfUnregistering(t *testing.T) {
	for _, c := range []struct {
		role viewer.Role
		rule domain.PortalUnregister
		from access.SubscriptionStatus
		want Code
	}{
		{viewer.Portal, domain.WithdrawOnly, access.SubscriptionWaiting, ""},
		{viewer.Portal, domain.WithdrawOnly, access.SubscriptionApproved, ForbiddenByRule},
		{viewer.Portal, domain.WithdrawOnly, access.SubscriptionSuspended, Status},
		{viewer.Portal, "", access.SubscriptionApproved, ForbiddenByRule},
		{viewer.Portal, domain.UnregisterAllowed, access.SubscriptionWaiting, ""},
		{viewer.Portal, domain.UnregisterAllowed, access.SubscriptionApproved, ""},
		{viewer.Portal, domain.UnregisterAllowed, access.SubscriptionSuspended, Status},
		{viewer.Admin, domain.WithdrawOnly, access.SubscriptionApproved, ""},
		{viewer.Admin, domain.WithdrawOnly, access.SubscriptionSuspended, ""},
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
		environment access.Environment
		allowed     bool
	}{
		{viewer.Portal, domain.AnyMember, false, access.Production, true},
		{viewer.Portal, domain.OwnersOnly, false, access.Production, false},
		{viewer.Portal, domain.OwnersOnly, true, access.Production, true},
		{viewer.Portal, domain.OwnersOnly, false, access.Staging, true},
		{viewer.Portal, domain.OwnersOnly, false, access.Development, true},
		{viewer.Admin, domain.OwnersOnly, false, access.Production, true},
	} {
		v := as(c.role)
		v.Policy.ProductionKeys, v.AccountOwner = c.rule, c.owner
		for _, r := range []Request{
			GenerateCredential(organization, account, c.environment), RotateCredential(organization, account, access.CredentialActive, c.environment, false),
		} {
			if d := Decide(v, r); d.Allowed != c.allowed || !c.allowed && !d.Is(ForbiddenByRule) {
				t.Errorf("%s, %+v: %+v", r.Name(), c, d)
			}
		}
	}
}

// What only owners may do, members may not, but for leaving.
func TestRolesInTheAccount(t *testing.T) {
	member := as(viewer.Portal)
	member.AccountOwner = false
	for name, c := range map[string]struct {
		r      Request
		member bool
	}{
		"delete the account": {DeleteAccount(organization, account), false},
		"change a role":      {ChangeMemberRole(organization, account, false), false},
		"remove another":     {RemoveMember(organization, account, elsewhere, false), false},
		"leave":              {RemoveMember(organization, account, user, false), true},
		"invite":             {InviteMember(organization, account), false},
		"take it back":       {RevokeInvitation(organization, account, domain.InvitationPending), false},
		"offer an app":       {TransferApp(organization, account), false},
		"accept an app":      {AcceptTransfer(organization, across, account, domain.TransferPending), false},
		"decline an app":     {DeclineTransfer(organization, across, account, domain.TransferPending), false},
		"cancel an offer":    {CancelTransfer(organization, account, across, domain.TransferPending), false},
		"update an app":      {UpdateApp(organization, account), true},
	} {
		if d := Decide(as(viewer.Portal), c.r); !d.Allowed {
			t.Errorf("an owner may not %s: %+v", name, d)
		}
		if d := Decide(as(viewer.Admin), c.r); !d.Allowed {
			t.Errorf("an administrator may not %s: %+v", name, d)
		}
		if d := Decide(member, c.r); d.Allowed != c.member || !c.member && (!d.Is(Role) || *d.Message != "Only the account's owners may do this.") {
			t.Errorf("a member and %s: %+v", name, d)
		}
		// Owners of another account learn nothing.
		foreign := as(viewer.Portal)
		foreign.AccountID = elsewhere
		if d := Decide(foreign, c.r); !d.Foreign() {
			t.Errorf("another account's owner and %s: %+v", name, d)
		}
	}
}

// The other account of an offer sees it, so it is told why it may not answer as the one
// that may, whatever the offer's state; nobody else is.
func TestTheOtherSideOfATransfer(t *testing.T) {
	for name, c := range map[string]struct {
		make func(organization, from, to uuid.UUID, s domain.AppTransferStatus) Request
		// from is set if the viewer's account, which may not do it, offers the app.
		from bool
		want string
	}{
		"accept":  {AcceptTransfer, true, "Only the account to which the app is offered may do this."},
		"decline": {DeclineTransfer, true, "Only the account to which the app is offered may do this."},
		"cancel":  {CancelTransfer, false, "Only the account that offers the app may do this."},
	} {
		for _, s := range []domain.AppTransferStatus{domain.TransferPending, domain.TransferAccepted} {
			from, to := elsewhere, account
			if c.from {
				from, to = to, from
			}
			if d := Decide(as(viewer.Portal), c.make(organization, from, to, s)); !d.Is(Role) || *d.Message != c.want {
				t.Errorf("%s, %s: %+v", name, s, d)
			}
			if d := Decide(as(viewer.Portal), c.make(elsewhere, from, to, s)); !d.Foreign() {
				t.Errorf("%s in another organization, %s: %+v", name, s, d)
			}
			if d := Decide(as(viewer.Portal), c.make(organization, elsewhere, across, s)); !d.Foreign() {
				t.Errorf("%s between others, %s: %+v", name, s, d)
			}
		}
	}
}

// People change themselves, and administrators everybody of the organization.
func TestUpdateUser(t *testing.T) {
	if d := Decide(as(viewer.Portal), UpdateUser(organization, user)); !d.Allowed {
		t.Errorf("oneself: %+v", d)
	}
	if d := Decide(as(viewer.Portal), UpdateUser(organization, elsewhere)); !d.Is(Role) {
		t.Errorf("somebody else: %+v", d)
	}
	if d := Decide(as(viewer.Admin), UpdateUser(organization, elsewhere)); !d.Allowed {
		t.Errorf("an administrator: %+v", d)
	}
	if d := Decide(as(viewer.Admin), UpdateUser(elsewhere, elsewhere)); !d.Foreign() {
		t.Errorf("another organization: %+v", d)
	}
}

// Nobody, staff included, takes the last owner away from an account.
func TestLastOwnerStays(t *testing.T) {
	for _, role := range []viewer.Role{viewer.Portal, viewer.Admin, viewer.System} {
		for name, r := range map[string]Request{
			"change": ChangeMemberRole(organization, account, true),
			"remove": RemoveMember(organization, account, elsewhere, true),
			"leave":  RemoveMember(organization, account, user, true),
		} {
			if d := Decide(as(role), r); !d.Is(Status) || *d.Message != LastOwner {
				t.Errorf("%q, %s: %+v", role, name, d)
			}
		}
	}
	member := as(viewer.Portal)
	member.AccountOwner = false
	if d := Decide(member, RemoveMember(organization, account, elsewhere, true)); !d.Is(Role) {
		t.Errorf("a member learns who is the last owner: %+v", d)
	}
}

func TestStatesOfOtherThings(t *testing.T) {
	for _, c := range []struct {
		request Request
		want    Code // "": allowed
	}{
		{Register(organization, account, domain.Draft, true), Status},
		{Register(organization, account, domain.Published, true), ""},
		{Register(organization, account, domain.Deprecated, true), ""},
		{Register(organization, account, domain.Retired, true), Status},
		{Register(organization, account, domain.Published, false), ""}, // by staff
		{SuspendAccount(organization, access.AccountActive), ""},
		{SuspendAccount(organization, access.AccountSuspended), Status},
		{ResumeAccount(organization, access.AccountActive), Status},
		{ResumeAccount(organization, access.AccountSuspended), ""},
		{RevokeInvitation(organization, account, domain.InvitationPending), ""},
		{RevokeInvitation(organization, account, domain.InvitationAccepted), Status},
		{RevokeInvitation(organization, account, domain.InvitationRevoked), Status},
		{RevokeInvitation(organization, account, domain.InvitationExpired), Status},
		{AcceptTransfer(organization, across, account, domain.TransferPending), ""},
		{AcceptTransfer(organization, across, account, domain.TransferExpired), Status},
		{DeclineTransfer(organization, across, account, domain.TransferPending), ""},
		{DeclineTransfer(organization, across, account, domain.TransferCancelled), Status},
		{CancelTransfer(organization, account, across, domain.TransferPending), ""},
		{CancelTransfer(organization, account, across, domain.TransferAccepted), Status},
		{CancelTransfer(organization, account, across, domain.TransferDeclined), Status},
		{DecideSignUp(organization, domain.SignUpStatus(domain.SignUpWaiting)), ""},
		{DecideSignUp(organization, domain.SignUpStatus(domain.SignUpAccepted)), Status},
		{DecideSignUp(organization, domain.SignUpStatus(domain.SignUpUnverified)), Status},
		{UpdateProduct(organization, domain.Draft), ""},
		{UpdateProduct(organization, domain.Published), ""},
		{UpdateProduct(organization, domain.Deprecated), ""},
		{UpdateProduct(organization, domain.Retired), Status},
		{CreateEndpoint(organization, domain.Draft), ""},
		{CreateEndpoint(organization, domain.Retired), Status},
		{CreateGuide(organization, domain.Draft), ""},
		{CreateGuide(organization, domain.Retired), Status},
		{NarrowSubscription(organization, account, access.SubscriptionWaiting, false), ""},
		{NarrowSubscription(organization, account, access.SubscriptionApproved, false), ""},
		{NarrowSubscription(organization, account, access.SubscriptionSuspended, false), Status},
		{NarrowSubscription(organization, account, access.SubscriptionRejected, false), Status},
		{NarrowSubscription(organization, account, access.SubscriptionEnded, false), Status},
		{DisableUser(organization, user), ForbiddenByRule},
		{DisableUser(organization, elsewhere), ""},
		{EnableUser(organization, user), ""},
		{UnlockUser(organization, user), ""},
		{ChangeUserRole(organization, user), ForbiddenByRule},
		{ChangeUserRole(organization, elsewhere), ""},
		{DeleteUser(organization, elsewhere), ""},
		{SendPasswordReset(organization, user), ""},
		{ResetTotp(organization, user), ForbiddenByRule},
		{ResetTotp(organization, elsewhere), ""},
		{DisableTotp(organization, false), ""},
		{DisableTotp(organization, true), ForbiddenByRule},
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
		{strict, unregister(access.SubscriptionApproved), false},
		{strict, UpdateApp(organization, account), true},
		{strict, GenerateCredential(organization, account, access.Production), false},
		{as(viewer.Admin), UpdateProduct(organization, domain.Retired), false},
		{as(viewer.Admin), CreatePlan(organization, domain.Retired), false},
		{as(viewer.Admin), CreateEndpoint(organization, domain.Retired), false},
		{as(viewer.Admin), UpdatePlan(organization), true},
		{as(viewer.Admin), UpdateEndpoint(organization), true},
		{as(viewer.Admin), EnableUser(organization, user), true},
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

// A state or a policy that this program does not know refuses, as does one that was
// lost on the way.
func TestUnknownStatesAndPoliciesRefuse(t *testing.T) {
	for _, unknown := range []string{"", "UNHEARD_OF", "active"} {
		for name, r := range map[string]Request{
			"suspend":         SuspendAccount(organization, access.AccountStatus(unknown)),
			"resume":          ResumeAccount(organization, access.AccountStatus(unknown)),
			"register":        Register(organization, account, domain.ProductStatus(unknown), true),
			"update product":  UpdateProduct(organization, domain.ProductStatus(unknown)),
			"create plan":     CreatePlan(organization, domain.ProductStatus(unknown)),
			"create endpoint": CreateEndpoint(organization, domain.ProductStatus(unknown)),
			"narrow":          NarrowSubscription(organization, account, access.SubscriptionStatus(unknown), false),
			"unregister":      OnSubscription(lifecycle.Unregister, organization, account, access.SubscriptionStatus(unknown), "", false),
			"change plan":     OnSubscription(lifecycle.ChangePlan, organization, account, access.SubscriptionStatus(unknown), "", false),
			"cancel a change": OnSubscription(lifecycle.CancelPlanChange, organization, account, access.SubscriptionApproved, lifecycle.PlanChangeStatus(unknown), false),
			"rotate":          RotateCredential(organization, account, access.CredentialStatus(unknown), access.Development, false),
			"revoke":          OnCredential(lifecycle.Revoke, organization, account, access.Development, access.CredentialStatus(unknown), false),
		} {
			if d := Decide(as(viewer.Admin), r); !d.Is(Status) || *d.Message == "" {
				t.Errorf("%s in the state %q: %+v", name, unknown, d)
			}
		}
		v := as(viewer.Portal)
		v.AccountOwner = false
		v.Policy = viewer.OrganizationPolicy{PortalUnregister: domain.PortalUnregister(unknown), ProductionKeys: domain.ProductionKeys(unknown)}
		for name, r := range map[string]Request{
			"production":          GenerateCredential(organization, account, access.Production),
			"enable":              enable(access.Environment(unknown), access.CredentialDisabled, true),
			"unknown environment": GenerateCredential(organization, account, access.Environment(unknown)),
			"rotate":              RotateCredential(organization, account, access.CredentialActive, access.Environment(unknown), false),
			"unregister":          unregister(access.SubscriptionApproved),
		} {
			if d := Decide(v, r); !d.Is(ForbiddenByRule) {
				t.Errorf("%s by the policy %q: %+v", name, unknown, d)
			}
		}
	}
}

// A viewer who does not act for the organization is bound as a developer is, whatever the
// role: a new role that is granted an action is not free of its conditions.
func TestNewRolesAreBoundLikeDevelopers(t *testing.T) {
	for _, role := range roles() {
		v := as(role)
		v.AccountID, v.AccountOwner = account, false
		v.Policy = viewer.OrganizationPolicy{PortalUnregister: domain.WithdrawOnly, ProductionKeys: domain.OwnersOnly}
		suspended := v
		suspended.AccountSuspended = true
		free := role == viewer.Admin || role == viewer.Approver || role == viewer.System
		for name, c := range map[string]struct {
			viewer viewer.Viewer
			r      Request
			is     func(Decision) bool
		}{
			"another account":         {v, UpdateApp(organization, elsewhere), Decision.Foreign},
			"a suspended account":     {suspended, UpdateApp(organization, account), func(d Decision) bool { return d.Is(AccountSuspended) }},
			"a suspended one's end":   {v, unregister(access.SubscriptionSuspended), func(d Decision) bool { return d.Is(Status) }},
			"an approved one's end":   {v, unregister(access.SubscriptionApproved), func(d Decision) bool { return d.Is(ForbiddenByRule) }},
			"one that staff disabled": {v, enable(access.Development, access.CredentialDisabled, false), func(d Decision) bool { return d.Is(Status) }},
			"enabled in earnest":      {v, enable(access.Production, access.CredentialDisabled, true), func(d Decision) bool { return d.Is(ForbiddenByRule) }},
			"a credential in earnest": {v, GenerateCredential(organization, account, access.Production), func(d Decision) bool { return d.Is(ForbiddenByRule) }},
		} {
			d := DecideGranted(c.viewer, c.r)
			if d.Allowed != free || !free && !c.is(d) {
				t.Errorf("%q and %s: %+v", role, name, d)
			}
		}
	}
}

// Whoever acts for an account registers no app with a private product that was not granted
// to it; staff do.
func TestRegisterWithAPrivateProduct(t *testing.T) {
	for _, role := range []viewer.Role{viewer.Admin, viewer.Portal} {
		v := viewer.Viewer{Role: role, OrganizationID: organization, AccountID: account}
		for _, open := range []bool{true, false} {
			d := Decide(v, Register(organization, account, domain.Published, open))
			if want := open || role == viewer.Admin; d.Allowed != want || !want && !d.Is(ForbiddenByRule) {
				t.Errorf("%s, open: %v: %v", role, open, d)
			}
		}
	}
}
