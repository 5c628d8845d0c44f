package lifecycle_test

import (
	"slices"
	"testing"

	. "portico/internal/lifecycle"
)

func TestPlanChangeAllows(t *testing.T) {
	onlyIn := map[SubscriptionAction][]PlanChangeStatus{
		ApprovePlanChange: {PlanChangeWaiting}, RejectPlanChange: {PlanChangeWaiting}, CancelPlanChange: {PlanChangeWaiting, PlanChangeScheduled},
	}
	for _, a := range SubscriptionActions() {
		states, limited := onlyIn[a]
		for _, s := range append(PlanChangeStatuses(), "", "DONE") {
			if got, want := PlanChangeAllows(s, a), !limited || slices.Contains(states, s); got != want {
				t.Errorf("%s while a change of plan is %q: %v", a, s, got)
			}
		}
	}
	if want := []string{"WAITING", "SCHEDULED"}; !slices.Equal(PlanChangeStatus("").Values(), want) {
		t.Errorf("stored are %v, want %v", PlanChangeStatus("").Values(), want)
	}
}
