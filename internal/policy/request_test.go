package policy_test

import (
	"reflect"
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/lifecycle"
	. "portico/internal/policy"
	"portico/internal/viewer"
)

// strictViewers returns a viewer of each role, and developers whom the
// organization's policies restrict.
func strictViewers() []viewer.Viewer {
	var all []viewer.Viewer
	for _, r := range roles() {
		v := as(r)
		all = append(all, v)
		v.Policy = viewer.OrganizationPolicy{PortalUnregister: domain.WithdrawOnly, ProductionKeys: domain.OwnersOnly}
		v.AccountOwner = false
		all = append(all, v)
	}
	return all
}

func TestDecisionReadsOnlyFactsOfItsConstructor(t *testing.T) {
	for _, make := range makers() {
		r := make(organization, account)
		if len(r.Variations()) == 0 {
			t.Errorf("%q takes every fact, so this test shows nothing", r.Name())
		}
		for _, v := range strictViewers() {
			want := Decide(v, r)
			for _, varied := range r.Variations() {
				if got := Decide(v, varied); !reflect.DeepEqual(got, want) {
					t.Errorf("%q reads a fact that its constructor does not take: %+v decides %+v, not %+v", r.Name(), varied, got, want)
				}
			}
		}
	}
}

// A state that was lost on the way must not open what the state would forbid.
func TestMissingStateRefuses(t *testing.T) {
	for name, r := range map[string]Request{
		"register":   Register(organization, account, "", true),
		"take back":  RevokeInvitation(organization, account, ""),
		"accept":     AcceptTransfer(organization, across, account, ""),
		"decline":    DeclineTransfer(organization, across, account, ""),
		"cancel":     CancelTransfer(organization, account, across, ""),
		"sign up":    DecideSignUp(organization, ""),
		"narrow":     NarrowSubscription(organization, account, "", false),
		"rotate":     RotateCredential(organization, account, "", "", false),
		"enable":     OnCredential(lifecycle.Enable, organization, account, "", "", true),
		"delete":     OnKeyRequest(lifecycle.DeleteKeyRequest, organization, account, "", "", false),
		"unregister": OnSubscription(lifecycle.Unregister, organization, account, "", "", false),
	} {
		if d := Decide(as(viewer.Admin), r); !d.Is(Status) {
			t.Errorf("%s of an object without a status: %+v", name, d)
		}
		if d := Decide(as(viewer.Admin), r.WithoutConditions()); !d.Allowed {
			t.Errorf("%s without conditions: %+v", name, d)
		}
	}
}

func TestWithoutConditionsStillChecksOwner(t *testing.T) {
	suspended := as(viewer.Portal)
	suspended.AccountSuspended = true
	r := GenerateCredential(organization, account, access.Production).WithoutConditions()
	if d := Decide(suspended, r); !d.Is(AccountSuspended) {
		t.Errorf("a suspended account: %+v", d)
	}
	if d := Decide(as(viewer.Portal), GenerateCredential(organization, elsewhere, "").WithoutConditions()); !d.Foreign() {
		t.Errorf("another account: %+v", d)
	}
	if d := Decide(as(viewer.Admin), GenerateCredential(elsewhere, uuid.Nil, "").WithoutConditions()); !d.Foreign() {
		t.Errorf("another organization: %+v", d)
	}
	if d := Decide(as(viewer.Gateway), r); !d.Is(Role) {
		t.Errorf("a gateway: %+v", d)
	}
}
