// Package policy is the only place that decides whether a viewer may do an action
// to an object now, and if not, why. A Request names the action and carries every
// fact that the decision needs. The services ask before they act,
// `viewerCan` and `allowedTransitions` show its decisions, and the privacy rules
// use its Reach of each role.
package policy

import (
	"github.com/google/uuid"

	"portico/internal/domain"
	"portico/internal/lifecycle"
	"portico/internal/viewer"
)

// Action is what a viewer asks to do.
type Action string

// The kinds of actions. Those of one kind are decided by the same facts, so each
// kind has one function that makes its requests.
type (
	// OrganizationAction is an action of InOrganization.
	OrganizationAction Action
	// AppAction is an action of OnApp.
	AppAction Action
	// AccountAction is an action of OnAccount.
	AccountAction Action
	// UserAction is an action of OnUser.
	UserAction Action
	// ProductAction is an action of OnProduct.
	ProductAction Action
)

// The actions on objects of the organization of which no state matters.
const (
	AppRestore         OrganizationAction = "app.restore"
	AccountCreate      OrganizationAction = "account.create"
	UserCreate         OrganizationAction = "user.create"
	PasswordChange     OrganizationAction = "password.change"
	ProductCreate      OrganizationAction = "product.create"
	PlanUpdate         OrganizationAction = "plan.update"
	EndpointUpdate     OrganizationAction = "endpoint.update"
	EndpointDelete     OrganizationAction = "endpoint.delete"
	OrganizationUpdate OrganizationAction = "organization.update"
)

// The actions on apps.
const (
	AppCreate AppAction = "app.create"
	AppUpdate AppAction = "app.update"
	AppDelete AppAction = "app.delete"
)

// The actions on accounts.
const (
	AccountUpdate  AccountAction = "account.update"
	AccountSuspend AccountAction = "account.suspend"
	AccountResume  AccountAction = "account.resume"
	AccountDelete  AccountAction = "account.delete"
)

// The actions on users.
const (
	UserDisable UserAction = "user.disable"
	UserEnable  UserAction = "user.enable"
	UserUnlock  UserAction = "user.unlock"
)

// The actions that a product's status can forbid.
const (
	ProductUpdate  ProductAction = "product.update"
	PlanCreate     ProductAction = "plan.create"
	EndpointCreate ProductAction = "endpoint.create"
)

// The actions that have a function of their own: Register, GenerateCredential and
// NarrowSubscription. Narrowing changes the endpoints of a subscription, to fewer
// or more.
const (
	AppRegister        Action = "app.register"
	CredentialGenerate Action = "key.generate"
	SubscriptionNarrow Action = "subscription.narrow"
)

// CredentialAction returns the Action for an action on a credential.
func CredentialAction(a lifecycle.CredentialAction) Action { return Action("key." + string(a)) }

// SubscriptionAction returns the Action for an action on a subscription.
func SubscriptionAction(a lifecycle.SubscriptionAction) Action {
	return Action("subscription." + string(a))
}

// Code is the reason why an action is not allowed.
type Code string

// The reasons why an action is not allowed.
const (
	Role   Code = "ROLE"
	Status Code = "STATUS"
	// Policy is a reason only for actions that `viewerCan` does not show; so the
	// schema does not have it.
	Policy           Code = "POLICY"
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
		return checkState(v, r)
	}
	if !granted(v.Role, r.action) {
		return refuse(Role, "Your role does not allow this.")
	}
	if r.organizationID != v.OrganizationID || v.Role == viewer.Portal && r.accountID != uuid.Nil && r.accountID != v.AccountID {
		return Decision{}
	}
	if v.Role == viewer.Portal && v.AccountSuspended {
		return refuse(AccountSuspended, "The account is suspended.")
	}
	if d := checkState(v, r); !d.Allowed {
		return d
	}
	return checkConditions(v, r)
}

// granted reports whether a role may do an action at all. Actions that are not in
// its table are refused.
func granted(r viewer.Role, a Action) bool {
	switch a {
	case Action(AppCreate), Action(AppUpdate), Action(AppDelete), Action(PasswordChange),
		AppRegister, CredentialGenerate, SubscriptionNarrow,
		CredentialAction(lifecycle.Revoke), CredentialAction(lifecycle.Update), SubscriptionAction(lifecycle.Unregister):
		return r == viewer.Admin || r == viewer.Portal
	case SubscriptionAction(lifecycle.Withdraw):
		return r == viewer.Portal
	case Action(AppRestore), Action(AccountCreate), Action(AccountUpdate), Action(AccountSuspend), Action(AccountResume), Action(AccountDelete),
		Action(UserCreate), Action(UserDisable), Action(UserEnable), Action(UserUnlock), Action(OrganizationUpdate),
		Action(ProductCreate), Action(ProductUpdate), Action(PlanCreate), Action(PlanUpdate),
		Action(EndpointCreate), Action(EndpointUpdate), Action(EndpointDelete),
		CredentialAction(lifecycle.Disable), CredentialAction(lifecycle.Enable),
		SubscriptionAction(lifecycle.Suspend), SubscriptionAction(lifecycle.Resume),
		SubscriptionAction(lifecycle.Approve), SubscriptionAction(lifecycle.Reject):
		return r == viewer.Admin
	}
	return false
}

// checkState checks whether the object's state allows the action.
func checkState(v viewer.Viewer, r Request) Decision {
	if r.unconditional {
		return allow()
	}
	if r.subscriptionAction != "" {
		if _, ok := lifecycle.Next(r.subscription, r.subscriptionAction); !ok {
			return refuse(Status, "The subscription is "+string(r.subscription)+".")
		}
		if v.Role == viewer.Portal && r.subscription == lifecycle.Suspended && r.subscriptionAction == lifecycle.Unregister {
			return refuse(Status, "Only an administrator can end a subscription that is suspended.")
		}
	}
	if r.credentialAction != "" {
		if _, ok := lifecycle.NextCredential(r.credential, r.credentialAction); !ok {
			return refuse(Status, credentialRefusal(r.credential))
		}
	}
	return allow()
}

func credentialRefusal(s lifecycle.CredentialStatus) string {
	switch s {
	case lifecycle.CredentialRevoked:
		return "A revoked key never comes back."
	case lifecycle.CredentialExpired:
		return "The key has expired."
	default:
		return "The key is " + string(s) + "."
	}
}

// checkConditions checks everything else: the organization's policies, and the states of
// the other objects that take part.
func checkConditions(v viewer.Viewer, r Request) Decision {
	if r.unconditional {
		return allow()
	}
	switch a := r.action; {
	case a == SubscriptionAction(lifecycle.Unregister) && v.Role == viewer.Portal &&
		v.Policy.PortalUnregister != domain.UnregisterAllowed && r.subscription != lifecycle.Waiting:
		return refuse(Policy, "Only an administrator can end a subscription that was approved.")
	case a == CredentialGenerate && v.Role == viewer.Portal && r.environment == domain.Production &&
		v.Policy.ProductionKeys == domain.OwnersOnly && !v.AccountOwner:
		return refuse(Policy, "Only the account's owners can make keys for production.")
	case a == AppRegister && r.product != domain.Published && r.product != domain.Deprecated:
		return refuse(Status, "The product is not on offer.")
	case a == Action(AccountSuspend) && r.account == domain.AccountSuspended:
		return refuse(Status, "The account is suspended already.")
	case a == Action(AccountResume) && r.account == domain.AccountActive:
		return refuse(Status, "The account is not suspended.")
	case a == SubscriptionNarrow && r.subscription != lifecycle.Waiting && r.subscription != lifecycle.Approved:
		return refuse(Status, "The subscription is "+string(r.subscription)+".")
	case (a == Action(ProductUpdate) || a == Action(PlanCreate) || a == Action(EndpointCreate)) && r.product == domain.Retired:
		return refuse(Status, "A retired product does not come back.")
	case a == Action(UserDisable) && r.userID == v.UserID:
		return refuse(Policy, "You cannot disable yourself.")
	}
	return allow()
}
