package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"portico/internal/domain"
	. "portico/internal/policy"
	"portico/internal/viewer"
)

// forPeople are the actions that no service token may do, written by hand.
func forPeople() []string {
	return []string{"password.change", "totp.enable", "totp.disable", "user.resetTotp", "user.changeRole", "mail.prefer", "token.create", "token.revoke", "staff.create", "staff.change", "staff.totp", "actAs.allow", "approver.change", "terms.accept"}
}

// A service token may do what its role may and its scopes include, and for nothing more
// does it need another reason than the scope.
func TestScopesNarrowARole(t *testing.T) {
	table := grants()
	for _, c := range []struct {
		role   viewer.Role
		scopes []domain.ServiceTokenScope
		// may reports whether the scopes include an action that the role may do.
		may func(action string) bool
	}{
		{viewer.Portal, []domain.ServiceTokenScope{domain.PortalRead}, none},
		{viewer.Portal, []domain.ServiceTokenScope{domain.PortalWrite}, all},
		{viewer.Portal, []domain.ServiceTokenScope{domain.PortalRead, domain.PortalWrite}, all},
		{viewer.Portal, []domain.ServiceTokenScope{domain.AdminWrite}, none},
		{viewer.Admin, []domain.ServiceTokenScope{domain.AdminRead}, none},
		{viewer.Admin, []domain.ServiceTokenScope{domain.AdminWrite}, all},
		{viewer.Admin, []domain.ServiceTokenScope{domain.PortalWrite}, none},
		{viewer.Admin, []domain.ServiceTokenScope{domain.UsersActAs}, none},
		{viewer.Admin, []domain.ServiceTokenScope{domain.SubscriptionsDecide, domain.AdminRead}, decides},
		{viewer.Gateway, []domain.ServiceTokenScope{domain.GatewayScope}, none},
	} {
		v := as(c.role)
		v.UserID, v.TokenID, v.Scopes = uuid.Nil, uuid.New(), domain.NewScopes(c.scopes...)
		for _, make := range makers() {
			r := make(organization, uuid.Nil).WithoutConditions()
			if r.Name() == "user.actAs" || r.Name() == "user.exchange" {
				continue // see TestActAs
			}
			granted := slices.Contains(table[r.Name()], c.role)
			switch d := Decide(v, r); {
			case r.Name() == "user.update" && c.role == viewer.Portal && c.may(r.Name()):
				if d.Allowed {
					t.Errorf("%v may change a developer, and is none", c.scopes)
				}
			case granted && c.may(r.Name()) && !slices.Contains(forPeople(), r.Name()):
				if !d.Allowed {
					t.Errorf("%v may not %q: %+v", c.scopes, r.Name(), d)
				}
			case !granted && !d.Is(Role), granted && !d.Is(Scope):
				t.Errorf("%v may %q, or for another reason not: %+v", c.scopes, r.Name(), d)
			}
		}
	}
}

func none(string) bool { return false }
func all(string) bool  { return true }

func decides(action string) bool {
	return strings.HasSuffix(action, ".APPROVE") || strings.HasSuffix(action, ".REJECT") ||
		strings.HasSuffix(action, ".APPROVE_PLAN_CHANGE") || strings.HasSuffix(action, ".REJECT_PLAN_CHANGE")
}

// Only a service token with the scope acts for developers, where the organization allows
// it or an identity provider vouches for them.
func TestActAs(t *testing.T) {
	allowed := viewer.OrganizationPolicy{ActAs: true}
	for _, c := range []struct {
		role   viewer.Role
		scopes []domain.ServiceTokenScope
		policy viewer.OrganizationPolicy
		want   Code
	}{
		{viewer.Admin, []domain.ServiceTokenScope{domain.UsersActAs}, allowed, ""},
		{viewer.Admin, []domain.ServiceTokenScope{domain.UsersActAs}, viewer.OrganizationPolicy{}, ForbiddenByRule},
		{viewer.Admin, []domain.ServiceTokenScope{domain.AdminRead, domain.AdminWrite, domain.SubscriptionsDecide}, allowed, Scope},
		{viewer.Admin, nil, allowed, Role},
		{viewer.Portal, []domain.ServiceTokenScope{domain.PortalRead, domain.PortalWrite}, allowed, Role},
		{viewer.Gateway, []domain.ServiceTokenScope{domain.GatewayScope}, allowed, Role},
	} {
		v := as(c.role)
		v.Scopes, v.Policy = domain.NewScopes(c.scopes...), c.policy
		if v.ByToken() {
			v.UserID, v.TokenID = uuid.Nil, uuid.New()
		}
		if d := Decide(v, ActAs(organization)); d.Allowed != (c.want == "") || c.want != "" && !d.Is(c.want) {
			t.Errorf("%s with %v: %+v", c.role, c.scopes, d)
		}
		want := c.want
		if want == ForbiddenByRule {
			want = ""
		}
		if d := Decide(v, Exchange(organization)); d.Allowed != (want == "") || want != "" && !d.Is(want) {
			t.Errorf("%s with %v exchanges: %+v", c.role, c.scopes, d)
		}
		for _, elsewhere := range []Request{ActAs(uuid.New()), Exchange(uuid.New())} {
			if d := Decide(v, elsewhere); d.Allowed {
				t.Errorf("%s with %v acts in another organization", c.role, c.scopes)
			}
		}
	}
}

// whatActingMayDo is everything that a service token may do for an owner, written by hand.
func whatActingMayDo() []string {
	return []string{"app.create", "app.update", "app.delete", "app.register", "key.generate", "subscription.narrow", "subscription.acceptTerms",
		"key.rotate", "key.DISABLE", "key.ENABLE", "key.REVOKE", "key.UPDATE", "subscription.UNREGISTER", "subscription.WITHDRAW", "subscription.CHANGE_PLAN", "subscription.CANCEL_PLAN_CHANGE",
		"keyRequest.create", "keyRequest.UPDATE", "keyRequest.WITHDRAW", "keyRequest.COLLECT", "keyRequest.DELETE"}
}

// A service token that acts for the owner of an account does what is listed, and is
// refused everything else that the owner may do.
func TestActingIsNarrow(t *testing.T) {
	v, owner := as(viewer.Portal), as(viewer.Portal)
	v.AccountOwner, owner.AccountOwner = true, true
	v.TokenID, v.Scopes = uuid.New(), domain.NewScopes(domain.PortalRead, domain.PortalWrite)
	var may []string
	for _, make := range makers() {
		r := make(v.OrganizationID, v.AccountID).WithoutConditions()
		d := Decide(v, r)
		if d.Allowed {
			may = append(may, r.Name())
			continue
		}
		if Decide(owner, r).Allowed && !d.Is(Scope) {
			t.Errorf("%s is refused for another reason: %+v", r.Name(), d)
		}
	}
	slices.Sort(may)
	want := slices.Sorted(slices.Values(whatActingMayDo()))
	if !slices.Equal(may, want) {
		t.Errorf("acting for an owner, a token may %v, want %v", may, want)
	}
}

// The reach of a token is that of its role, or nothing.
func TestReachOfScopes(t *testing.T) {
	for _, c := range []struct {
		role  viewer.Role
		scope domain.ServiceTokenScope
		want  Reach
	}{
		{viewer.Portal, domain.PortalRead, OwnAccount}, {viewer.Portal, domain.PortalWrite, OwnAccount}, {viewer.Portal, domain.AdminRead, Nothing},
		{viewer.Admin, domain.AdminRead, OwnOrganization}, {viewer.Admin, domain.AdminWrite, OwnOrganization}, {viewer.Admin, domain.PortalRead, Nothing},
		{viewer.Admin, domain.SubscriptionsDecide, OwnOrganization}, {viewer.Admin, domain.UsersActAs, Nothing}, {viewer.Gateway, domain.GatewayScope, Nothing},
	} {
		v := as(c.role)
		v.Scopes = domain.NewScopes(c.scope)
		if got := ReachOf(v); got != c.want {
			t.Errorf("%s as %s reaches %v", c.scope, c.role, got)
		}
	}
}
