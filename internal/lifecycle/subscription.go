// Package lifecycle defines the states of subscriptions and credentials, and all
// transitions between them. It does not decide who may cause a transition (package
// policy does) and stores nothing.
package lifecycle

import "portico/clients/go/gate/access"

// SubscriptionStatus is the state of a subscription.
type SubscriptionStatus = access.SubscriptionStatus

// The states of a subscription.
const (
	Waiting      = access.SubscriptionWaiting
	Approved     = access.SubscriptionApproved
	Rejected     = access.SubscriptionRejected
	Suspended    = access.SubscriptionSuspended
	Unsubscribed = access.SubscriptionEnded
)

// SubscriptionStatuses returns all states.
func SubscriptionStatuses() []SubscriptionStatus {
	return []SubscriptionStatus{Waiting, Approved, Rejected, Suspended, Unsubscribed}
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
func Badge(s SubscriptionStatus) BadgeColor {
	switch s {
	case Waiting:
		return Yellow
	case Approved:
		return Green
	case Rejected:
		return Red
	case Suspended:
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

// The actions of the system.
const (
	Retire         SubscriptionAction = "RETIRE"
	AppDeleted     SubscriptionAction = "APP_DELETED"
	AccountDeleted SubscriptionAction = "ACCOUNT_DELETED"
)

// SubscriptionActions returns all actions.
func SubscriptionActions() []SubscriptionAction {
	return []SubscriptionAction{Approve, Reject, Withdraw, Suspend, Resume, Unregister, Retire, AppDeleted, AccountDeleted}
}

// transition is what an action makes of a state.
type transition struct {
	action SubscriptionAction
	from   SubscriptionStatus
	to     SubscriptionStatus
}

// transitions returns all transitions; no others are possible. AppDeleted does not end a
// suspended subscription: otherwise a developer could end a suspension by deleting
// the app and registering another.
func transitions() []transition {
	return []transition{
		{Approve, Waiting, Approved},
		{Reject, Waiting, Rejected},
		{Withdraw, Waiting, Unsubscribed},
		{Suspend, Approved, Suspended},
		{Resume, Suspended, Approved},
		{Unregister, Waiting, Unsubscribed},
		{Unregister, Approved, Unsubscribed},
		{Unregister, Suspended, Unsubscribed},
		{Retire, Waiting, Unsubscribed},
		{Retire, Approved, Unsubscribed},
		{Retire, Suspended, Unsubscribed},
		{AppDeleted, Waiting, Unsubscribed},
		{AppDeleted, Approved, Unsubscribed},
		{AccountDeleted, Waiting, Unsubscribed},
		{AccountDeleted, Approved, Unsubscribed},
		{AccountDeleted, Suspended, Unsubscribed},
	}
}

// Next returns the state after action, and false if there is no such transition.
func Next(from SubscriptionStatus, action SubscriptionAction) (SubscriptionStatus, bool) {
	for _, e := range transitions() {
		if e.from == from && e.action == action {
			return e.to, true
		}
	}
	return "", false
}

// From returns the states in which action is possible, in the order of transitions.
func From(action SubscriptionAction) []SubscriptionStatus {
	var out []SubscriptionStatus
	for _, e := range transitions() {
		if e.action == action {
			out = append(out, e.from)
		}
	}
	return out
}

// Initial returns the state of a new subscription, which depends on whether approval is
// automatic.
func Initial(automatic bool) SubscriptionStatus {
	if automatic {
		return Approved
	}
	return Waiting
}
