package policy_test

import (
	"testing"

	"portico/clients/go/gate/access"
	"portico/internal/lifecycle"
	. "portico/internal/policy"
	"portico/internal/viewer"
)

// Only an active credential is rotated, and only one without a successor in force.
func TestRotateCredential(t *testing.T) {
	for _, role := range []viewer.Role{viewer.Admin, viewer.Portal} {
		for _, from := range lifecycle.CredentialStatuses() {
			d := Decide(as(role), RotateCredential(organization, account, from, access.Production, false))
			if want := from == access.CredentialActive; d.Allowed != want || !want && !d.Is(Status) {
				t.Errorf("%s of %s: %+v", role, from, d)
			}
		}
		if d := Decide(as(role), RotateCredential(organization, account, access.CredentialActive, access.Production, true)); !d.Is(Status) {
			t.Errorf("%s of one that is being rotated: %+v", role, d)
		}
	}
}
