package lifecycle

import "slices"

// PlanChangeStatus is the state of a change of plan that has not taken effect; "" where
// there is none.
type PlanChangeStatus string

// The states of a change of plan.
const (
	PlanChangeWaiting   PlanChangeStatus = "WAITING"
	PlanChangeScheduled PlanChangeStatus = "SCHEDULED"
)

// PlanChangeStatuses returns all states.
func PlanChangeStatuses() []PlanChangeStatus {
	return []PlanChangeStatus{PlanChangeWaiting, PlanChangeScheduled}
}

// Values lists the constants, for ent.
func (PlanChangeStatus) Values() (out []string) {
	for _, s := range PlanChangeStatuses() {
		out = append(out, string(s))
	}
	return out
}

// PlanChangeAllows reports whether an action on a subscription is possible while its
// change of plan is in the state s. Those that are about no change that was asked for
// before are possible in all.
func PlanChangeAllows(s PlanChangeStatus, a SubscriptionAction) bool {
	switch a {
	case ApprovePlanChange, RejectPlanChange:
		return s == PlanChangeWaiting
	case CancelPlanChange:
		return slices.Contains(PlanChangeStatuses(), s)
	}
	return true
}
