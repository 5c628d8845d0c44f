package lifecycle_test

import (
	"testing"

	. "portico/internal/lifecycle"
)

func TestEveryCredentialTransition(t *testing.T) {
	type row = map[CredentialStatus]CredentialStatus
	table := map[CredentialAction]row{
		Revoke:  {CredentialActive: CredentialRevoked, CredentialDisabled: CredentialRevoked, CredentialExpired: CredentialRevoked, CredentialRevoked: ""},
		Disable: {CredentialActive: CredentialDisabled, CredentialDisabled: "", CredentialExpired: "", CredentialRevoked: ""},
		Enable:  {CredentialActive: "", CredentialDisabled: CredentialActive, CredentialExpired: "", CredentialRevoked: ""},
		Update:  {CredentialActive: CredentialActive, CredentialDisabled: CredentialDisabled, CredentialExpired: "", CredentialRevoked: ""},
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
				t.Errorf("%s of %s gives %q %v, want %q", a, from, got, ok, want)
			}
		}
	}
	if pairs != 16 {
		t.Errorf("%d pairs were tested, want 4 × 4", pairs)
	}
	if _, ok := NextCredential(CredentialActive, "DESTROY"); ok {
		t.Error("an unknown action happened")
	}
}
