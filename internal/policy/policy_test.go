package policy_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

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
)

func roles() []viewer.Role {
	return []viewer.Role{viewer.Anonymous, viewer.Admin, viewer.Portal, viewer.Gateway, viewer.System}
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
func grants() map[Action][]viewer.Role {
	admin, both := []viewer.Role{viewer.Admin}, []viewer.Role{viewer.Admin, viewer.Portal}
	return map[Action][]viewer.Role{
		"app.create": both, "app.update": both, "app.delete": both, "app.register": both, "app.restore": admin,
		"key.generate": both, "key.UPDATE": both, "key.REVOKE": both, "key.DISABLE": admin, "key.ENABLE": admin,
		"account.create": admin, "account.update": admin, "account.suspend": admin, "account.resume": admin, "account.delete": admin,
		"user.create": admin, "user.disable": admin, "user.enable": admin, "user.unlock": admin, "password.change": both,
		"product.create": admin, "product.update": admin, "plan.create": admin, "plan.update": admin, "organization.update": admin,
		"endpoint.create": admin, "endpoint.update": admin, "endpoint.delete": admin, "subscription.narrow": both,
		"subscription.APPROVE": {viewer.Admin}, "subscription.REJECT": {viewer.Admin},
		"subscription.WITHDRAW": {viewer.Portal}, "subscription.UNREGISTER": both,
		"subscription.SUSPEND": admin, "subscription.RESUME": admin,
		// Actions of no role yet, and of the system.
		"subscription.RETIRE":      nil,
		"subscription.APP_DELETED": nil, "subscription.ACCOUNT_DELETED": nil,
		"app.unheard-of": nil, "": nil,
	}
}

// request returns the request for any action on an object of an organization and,
// if the action's constructor takes one, of an account. The object's state is
// the first of its kind.
func request(a Action, organization, account uuid.UUID) Request {
	switch a {
	case Action(AppCreate), Action(AppUpdate), Action(AppDelete):
		return OnApp(AppAction(a), organization, account)
	case Action(AccountUpdate), Action(AccountSuspend), Action(AccountResume), Action(AccountDelete):
		return OnAccount(AccountAction(a), organization, domain.AccountActive)
	case Action(UserDisable), Action(UserEnable), Action(UserUnlock):
		return OnUser(UserAction(a), organization, elsewhere)
	case Action(ProductUpdate), Action(PlanCreate), Action(EndpointCreate):
		return OnProduct(ProductAction(a), organization, domain.Draft)
	case AppRegister:
		return Register(organization, account, domain.Published)
	case CredentialGenerate:
		return GenerateCredential(organization, account, domain.Production)
	case SubscriptionNarrow:
		return NarrowSubscription(organization, account, lifecycle.Waiting)
	}
	for _, x := range lifecycle.CredentialActions() {
		if a == CredentialAction(x) {
			return OnCredential(x, organization, account, lifecycle.CredentialActive)
		}
	}
	for _, x := range lifecycle.SubscriptionActions() {
		if a == SubscriptionAction(x) {
			return OnSubscription(x, organization, account, lifecycle.Waiting)
		}
	}
	return InOrganization(OrganizationAction(a), organization)
}

// actions returns every action of the package and of package lifecycle.
func actions() []Action {
	all := []Action{
		Action(AppCreate), Action(AppUpdate), Action(AppDelete), Action(AppRestore), AppRegister, CredentialGenerate,
		Action(AccountCreate), Action(AccountUpdate), Action(AccountSuspend), Action(AccountResume), Action(AccountDelete),
		Action(UserCreate), Action(UserDisable), Action(UserEnable), Action(UserUnlock), Action(PasswordChange),
		Action(ProductCreate), Action(ProductUpdate), Action(PlanCreate), Action(PlanUpdate), Action(OrganizationUpdate),
		Action(EndpointCreate), Action(EndpointUpdate), Action(EndpointDelete), SubscriptionNarrow, "app.unheard-of", "",
	}
	for _, a := range lifecycle.CredentialActions() {
		all = append(all, CredentialAction(a))
	}
	for _, a := range lifecycle.SubscriptionActions() {
		all = append(all, SubscriptionAction(a))
	}
	return all
}

func TestEveryRoleAndAction(t *testing.T) {
	table := grants()
	for _, a := range actions() {
		want, known := table[a]
		if !known {
			t.Errorf("nothing is expected of %q", a)
		}
		for _, r := range roles() {
			d := Decide(as(r), request(a, organization, uuid.Nil).WithoutConditions())
			switch {
			case r == viewer.System || slices.Contains(want, r):
				if !d.Allowed || d.Code != nil || d.Message != nil {
					t.Errorf("%q may not %q", r, a)
				}
			case d.Allowed || !d.Is(Role) || *d.Message == "":
				t.Errorf("%q may %q, or for another reason not: %+v", r, a, d)
			}
		}
	}
	if len(table) != len(actions()) {
		t.Errorf("%d actions are expected, %d exist", len(table), len(actions()))
	}
}

func TestObjectsOfOthersAreForeign(t *testing.T) {
	for _, a := range actions() {
		for _, r := range roles() {
			if r == viewer.System {
				continue
			}
			if d := Decide(as(r), request(a, elsewhere, uuid.Nil).WithoutConditions()); d.Allowed {
				t.Errorf("%q may %q in another organization", r, a)
			}
			if d := Decide(as(r), request(a, uuid.Nil, uuid.Nil).WithoutConditions()); d.Allowed {
				t.Errorf("%q may %q in no organization", r, a)
			}
			// A password is the viewer's own: its request names no account.
			if d := Decide(as(r), request(a, organization, elsewhere).WithoutConditions()); r == viewer.Portal && d.Allowed && a != Action(PasswordChange) {
				t.Errorf("%q may %q in another account", r, a)
			}
		}
	}
	// Another owner's object is refused before its state is checked, which would disclose it.
	o := OnCredential(lifecycle.Update, elsewhere, account, lifecycle.CredentialRevoked)
	if d := Decide(as(viewer.Admin), o); !d.Foreign() {
		t.Errorf("a foreign key answers %+v", d)
	}
}

func TestSuspendedAccountMayDoNothing(t *testing.T) {
	v := as(viewer.Portal)
	v.AccountSuspended = true
	for _, a := range actions() {
		d := Decide(v, request(a, organization, account))
		switch {
		case slices.Contains(grants()[a], viewer.Portal) && !d.Is(AccountSuspended):
			t.Errorf("%q on a suspended account: %+v", a, d)
		case d.Allowed:
			t.Errorf("%q went through on a suspended account", a)
		}
	}
}

// The object's state is checked for every role, Portico itself included.
func TestStatesAreCheckedForEveryRole(t *testing.T) {
	for _, r := range []viewer.Role{viewer.Admin, viewer.System} {
		for _, a := range lifecycle.SubscriptionActions() {
			for _, from := range lifecycle.SubscriptionStatuses() {
				_, possible := lifecycle.Next(from, a)
				d := Decide(as(r), OnSubscription(a, organization, account, from))
				granted := r == viewer.System || slices.Contains(grants()[SubscriptionAction(a)], r)
				if d.Allowed != (possible && granted) || granted && !possible && !d.Is(Status) {
					t.Errorf("%q, %s of %s: %+v", r, a, from, d)
				}
			}
		}
		for _, a := range lifecycle.CredentialActions() {
			for _, from := range lifecycle.CredentialStatuses() {
				_, possible := lifecycle.NextCredential(from, a)
				d := Decide(as(r), OnCredential(a, organization, account, from))
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
	if d := Decide(v, OnApp(AppUpdate, organization, account)); !d.Allowed {
		t.Errorf("an administrator is refused: %+v", d)
	}
}

func TestDecisions(t *testing.T) {
	allowed := Decide(as(viewer.Admin), OnApp(AppUpdate, organization, account))
	role := Decide(as(viewer.Portal), InOrganization(AppRestore, organization))
	foreign := Decide(as(viewer.Admin), OnApp(AppUpdate, uuid.Nil, uuid.Nil))
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
	for from, want := range map[lifecycle.CredentialStatus]string{
		lifecycle.CredentialRevoked: "A revoked key never comes back.", lifecycle.CredentialExpired: "The key has expired.", lifecycle.CredentialActive: "The key is ACTIVE.",
	} {
		d := Decide(as(viewer.Admin), OnCredential(lifecycle.Enable, organization, account, from))
		if d.Message == nil || *d.Message != want {
			t.Errorf("%s: %+v", from, d)
		}
	}
}
