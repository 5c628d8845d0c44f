package lifecycle_test

import (
	"slices"
	"testing"

	. "portico/clients/go/gate/access"
	. "portico/internal/lifecycle"
)

func TestEveryCredentialTransition(t *testing.T) {
	type row = map[CredentialStatus]CredentialStatus
	table := map[CredentialAction]row{
		Revoke:  {CredentialActive: CredentialRevoked, CredentialDisabled: CredentialRevoked, CredentialUncollected: CredentialRevoked, CredentialExpired: CredentialRevoked, CredentialRevoked: ""},
		Disable: {CredentialActive: CredentialDisabled, CredentialDisabled: "", CredentialUncollected: "", CredentialExpired: "", CredentialRevoked: ""},
		Enable:  {CredentialActive: "", CredentialDisabled: CredentialActive, CredentialUncollected: "", CredentialExpired: "", CredentialRevoked: ""},
		Update:  {CredentialActive: CredentialActive, CredentialDisabled: CredentialDisabled, CredentialUncollected: "", CredentialExpired: "", CredentialRevoked: ""},
	}
	pairs := 0
	for _, a := range CredentialActions() {
		for _, from := range CredentialStatuses() {
			pairs++
			want, known := table[a][from]
			if !known {
				t.Fatalf("nothing is expected of %s on %s", a, from)
			}
			if got, ok := NextCredential(from, a); got != want || ok != (want != "") {
				t.Errorf("%s of %s returns %q %v, want %q", a, from, got, ok, want)
			}
		}
	}
	if pairs != 20 {
		t.Errorf("%d pairs were tested, want 4 × 5", pairs)
	}
}

// What is not known is not possible: neither an action in any state, nor an action of
// any name from a state that does not exist.
func TestUnknownCredentialStatesAndActions(t *testing.T) {
	for _, from := range append(CredentialStatuses(), "", "active", "LOCKED") {
		for _, action := range append(CredentialActions(), "", "revoke", "DESTROY") {
			if slices.Contains(CredentialStatuses(), from) && slices.Contains(CredentialActions(), action) {
				continue
			}
			if to, ok := NextCredential(from, action); ok || to != "" {
				t.Errorf("%q of %q returns %q", action, from, to)
			}
		}
	}
}
