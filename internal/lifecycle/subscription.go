// Package lifecycle defines the states of subscriptions and credentials, and all
// transitions between them. It does not decide who may cause a transition (package
// policy does) and stores nothing.
package lifecycle

import "portico/clients/go/gate/access"

// SubscriptionStatuses returns all states.
func SubscriptionStatuses() []access.SubscriptionStatus {
	return []access.SubscriptionStatus{access.SubscriptionWaiting, access.SubscriptionApproved, access.SubscriptionRejected, access.SubscriptionSuspended, access.SubscriptionEnded}
}

// BadgeColor is the colour in which portals show a state.
type BadgeColor string

// The colours.
const (
	Yellow BadgeColor = "YELLOW"
	Green  BadgeColor = "GREEN"
	Red    BadgeColor = "RED"
	Gray   BadgeColor = "GRAY"
	Orange BadgeColor = "ORANGE"
)

// Badge returns the colour of a state.
func Badge(s access.SubscriptionStatus) BadgeColor {
	switch s {
	case access.SubscriptionWaiting:
		return Yellow
	case access.SubscriptionApproved:
		return Green
	case access.SubscriptionRejected:
		return Red
	case access.SubscriptionSuspended:
		return Orange
	default:
		return Gray
	}
}

// SubscriptionAction is an action on a subscription.
type SubscriptionAction string

// The actions of users.
const (
	Approve    SubscriptionAction = "APPROVE"
	Reject     SubscriptionAction = "REJECT"
	Withdraw   SubscriptionAction = "WITHDRAW"
	Suspend    SubscriptionAction = "SUSPEND"
	Resume     SubscriptionAction = "RESUME"
	Unregister SubscriptionAction = "UNREGISTER"
)

// The actions of users on the plan of an approved subscription, which stays approved.
const (
	ChangePlan        SubscriptionAction = "CHANGE_PLAN"
	ApprovePlanChange SubscriptionAction = "APPROVE_PLAN_CHANGE"
	RejectPlanChange  SubscriptionAction = "REJECT_PLAN_CHANGE"
	CancelPlanChange  SubscriptionAction = "CANCEL_PLAN_CHANGE"
)

// The actions of the system.
const (
	Retire     SubscriptionAction = "RETIRE"
	AppDeleted SubscriptionAction = "APP_DELETED"
	// Expire ends what nobody has decided about in time.
	Expire         SubscriptionAction = "EXPIRE"
	AccountDeleted SubscriptionAction = "ACCOUNT_DELETED"
)

// SubscriptionActions returns all actions.
func SubscriptionActions() []SubscriptionAction {
	return append(UserActions(), Retire, AppDeleted, AccountDeleted, Expire)
}

// UserActions returns the actions of users.
func UserActions() []SubscriptionAction {
	return []SubscriptionAction{Approve, Reject, Withdraw, Suspend, Resume, Unregister, ChangePlan, ApprovePlanChange, RejectPlanChange, CancelPlanChange}
}

// transition is what an action makes of a state.
type transition struct {
	action SubscriptionAction
	from   access.SubscriptionStatus
	to     access.SubscriptionStatus
}

// transitions returns all transitions; no others are possible. AppDeleted does not end a
// suspended subscription: otherwise a developer could end a suspension by deleting
// the app and registering another.
func transitions() []transition {
	return []transition{
		{Approve, access.SubscriptionWaiting, access.SubscriptionApproved},
		{Reject, access.SubscriptionWaiting, access.SubscriptionRejected},
		{Withdraw, access.SubscriptionWaiting, access.SubscriptionEnded},
		{Suspend, access.SubscriptionApproved, access.SubscriptionSuspended},
		{Resume, access.SubscriptionSuspended, access.SubscriptionApproved},
		{Unregister, access.SubscriptionWaiting, access.SubscriptionEnded},
		{Unregister, access.SubscriptionApproved, access.SubscriptionEnded},
		{Unregister, access.SubscriptionSuspended, access.SubscriptionEnded},
		{ChangePlan, access.SubscriptionApproved, access.SubscriptionApproved},
		{ApprovePlanChange, access.SubscriptionApproved, access.SubscriptionApproved},
		{RejectPlanChange, access.SubscriptionApproved, access.SubscriptionApproved},
		{CancelPlanChange, access.SubscriptionApproved, access.SubscriptionApproved},
		{Retire, access.SubscriptionWaiting, access.SubscriptionEnded},
		{Retire, access.SubscriptionApproved, access.SubscriptionEnded},
		{Retire, access.SubscriptionSuspended, access.SubscriptionEnded},
		{AppDeleted, access.SubscriptionWaiting, access.SubscriptionEnded},
		{AppDeleted, access.SubscriptionApproved, access.SubscriptionEnded},
		{AccountDeleted, access.SubscriptionWaiting, access.SubscriptionEnded},
		{AccountDeleted, access.SubscriptionApproved, access.SubscriptionEnded},
		{AccountDeleted, access.SubscriptionSuspended, access.SubscriptionEnded},
		{Expire, access.SubscriptionWaiting, access.SubscriptionRejected},
	}
}

// Next returns the state after action, and false if there is no such transition.
func Next(from access.SubscriptionStatus, action SubscriptionAction) (access.SubscriptionStatus, bool) {
	for _, e := range transitions() {
		if e.from == from && e.action == action {
			return e.to, true
		}
	}
	return "", false
}

// From returns the states in which action is possible, in the order of transitions.
func From(action SubscriptionAction) []access.SubscriptionStatus {
	var out []access.SubscriptionStatus
	for _, e := range transitions() {
		if e.action == action {
			out = append(out, e.from)
		}
	}
	return out
}

// Initial returns the state of a new subscription, which depends on whether approval is
// automatic.
func Initial(automatic bool) access.SubscriptionStatus {
	if automatic {
		return access.SubscriptionApproved
	}
	return access.SubscriptionWaiting
}
