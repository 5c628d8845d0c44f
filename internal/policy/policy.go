// Package policy is the only place that decides whether a viewer may do an action
// to an object now, and if not, why. The services ask it before they act,
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

// The actions. Those on credentials and subscriptions are defined in package
// lifecycle and converted by CredentialAction and SubscriptionAction.
const (
	AppCreate          Action = "app.create"
	AppUpdate          Action = "app.update"
	AppDelete          Action = "app.delete"
	AppRestore         Action = "app.restore"
	AppRegister        Action = "app.register"
	CredentialGenerate Action = "key.generate"
	AccountCreate      Action = "account.create"
	AccountUpdate      Action = "account.update"
	AccountSuspend     Action = "account.suspend"
	AccountResume      Action = "account.resume"
	AccountDelete      Action = "account.delete"
	UserCreate         Action = "user.create"
	UserDisable        Action = "user.disable"
	UserEnable         Action = "user.enable"
	UserUnlock         Action = "user.unlock"
	PasswordChange     Action = "password.change"
	ProductCreate      Action = "product.create"
	ProductUpdate      Action = "product.update"
	PlanCreate         Action = "plan.create"
	PlanUpdate         Action = "plan.update"
	EndpointCreate     Action = "endpoint.create"
	EndpointUpdate     Action = "endpoint.update"
	EndpointDelete     Action = "endpoint.delete"
	OrganizationUpdate Action = "organization.update"
	// SubscriptionNarrow changes the endpoints of a subscription, to fewer or more.
	SubscriptionNarrow Action = "subscription.narrow"
)

// CredentialAction returns the Action for an action on a credential.
func CredentialAction(a lifecycle.CredentialAction) Action { return Action("key." + string(a)) }

// SubscriptionAction returns the Action for an action on a subscription.
func SubscriptionAction(a lifecycle.SubscriptionAction) Action {
	return Action("subscription." + string(a))
}

// Object is what the policy needs to know of the object of an action. Facts that do
// not apply are zero and are not checked.
type Object struct {
	OrganizationID uuid.UUID
	// AccountID is the account that owns the object; zero if the organization does.
	AccountID uuid.UUID
	// Environment is that of the credential to create.
	Environment domain.Environment
	// Credential and CredentialAction, Subscription and SubscriptionAction are a
	// state and an action of package lifecycle.
	Credential         lifecycle.CredentialStatus
	CredentialAction   lifecycle.CredentialAction
	Subscription       lifecycle.SubscriptionStatus
	SubscriptionAction lifecycle.SubscriptionAction
	// Account is the state of the account itself, for actions on it.
	Account domain.AccountStatus
	// Product is the state of the product to subscribe to or to change.
	Product domain.ProductStatus
	// User is the user to disable or enable.
	User uuid.UUID
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

// Decide returns whether v may do a to o. The first reason against it is returned:
// the role, then the owner of the object, then the account's suspension, then the
// object's state, then the organization's policies.
func Decide(v viewer.Viewer, a Action, o Object) Decision {
	if v.Role == viewer.System {
		return checkState(v, o)
	}
	if !granted(v.Role, a) {
		return refuse(Role, "Your role does not allow this.")
	}
	if o.OrganizationID != v.OrganizationID || v.Role == viewer.Portal && o.AccountID != uuid.Nil && o.AccountID != v.AccountID {
		return Decision{}
	}
	if v.Role == viewer.Portal && v.AccountSuspended {
		return refuse(AccountSuspended, "The account is suspended.")
	}
	if d := checkState(v, o); !d.Allowed {
		return d
	}
	return checkConditions(v, a, o)
}

// granted reports whether a role may do an action at all. Actions that are not in
// its table are refused.
func granted(r viewer.Role, a Action) bool {
	switch a {
	case AppCreate, AppUpdate, AppDelete, AppRegister, CredentialGenerate, PasswordChange, SubscriptionNarrow,
		CredentialAction(lifecycle.Revoke), CredentialAction(lifecycle.Update), SubscriptionAction(lifecycle.Unregister):
		return r == viewer.Admin || r == viewer.Portal
	case SubscriptionAction(lifecycle.Withdraw):
		return r == viewer.Portal
	case AppRestore, AccountCreate, AccountUpdate, AccountSuspend, AccountResume, AccountDelete,
		UserCreate, UserDisable, UserEnable, UserUnlock, ProductCreate, ProductUpdate, PlanCreate, PlanUpdate, OrganizationUpdate,
		EndpointCreate, EndpointUpdate, EndpointDelete,
		CredentialAction(lifecycle.Disable), CredentialAction(lifecycle.Enable),
		SubscriptionAction(lifecycle.Suspend), SubscriptionAction(lifecycle.Resume),
		SubscriptionAction(lifecycle.Approve), SubscriptionAction(lifecycle.Reject):
		return r == viewer.Admin
	}
	return false
}

// checkState checks whether the object's state allows the action.
func checkState(v viewer.Viewer, o Object) Decision {
	if o.SubscriptionAction != "" {
		if _, ok := lifecycle.Next(o.Subscription, o.SubscriptionAction); !ok {
			return refuse(Status, "The subscription is "+string(o.Subscription)+".")
		}
		if v.Role == viewer.Portal && o.Subscription == lifecycle.Suspended && o.SubscriptionAction == lifecycle.Unregister {
			return refuse(Status, "Only an administrator can end a subscription that is suspended.")
		}
	}
	if o.CredentialAction != "" {
		if _, ok := lifecycle.NextCredential(o.Credential, o.CredentialAction); !ok {
			return refuse(Status, credentialRefusal(o.Credential))
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
func checkConditions(v viewer.Viewer, a Action, o Object) Decision {
	switch {
	case a == SubscriptionAction(lifecycle.Unregister) && v.Role == viewer.Portal &&
		v.Policy.PortalUnregister != domain.UnregisterAllowed && o.Subscription != lifecycle.Waiting:
		return refuse(Policy, "Only an administrator can end a subscription that was approved.")
	case a == CredentialGenerate && v.Role == viewer.Portal && o.Environment == domain.Production &&
		v.Policy.ProductionKeys == domain.OwnersOnly && !v.AccountOwner:
		return refuse(Policy, "Only the account's owners can make keys for production.")
	case a == AppRegister && o.Product != "" && o.Product != domain.Published && o.Product != domain.Deprecated:
		return refuse(Status, "The product is not on offer.")
	case a == AccountSuspend && o.Account == domain.AccountSuspended:
		return refuse(Status, "The account is suspended already.")
	case a == AccountResume && o.Account == domain.AccountActive:
		return refuse(Status, "The account is not suspended.")
	case a == SubscriptionNarrow && o.Subscription != "" && o.Subscription != lifecycle.Waiting && o.Subscription != lifecycle.Approved:
		return refuse(Status, "The subscription is "+string(o.Subscription)+".")
	case (a == ProductUpdate || a == PlanCreate || a == EndpointCreate) && o.Product == domain.Retired:
		return refuse(Status, "A retired product does not come back.")
	case a == UserDisable && o.User == v.UserID:
		return refuse(Policy, "You cannot disable yourself.")
	}
	return allow()
}
