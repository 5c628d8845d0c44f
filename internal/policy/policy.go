// Package policy is the only place that decides whether a viewer may do an action
// to an object now, and if not, why. A Request names the action and carries every
// fact that the decision needs. The services ask before they act,
// `viewerCan` and `allowedTransitions` show its decisions, and the row policies
// use its Reach of each role.
package policy

import (
	"github.com/google/uuid"

	"portico/internal/lifecycle"
	"portico/internal/viewer"
)

// action is the name of what a viewer asks to do. It is not exported, so that
// every request is made by the action's own function.
type action string

// The actions, besides those of package lifecycle on credentials and subscriptions.
const (
	appCreate          action = "app.create"
	appUpdate          action = "app.update"
	appDelete          action = "app.delete"
	appRestore         action = "app.restore"
	appRegister        action = "app.register"
	credentialGenerate action = "key.generate"
	subscriptionNarrow action = "subscription.narrow"
	accountCreate      action = "account.create"
	accountUpdate      action = "account.update"
	accountSuspend     action = "account.suspend"
	accountResume      action = "account.resume"
	accountDelete      action = "account.delete"
	userCreate         action = "user.create"
	userDisable        action = "user.disable"
	userEnable         action = "user.enable"
	userUnlock         action = "user.unlock"
	passwordChange     action = "password.change"
	productCreate      action = "product.create"
	productUpdate      action = "product.update"
	planCreate         action = "plan.create"
	planUpdate         action = "plan.update"
	endpointCreate     action = "endpoint.create"
	endpointUpdate     action = "endpoint.update"
	endpointDelete     action = "endpoint.delete"
	organizationUpdate action = "organization.update"
)

// credentialAction returns the action for one on a credential.
func credentialAction(a lifecycle.CredentialAction) action { return action("key." + string(a)) }

// subscriptionAction returns the action for one on a subscription.
func subscriptionAction(a lifecycle.SubscriptionAction) action {
	return action("subscription." + string(a))
}

// Code is the reason why an action is not allowed.
type Code string

// The reasons why an action is not allowed.
const (
	Role   Code = "ROLE"
	Status Code = "STATUS"
	// ForbiddenByRule is a reason only for actions that `viewerCan` does not show; so the
	// schema does not have it.
	ForbiddenByRule  Code = "POLICY"
	AccountSuspended Code = "ACCOUNT_SUSPENDED"
)

// Decision is the result of Decide.
type Decision struct {
	Allowed bool
	// Code and Message are the reason why not. They are nil if the action is
	// allowed, and for an object of another owner, about which nothing is disclosed.
	Code    *Code
	Message *string
}

func allow() Decision { return Decision{Allowed: true} }

func refuse(c Code, message string) Decision { return Decision{Code: &c, Message: &message} }

// Foreign reports whether the action is refused because another owner has the object.
func (d Decision) Foreign() bool { return !d.Allowed && d.Code == nil }

// Is reports whether the action is refused for the reason c.
func (d Decision) Is(c Code) bool { return d.Code != nil && *d.Code == c }

// Decide returns whether v may do what r asks. The first reason against it is returned:
// the role, then the owner of the object, then the account's suspension, then the
// object's state, then the organization's policies.
func Decide(v viewer.Viewer, r Request) Decision {
	if v.Role == viewer.System {
		return checkOwnState(v, r)
	}
	if !granted(v.Role, r.action) {
		return refuse(Role, "Your role does not allow this.")
	}
	return decideGranted(v, r)
}

// decideGranted decides about an action that v's role may do at all.
func decideGranted(v viewer.Viewer, r Request) Decision {
	ofAccount := !v.ActsForOrganization()
	if r.organizationID != v.OrganizationID || ofAccount && r.accountID != uuid.Nil && r.accountID != v.AccountID {
		return Decision{}
	}
	if ofAccount && v.AccountSuspended {
		return refuse(AccountSuspended, "The account is suspended.")
	}
	if d := checkOwnState(v, r); !d.Allowed {
		return d
	}
	return checkOtherRules(v, r)
}

// granted reports whether a role may do an action at all. Actions and roles that are
// not in its table are refused.
func granted(r viewer.Role, a action) bool {
	switch a {
	case appCreate, appUpdate, appDelete, passwordChange, appRegister, credentialGenerate, subscriptionNarrow,
		credentialAction(lifecycle.Revoke), credentialAction(lifecycle.Update), subscriptionAction(lifecycle.Unregister):
		return r == viewer.Admin || r == viewer.Portal
	case subscriptionAction(lifecycle.Withdraw):
		return r == viewer.Portal
	case appRestore, accountCreate, accountUpdate, accountSuspend, accountResume, accountDelete,
		userCreate, userDisable, userEnable, userUnlock, organizationUpdate,
		productCreate, productUpdate, planCreate, planUpdate, endpointCreate, endpointUpdate, endpointDelete,
		credentialAction(lifecycle.Disable), credentialAction(lifecycle.Enable),
		subscriptionAction(lifecycle.Suspend), subscriptionAction(lifecycle.Resume),
		subscriptionAction(lifecycle.Approve), subscriptionAction(lifecycle.Reject):
		return r == viewer.Admin
	}
	return false
}
