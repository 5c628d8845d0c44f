package policy_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/lifecycle"
	. "portico/internal/policy"
	"portico/internal/viewer"
)

var (
	organization = uuid.MustParse("11111111-1111-4111-8111-111111111111")
	account      = uuid.MustParse("22222222-2222-4222-8222-222222222222")
	user         = uuid.MustParse("33333333-3333-4333-8333-333333333333")
	elsewhere    = uuid.MustParse("44444444-4444-4444-8444-444444444444")
	across       = uuid.MustParse("55555555-5555-4555-8555-555555555555") // the other side of a transfer
)

func roles() []viewer.Role {
	return []viewer.Role{viewer.Anonymous, viewer.Admin, viewer.Approver, viewer.Portal, viewer.Gateway, viewer.System, "UNHEARD_OF"}
}

// as returns a viewer with a role who owns an account of an organization
// whose policies allow everything.
func as(r viewer.Role) viewer.Viewer {
	v := viewer.Viewer{Role: r, OrganizationID: organization, UserID: user}
	if r == viewer.Portal {
		v.AccountID, v.AccountOwner = account, true
		v.Policy = viewer.OrganizationPolicy{PortalUnregister: domain.UnregisterAllowed, ProductionKeys: domain.AnyMember}
	}
	return v
}

// grants returns the roles that may do each action in some state of the object,
// written by hand. It leaves out Portico itself, which needs no role.
func grants() map[string][]viewer.Role {
	admin, both := []viewer.Role{viewer.Admin}, []viewer.Role{viewer.Admin, viewer.Portal}
	people, deciders := []viewer.Role{viewer.Admin, viewer.Approver, viewer.Portal}, []viewer.Role{viewer.Admin, viewer.Approver}
	return map[string][]viewer.Role{
		"app.create": both, "app.update": both, "app.delete": both, "app.register": both, "app.restore": admin,
		"app.transfer": both, "transfer.accept": both, "transfer.decline": both, "transfer.cancel": both,
		"key.generate": both, "key.rotate": both, "key.UPDATE": both, "key.REVOKE": both, "key.DISABLE": both, "key.ENABLE": both,
		"account.create": admin, "account.update": admin, "account.suspend": admin, "account.resume": admin, "account.delete": both,
		"member.add": admin, "member.changeRole": both, "member.remove": both, "member.invite": both, "invitation.revoke": both,
		"user.create": admin, "user.update": people, "user.changeRole": admin, "user.disable": admin, "user.enable": admin, "user.unlock": admin, "user.delete": admin, "user.sendPasswordReset": admin, "password.change": people,
		"totp.enable": people, "totp.disable": people, "user.resetTotp": admin,
		"product.create": admin, "product.update": admin, "plan.create": admin, "plan.update": admin, "plan.move": admin, "organization.update": admin,
		"mail.update": admin, "mail.prefer": people, "token.create": admin, "token.revoke": admin, "staff.create": admin, "staff.change": admin, "staff.totp": admin,
		"terms.accept": {viewer.Portal}, "signUp.decide": admin, "actAs.allow": admin, "user.actAs": nil, "user.exchange": nil, // only for service tokens: see TestActAs
		"endpoint.create": admin, "endpoint.update": admin, "endpoint.delete": admin, "subscription.narrow": both, "subscription.acceptTerms": {viewer.Portal},
		"guide.create": admin, "guide.update": admin, "guide.delete": admin,
		"subscription.APPROVE": deciders, "subscription.REJECT": deciders, "approver.change": admin, "grant.change": admin,
		"subscription.WITHDRAW": {viewer.Portal}, "subscription.UNREGISTER": both,
		"subscription.CHANGE_PLAN": both, "subscription.CANCEL_PLAN_CHANGE": both,
		"subscription.APPROVE_PLAN_CHANGE": deciders, "subscription.REJECT_PLAN_CHANGE": deciders,
		"subscription.SUSPEND": admin, "subscription.RESUME": admin,
		"keyRequest.create": both, "keyRequest.UPDATE": {viewer.Portal}, "keyRequest.WITHDRAW": {viewer.Portal}, "keyRequest.COLLECT": {viewer.Portal},
		"keyRequest.APPROVE": deciders, "keyRequest.REJECT": deciders, "keyRequest.DELETE": both, "keyRequest.UNHEARD_OF": nil,
		// Actions of no role yet, and of the system.
		"subscription.RETIRE":      nil,
		"subscription.APP_DELETED": nil, "subscription.ACCOUNT_DELETED": nil, "subscription.EXPIRE": nil,
		"key.UNHEARD_OF": nil, "subscription.UNHEARD_OF": nil, "": nil,
	}
}

// makers returns the function of every action. Its request is about an object of an
// organization and, if the action is one on objects of accounts, of an account. The
// object's state is the first of its kind.
func makers() []func(organization, account uuid.UUID) Request {
	type maker = func(organization, account uuid.UUID) Request
	all := []maker{CreateApp, UpdateApp, DeleteApp, TransferApp, DeleteAccount, AddMember, InviteMember, AcceptProductTerms}
	all = append(all,
		func(o, _ uuid.UUID) Request { return UpdateUser(o, user) }, // oneself
		func(o, a uuid.UUID) Request { return RevokeInvitation(o, a, domain.InvitationPending) },
		func(o, a uuid.UUID) Request { return AcceptTransfer(o, across, a, domain.TransferPending) },
		func(o, a uuid.UUID) Request { return DeclineTransfer(o, across, a, domain.TransferPending) },
		func(o, a uuid.UUID) Request { return CancelTransfer(o, a, across, domain.TransferPending) },
		func(o, a uuid.UUID) Request { return ChangeMemberRole(o, a, false) },
		func(o, a uuid.UUID) Request { return RemoveMember(o, a, elsewhere, false) })
	for _, f := range []func(uuid.UUID) Request{
		RestoreApp, CreateAccount, CreateUser, ChangePassword, CreateProduct, UpdatePlan, MovePlanSubscriptions, UpdateEndpoint, DeleteEndpoint, UpdateGuide, DeleteGuide, UpdateOrganization,
		UpdateMailSettings, ChangeMailPreferences, EnableTotp, CreateServiceToken, RevokeServiceToken, CreateStaff, ChangeStaff, AskStaffForTotp, ActAs, Exchange, AllowActAs, ChangeApprovers, ChangeGrants, AcceptTerms,
	} {
		all = append(all, func(o, _ uuid.UUID) Request { return f(o) })
	}
	for _, f := range []func(uuid.UUID, access.AccountStatus) Request{UpdateAccount, SuspendAccount, ResumeAccount} {
		all = append(all, func(o, _ uuid.UUID) Request { return f(o, access.AccountActive) })
	}
	for _, f := range []func(organization, user uuid.UUID) Request{ChangeUserRole, DisableUser, EnableUser, UnlockUser, DeleteUser, SendPasswordReset, ResetTotp} {
		all = append(all, func(o, _ uuid.UUID) Request { return f(o, elsewhere) })
	}
	for _, f := range []func(uuid.UUID, domain.ProductStatus) Request{UpdateProduct, CreatePlan, CreateEndpoint, CreateGuide} {
		all = append(all, func(o, _ uuid.UUID) Request { return f(o, domain.Draft) })
	}
	for _, x := range append(lifecycle.CredentialActions(), "UNHEARD_OF") {
		all = append(all, func(o, a uuid.UUID) Request {
			return OnCredential(x, o, a, access.Development, access.CredentialActive, false)
		})
	}
	for _, x := range append(lifecycle.SubscriptionActions(), "UNHEARD_OF") {
		all = append(all, func(o, a uuid.UUID) Request { return OnSubscription(x, o, a, access.SubscriptionWaiting, "", false) })
	}
	for _, x := range append(lifecycle.KeyRequestActions(), "UNHEARD_OF") {
		all = append(all, func(o, a uuid.UUID) Request {
			return OnKeyRequest(x, o, a, access.Production, domain.KeyRequestPending, false)
		})
	}
	return append(all,
		func(o, a uuid.UUID) Request { return RequestKey(o, a, access.Production) },
		func(o, _ uuid.UUID) Request { return DisableTotp(o, false) },
		func(o, _ uuid.UUID) Request { return DecideSignUp(o, domain.SignUpStatus(domain.SignUpWaiting)) },
		func(o, a uuid.UUID) Request { return Register(o, a, domain.Published, true) },
		func(o, a uuid.UUID) Request { return GenerateCredential(o, a, access.Production) },
		func(o, a uuid.UUID) Request {
			return RotateCredential(o, a, access.CredentialActive, access.Production, false)
		},
		func(o, a uuid.UUID) Request { return NarrowSubscription(o, a, access.SubscriptionWaiting, false) },
		func(uuid.UUID, uuid.UUID) Request { return Request{} },
	)
}

func TestEveryRoleAndAction(t *testing.T) {
	table, seen := grants(), map[string]bool{}
	for _, make := range makers() {
		r := make(organization, uuid.Nil).WithoutConditions()
		want, known := table[r.Name()]
		if !known || seen[r.Name()] {
			t.Errorf("nothing is expected of %q, or two functions make it", r.Name())
		}
		seen[r.Name()] = true
		for _, role := range roles() {
			d := Decide(as(role), r)
			switch {
			case role == viewer.System || slices.Contains(want, role):
				if !d.Allowed || d.Code != nil || d.Message != nil {
					t.Errorf("%q may not %q", role, r.Name())
				}
			case d.Allowed || !d.Is(Role) || *d.Message == "":
				t.Errorf("%q may %q, or for another reason not: %+v", role, r.Name(), d)
			}
		}
	}
	if len(table) != len(seen) {
		t.Errorf("%d actions are expected, %d exist", len(table), len(seen))
	}
}

func TestObjectsOfOthersAreForeign(t *testing.T) {
	for _, make := range makers() {
		for _, r := range roles() {
			if r == viewer.System {
				continue
			}
			name := make(organization, account).Name()
			if d := Decide(as(r), make(elsewhere, uuid.Nil).WithoutConditions()); d.Allowed {
				t.Errorf("%q may %q in another organization", r, name)
			}
			if d := Decide(as(r), make(uuid.Nil, uuid.Nil).WithoutConditions()); d.Allowed {
				t.Errorf("%q may %q in no organization", r, name)
			}
			// How one signs in, a name, what letters say and what is accepted are the viewer's own: the requests name no account.
			own := []string{"password.change", "totp.enable", "totp.disable", "mail.prefer", "user.update", "terms.accept"}
			if d := Decide(as(r), make(organization, elsewhere).WithoutConditions()); r == viewer.Portal && d.Allowed && !slices.Contains(own, name) {
				t.Errorf("%q may %q in another account", r, name)
			}
		}
	}
	// Another owner's object is refused before its state is checked, which would disclose it.
	o := OnCredential(lifecycle.Update, elsewhere, account, access.Development, access.CredentialRevoked, false)
	if d := Decide(as(viewer.Admin), o); !d.Foreign() {
		t.Errorf("a foreign key answers %+v", d)
	}
}

func TestSuspendedAccountMayDoNothing(t *testing.T) {
	v := as(viewer.Portal)
	v.AccountSuspended = true
	for _, make := range makers() {
		r := make(organization, account)
		d := Decide(v, r)
		switch {
		case slices.Contains(grants()[r.Name()], viewer.Portal) && !d.Is(AccountSuspended):
			t.Errorf("%q on a suspended account: %+v", r.Name(), d)
		case d.Allowed:
			t.Errorf("%q went through on a suspended account", r.Name())
		}
	}
}

// The object's state is checked for every role, Portico itself included.
func TestStatesAreCheckedForEveryRole(t *testing.T) {
	for _, r := range []viewer.Role{viewer.Admin, viewer.System} {
		for _, a := range lifecycle.SubscriptionActions() {
			for _, from := range lifecycle.SubscriptionStatuses() {
				_, possible := lifecycle.Next(from, a)
				d := Decide(as(r), OnSubscription(a, organization, account, from, lifecycle.PlanChangeWaiting, false))
				granted := r == viewer.System || slices.Contains(grants()["subscription."+string(a)], r)
				if d.Allowed != (possible && granted) || granted && !possible && !d.Is(Status) {
					t.Errorf("%q, %s of %s: %+v", r, a, from, d)
				}
			}
		}
		for _, a := range lifecycle.SubscriptionActions() {
			for _, pending := range append(lifecycle.PlanChangeStatuses(), "") {
				d := Decide(as(r), OnSubscription(a, organization, account, access.SubscriptionApproved, pending, false))
				_, possible := lifecycle.Next(access.SubscriptionApproved, a)
				possible = possible && lifecycle.PlanChangeAllows(pending, a)
				granted := r == viewer.System || slices.Contains(grants()["subscription."+string(a)], r)
				if d.Allowed != (possible && granted) || granted && !possible && !d.Is(Status) {
					t.Errorf("%q, %s while the change of plan is %q: %+v", r, a, pending, d)
				}
			}
		}
		for _, a := range lifecycle.KeyRequestActions() {
			for _, from := range lifecycle.KeyRequestStatuses() {
				for _, collectable := range []bool{false, true} {
					d := Decide(as(r), OnKeyRequest(a, organization, account, access.Production, from, collectable))
					possible := lifecycle.KeyRequestAllows(from, collectable, a)
					granted := r == viewer.System || slices.Contains(grants()["keyRequest."+string(a)], r)
					if d.Allowed != (possible && granted) || granted && !possible && !d.Is(Status) {
						t.Errorf("%q, %s of %s: %+v", r, a, from, d)
					}
				}
			}
		}
		for _, a := range lifecycle.CredentialActions() {
			for _, from := range lifecycle.CredentialStatuses() {
				_, possible := lifecycle.NextCredential(from, a)
				d := Decide(as(r), OnCredential(a, organization, account, access.Development, from, false))
				if d.Allowed != possible || !possible && !d.Is(Status) {
					t.Errorf("%q, %s of %s: %+v", r, a, from, d)
				}
			}
		}
	}
}

// A suspension is one of developers: nobody else is refused for it.
func TestOnlyDevelopersAreRefusedForASuspension(t *testing.T) {
	v := as(viewer.Admin)
	v.AccountSuspended = true
	if d := Decide(v, UpdateApp(organization, account)); !d.Allowed {
		t.Errorf("an administrator is refused: %+v", d)
	}
}

func TestDecisions(t *testing.T) {
	allowed := Decide(as(viewer.Admin), UpdateApp(organization, account))
	role := Decide(as(viewer.Portal), RestoreApp(organization))
	foreign := Decide(as(viewer.Admin), UpdateApp(uuid.Nil, uuid.Nil))
	for name, c := range map[string]struct {
		d             Decision
		foreign, role bool
	}{"allowed": {allowed, false, false}, "the role": {role, false, true}, "of another": {foreign, true, false}} {
		if c.d.Foreign() != c.foreign || c.d.Is(Role) != c.role || c.d.Is(Status) {
			t.Errorf("%s: foreign %t, by role %t", name, c.d.Foreign(), c.d.Is(Role))
		}
	}
}

// The messages say what the state is.
func TestRefusalsOfCredentials(t *testing.T) {
	for from, want := range map[access.CredentialStatus]string{
		access.CredentialRevoked: "A revoked key never comes back.", access.CredentialExpired: "The key has expired.", access.CredentialActive: "The key is ACTIVE.",
	} {
		d := Decide(as(viewer.Admin), OnCredential(lifecycle.Enable, organization, account, access.Development, from, false))
		if d.Message == nil || *d.Message != want {
			t.Errorf("%s: %+v", from, d)
		}
	}
}

// A subscription that a request for a key has made waits with it alone; once it is decided
// about, it is like any other.
func TestSubscriptionsOfKeyRequests(t *testing.T) {
	for _, a := range []lifecycle.SubscriptionAction{lifecycle.Approve, lifecycle.Reject, lifecycle.Unregister} {
		if d := Decide(as(viewer.Admin), OnSubscription(a, organization, account, access.SubscriptionWaiting, "", true)); !d.Is(Status) {
			t.Errorf("%s of one that waits with its request: %+v", a, d)
		}
	}
	if d := Decide(as(viewer.Portal), OnSubscription(lifecycle.Withdraw, organization, account, access.SubscriptionWaiting, "", true)); !d.Is(Status) {
		t.Errorf("it is withdrawn: %+v", d)
	}
	if d := Decide(as(viewer.Portal), NarrowSubscription(organization, account, access.SubscriptionWaiting, true)); !d.Is(Status) {
		t.Errorf("it is narrowed: %+v", d)
	}
	if d := Decide(as(viewer.Portal), NarrowSubscription(organization, account, access.SubscriptionApproved, true)); !d.Allowed {
		t.Errorf("one that is approved is not narrowed: %+v", d)
	}
	for _, a := range []lifecycle.SubscriptionAction{lifecycle.Suspend, lifecycle.Unregister, lifecycle.ChangePlan} {
		if d := Decide(as(viewer.Admin), OnSubscription(a, organization, account, access.SubscriptionApproved, "", true)); !d.Allowed {
			t.Errorf("%s of one that is approved: %+v", a, d)
		}
	}
}

// Where keys for production are the owners' alone, so are requests for them, and collecting
// them.
func TestProductionKeysOfRequests(t *testing.T) {
	member := as(viewer.Portal)
	member.AccountOwner, member.Policy.ProductionKeys = false, domain.OwnersOnly
	for e, want := range map[access.Environment]bool{access.Development: true, access.Staging: true, access.Production: false, "": false} {
		for _, r := range []Request{
			RequestKey(organization, account, e), OnKeyRequest(lifecycle.UpdateKeyRequest, organization, account, e, domain.KeyRequestPending, false),
			OnKeyRequest(lifecycle.CollectKey, organization, account, e, domain.KeyRequestApproved, true),
		} {
			if d := Decide(member, r); d.Allowed != want || !want && !d.Is(ForbiddenByRule) {
				t.Errorf("%s for %s: %+v", r.Name(), e, d)
			}
		}
		if d := Decide(member, OnKeyRequest(lifecycle.WithdrawKeyRequest, organization, account, e, domain.KeyRequestPending, false)); !d.Allowed {
			t.Errorf("it cannot be withdrawn: %+v", d)
		}
	}
}
