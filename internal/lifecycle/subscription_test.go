package lifecycle_test

import (
	"slices"
	"testing"

	. "portico/clients/go/gate/access"
	. "portico/internal/lifecycle"
)

// expected returns the transitions, written independently by hand: the state after
// each action in each state, or "" if the action is not possible.
func expected() map[SubscriptionAction]map[SubscriptionStatus]SubscriptionStatus {
	type row = map[SubscriptionStatus]SubscriptionStatus
	return map[SubscriptionAction]row{
		Approve:           {SubscriptionWaiting: SubscriptionApproved, SubscriptionApproved: "", SubscriptionRejected: "", SubscriptionSuspended: "", SubscriptionEnded: ""},
		Reject:            {SubscriptionWaiting: SubscriptionRejected, SubscriptionApproved: "", SubscriptionRejected: "", SubscriptionSuspended: "", SubscriptionEnded: ""},
		Withdraw:          {SubscriptionWaiting: SubscriptionEnded, SubscriptionApproved: "", SubscriptionRejected: "", SubscriptionSuspended: "", SubscriptionEnded: ""},
		Suspend:           {SubscriptionWaiting: "", SubscriptionApproved: SubscriptionSuspended, SubscriptionRejected: "", SubscriptionSuspended: "", SubscriptionEnded: ""},
		Resume:            {SubscriptionWaiting: "", SubscriptionApproved: "", SubscriptionRejected: "", SubscriptionSuspended: SubscriptionApproved, SubscriptionEnded: ""},
		Unregister:        {SubscriptionWaiting: SubscriptionEnded, SubscriptionApproved: SubscriptionEnded, SubscriptionRejected: "", SubscriptionSuspended: SubscriptionEnded, SubscriptionEnded: ""},
		ChangePlan:        {SubscriptionWaiting: "", SubscriptionApproved: SubscriptionApproved, SubscriptionRejected: "", SubscriptionSuspended: "", SubscriptionEnded: ""},
		ApprovePlanChange: {SubscriptionWaiting: "", SubscriptionApproved: SubscriptionApproved, SubscriptionRejected: "", SubscriptionSuspended: "", SubscriptionEnded: ""},
		RejectPlanChange:  {SubscriptionWaiting: "", SubscriptionApproved: SubscriptionApproved, SubscriptionRejected: "", SubscriptionSuspended: "", SubscriptionEnded: ""},
		CancelPlanChange:  {SubscriptionWaiting: "", SubscriptionApproved: SubscriptionApproved, SubscriptionRejected: "", SubscriptionSuspended: "", SubscriptionEnded: ""},
		Retire:            {SubscriptionWaiting: SubscriptionEnded, SubscriptionApproved: SubscriptionEnded, SubscriptionRejected: "", SubscriptionSuspended: SubscriptionEnded, SubscriptionEnded: ""},
		AppDeleted:        {SubscriptionWaiting: SubscriptionEnded, SubscriptionApproved: SubscriptionEnded, SubscriptionRejected: "", SubscriptionSuspended: "", SubscriptionEnded: ""},
		Expire:            {SubscriptionWaiting: SubscriptionRejected, SubscriptionApproved: "", SubscriptionRejected: "", SubscriptionSuspended: "", SubscriptionEnded: ""},
		AccountDeleted:    {SubscriptionWaiting: SubscriptionEnded, SubscriptionApproved: SubscriptionEnded, SubscriptionRejected: "", SubscriptionSuspended: SubscriptionEnded, SubscriptionEnded: ""},
	}
}

func TestEveryTransition(t *testing.T) {
	pairs, table := 0, expected()
	for _, a := range SubscriptionActions() {
		for _, from := range SubscriptionStatuses() {
			pairs++
			want, known := table[a][from]
			if !known {
				t.Fatalf("nothing is expected of %s on %s", a, from)
			}
			got, ok := Next(from, a)
			if got != want || ok != (want != "") {
				t.Errorf("%s of %s returns %q %v, want %q", a, from, got, ok, want)
			}
			if slices.Contains(From(a), from) != ok {
				t.Errorf("From(%s) disagrees about %s", a, from)
			}
		}
	}
	if pairs != 70 {
		t.Errorf("%d pairs were tested, want 5 × 14", pairs)
	}
}

func TestUnknownStatesAndActions(t *testing.T) {
	for _, from := range append(SubscriptionStatuses(), "", "waiting", "PAUSED") {
		for _, action := range append(SubscriptionActions(), "", "approve", "ARCHIVE") {
			if slices.Contains(SubscriptionStatuses(), from) && slices.Contains(SubscriptionActions(), action) {
				continue
			}
			if to, ok := Next(from, action); ok || to != "" {
				t.Errorf("%q of %q returns %q", action, from, to)
			}
		}
	}
	if states := From("ARCHIVE"); states != nil {
		t.Errorf("an unknown action is possible in %v", states)
	}
}

func TestStates(t *testing.T) {
	for _, want := range []struct {
		status SubscriptionStatus
		text   string
		live   bool
		badge  BadgeColor
	}{
		{SubscriptionWaiting, "WAITING", true, "YELLOW"},
		{SubscriptionApproved, "APPROVED", true, "GREEN"},
		{SubscriptionRejected, "REJECTED", false, "RED"},
		{SubscriptionSuspended, "SUSPENDED", true, "ORANGE"},
		{SubscriptionEnded, "UNSUBSCRIBED", false, "GRAY"},
	} {
		if string(want.status) != want.text || want.status.Live() != want.live || Badge(want.status) != want.badge {
			t.Errorf("%s: live %v, badge %s", want.status, want.status.Live(), Badge(want.status))
		}
		if !slices.Contains(want.status.Values(), want.text) {
			t.Errorf("%s is not stored", want.text)
		}
	}
	if Initial(true) != SubscriptionApproved || Initial(false) != SubscriptionWaiting {
		t.Error("a subscription is born in the wrong state")
	}
}
