package policy_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"portico/internal/domain"
	. "portico/internal/policy"
	"portico/internal/viewer"
)

// withoutTerms are the actions that a developer may do before accepting the organization's
// terms, written by hand.
func withoutTerms() []string {
	return []string{"terms.accept", "password.change", "totp.enable", "totp.disable", "mail.prefer", "user.update",
		"key.REVOKE", "key.DISABLE", "subscription.UNREGISTER", "subscription.WITHDRAW", "subscription.CANCEL_PLAN_CHANGE", "invitation.revoke", "keyRequest.WITHDRAW", "keyRequest.DELETE", "transfer.decline", "transfer.cancel", "member.remove", "app.delete", "account.delete"}
}

// Whatever is not listed waits until the terms are accepted, and for no other reason.
func TestTermsComeFirst(t *testing.T) {
	ready, due := as(viewer.Portal), as(viewer.Portal)
	due.TermsDue = true
	tried := 0
	for _, make := range makers() {
		r := make(organization, account)
		before, d := Decide(ready, r), Decide(due, r)
		switch {
		case !before.Allowed || slices.Contains(withoutTerms(), r.Name()):
			if d.Allowed != before.Allowed || d.Is(Terms) && before.Is(Role) {
				t.Errorf("%q: %+v, and before the terms %+v", r.Name(), before, d)
			}
		default:
			tried++
			if !d.Is(Terms) || *d.Message == "" {
				t.Errorf("%q before the terms are accepted: %+v", r.Name(), d)
			}
		}
	}
	if tried < 8 {
		t.Errorf("only %d actions wait for the terms", tried)
	}
}

// Who disagrees may leave, and a member who does not own the account removes nobody else.
func TestWhoOwesTermsMayLeave(t *testing.T) {
	v := as(viewer.Portal)
	v.TermsDue, v.AccountOwner = true, false
	if d := Decide(v, RemoveMember(organization, account, user, false)); !d.Allowed {
		t.Errorf("leaving: %+v", d)
	}
	if d := Decide(v, RemoveMember(organization, account, elsewhere, false)); !d.Is(Role) {
		t.Errorf("removing another: %+v", d)
	}
	if ReachOf(v) != OwnAccount {
		t.Error("reading does not go on")
	}
}

// The terms are said neither about somebody else's object, nor before a suspension.
func TestOrderOfTerms(t *testing.T) {
	v := as(viewer.Portal)
	v.TermsDue = true
	if d := Decide(v, UpdateApp(organization, elsewhere)); !d.Foreign() {
		t.Errorf("another account: %+v", d)
	}
	v.AccountOwner = false
	if d := Decide(v, InviteMember(organization, account)); !d.Is(Terms) {
		t.Errorf("a member who invites: %+v", d)
	}
	v.AccountSuspended = true
	if d := Decide(v, UpdateApp(organization, account)); !d.Is(AccountSuspended) {
		t.Errorf("a suspended account: %+v", d)
	}
}

// Acting, a service token is held to what the developer has accepted. Staff, Portico itself
// and whatever acts for the organization are not.
func TestWhoIsHeldToTerms(t *testing.T) {
	acting := as(viewer.Portal)
	acting.TermsDue, acting.TokenID, acting.Scopes = true, uuid.New(), domain.NewScopes(domain.PortalRead, domain.PortalWrite)
	if d := Decide(acting, UpdateApp(organization, account)); !d.Is(Terms) {
		t.Errorf("acting: %+v", d)
	}
	if d := Decide(acting, AcceptTerms(organization)); !d.Is(Scope) {
		t.Errorf("accepting in a developer's place: %+v", d)
	}
	for _, role := range roles() {
		v := as(role)
		v.TermsDue = true
		free := role == viewer.Admin || role == viewer.Approver || role == viewer.System
		if d := DecideGranted(v, UpdateApp(organization, uuid.Nil)); d.Allowed != free || !free && !d.Is(Terms) {
			t.Errorf("%q: %+v", role, d)
		}
	}
}
