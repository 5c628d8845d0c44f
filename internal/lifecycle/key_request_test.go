package lifecycle_test

import (
	"slices"
	"testing"

	"portico/internal/domain"
	. "portico/internal/lifecycle"
)

// Every action in every state, written by hand: without a key that waits to be collected,
// and with one.
func TestEveryKeyRequestAction(t *testing.T) {
	type row = map[domain.KeyRequestStatus][2]bool
	closed := row{domain.KeyRequestApproved: {true, false}, domain.KeyRequestRejected: {true, true}, domain.KeyRequestWithdrawn: {true, true}, domain.KeyRequestExpired: {true, true}}
	open := row{domain.KeyRequestPending: {true, true}}
	table := map[KeyRequestAction]row{
		UpdateKeyRequest: open, WithdrawKeyRequest: open, ApproveKeyRequest: open, RejectKeyRequest: open,
		CollectKey: {domain.KeyRequestApproved: {false, true}}, DeleteKeyRequest: closed,
	}
	for _, a := range append(KeyRequestActions(), "", "DESTROY") {
		if _, known := table[a]; !known && slices.Contains(KeyRequestActions(), a) {
			t.Errorf("nothing is expected of %s", a)
		}
		for _, s := range append(KeyRequestStatuses(), "", "UNHEARD_OF") {
			for i, collectable := range []bool{false, true} {
				if got := KeyRequestAllows(s, collectable, a); got != table[a][s][i] {
					t.Errorf("%q of %q, collectable %t: %t", a, s, collectable, got)
				}
			}
		}
	}
	var all []string
	for _, s := range KeyRequestStatuses() {
		all = append(all, string(s))
	}
	if !slices.Equal(all, domain.KeyRequestStatus("").Values()) {
		t.Errorf("the states are %v", all)
	}
}
