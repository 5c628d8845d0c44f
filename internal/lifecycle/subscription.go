// Package lifecycle is the table of what may become of what: the states of a
// subscription and of a key, and every edge between them. It decides nothing
// about rights (package policy does) and stores nothing.
package lifecycle

// SubscriptionStatus is where a subscription stands.
type SubscriptionStatus string

// The states of a subscription.
const (
	Waiting      SubscriptionStatus = "WAITING"
	Approved     SubscriptionStatus = "APPROVED"
	Rejected     SubscriptionStatus = "REJECTED"
	Suspended    SubscriptionStatus = "SUSPENDED"
	Unsubscribed SubscriptionStatus = "UNSUBSCRIBED"
)

// SubscriptionStatuses lists all states.
func SubscriptionStatuses() []SubscriptionStatus {
	return []SubscriptionStatus{Waiting, Approved, Rejected, Suspended, Unsubscribed}
}

// Values lists them for the storage.
func (SubscriptionStatus) Values() []string {
	return []string{string(Waiting), string(Approved), string(Rejected), string(Suspended), string(Unsubscribed)}
}

// Live reports whether the subscription still stands: an app has at most one
// live subscription to a product.
func (s SubscriptionStatus) Live() bool {
	return s == Waiting || s == Approved || s == Suspended
}

// BadgeColor is the colour portals show a state in.
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
func (s SubscriptionStatus) Badge() BadgeColor {
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

// SubscriptionAction is what can happen to a subscription.
type SubscriptionAction string

// What people do.
const (
	Approve    SubscriptionAction = "APPROVE"
	Reject     SubscriptionAction = "REJECT"
	Withdraw   SubscriptionAction = "WITHDRAW"
	Suspend    SubscriptionAction = "SUSPEND"
	Resume     SubscriptionAction = "RESUME"
	Unregister SubscriptionAction = "UNREGISTER"
)

// What the system does.
const (
	Retire         SubscriptionAction = "RETIRE"
	AppDeleted     SubscriptionAction = "APP_DELETED"
	AccountDeleted SubscriptionAction = "ACCOUNT_DELETED"
)

// SubscriptionActions lists all actions.
func SubscriptionActions() []SubscriptionAction {
	return []SubscriptionAction{Approve, Reject, Withdraw, Suspend, Resume, Unregister, Retire, AppDeleted, AccountDeleted}
}

// edge is one row of the table.
type edge struct {
	action SubscriptionAction
	from   SubscriptionStatus
	to     SubscriptionStatus
}

// edges is the whole table. What is not in it cannot happen. A suspended
// subscription outlives its app's deletion: that must be no way out of it.
func edges() []edge {
	return []edge{
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

// Next returns the state after action, and false when the table has no such edge.
func Next(from SubscriptionStatus, action SubscriptionAction) (SubscriptionStatus, bool) {
	for _, e := range edges() {
		if e.from == from && e.action == action {
			return e.to, true
		}
	}
	return "", false
}

// From lists the states in which action can happen, in the table's order.
func From(action SubscriptionAction) []SubscriptionStatus {
	var out []SubscriptionStatus
	for _, e := range edges() {
		if e.action == action {
			out = append(out, e.from)
		}
	}
	return out
}

// Initial returns the state a new subscription is born in.
func Initial(automatic bool) SubscriptionStatus {
	if automatic {
		return Approved
	}
	return Waiting
}
