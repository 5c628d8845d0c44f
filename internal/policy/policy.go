// Package policy is the one place that answers: may this viewer do this to
// that object now, and if not, why? The services ask it before they act,
// `viewerCan` and `allowedTransitions` show its answers, and the privacy rules
// take from it how far a role reaches.
package policy

import (
	"github.com/google/uuid"

	"portico/internal/domain"
	"portico/internal/lifecycle"
	"portico/internal/viewer"
)

// Action is something that a viewer may want to do.
type Action string

// The actions. Those on keys and subscriptions are named in package lifecycle
// and made into Actions by Key and Subscription.
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
	// SubscriptionNarrow is to choose among a subscription's endpoints, fewer or more.
	SubscriptionNarrow Action = "subscription.narrow"
)

// Credential is the action on a key.
func CredentialAction(a lifecycle.CredentialAction) Action { return Action("key." + string(a)) }

// SubscriptionAction is the action on a subscription.
func SubscriptionAction(a lifecycle.SubscriptionAction) Action {
	return Action("subscription." + string(a))
}

// Object is what the policy needs to know of the object at stake. Absent facts
// are zero and ask nothing.
type Object struct {
	OrganizationID uuid.UUID
	// AccountID is the account that owns it; all zero for what belongs to the organization.
	AccountID uuid.UUID
	// Environment is that of the key to be made.
	Environment domain.Environment
	// Credential and CredentialAction, Subscription and SubscriptionAction name an edge of package lifecycle.
	Credential         lifecycle.CredentialStatus
	CredentialAction   lifecycle.CredentialAction
	Subscription       lifecycle.SubscriptionStatus
	SubscriptionAction lifecycle.SubscriptionAction
	// Account is the state of the account itself, for actions on it.
	Account domain.AccountStatus
	// Product is the state of the product to register with or to change.
	Product domain.ProductStatus
	// User is the user to be disabled or enabled.
	User uuid.UUID
}

// Code says why something is not allowed.
type Code string

// Why something is not allowed.
const (
	Role   Code = "ROLE"
	Status Code = "STATUS"
	// Policy forbids steps alone that `viewerCan` does not speak of; so the
	// schema does not have it.
	Policy           Code = "POLICY"
	AccountSuspended Code = "ACCOUNT_SUSPENDED"
)

// Decision is the policy's answer.
type Decision struct {
	Allowed bool
	// Code and Message say why not; nil when allowed, and of somebody else's
	// object, of which nothing is said.
	Code    *Code
	Message *string
}

func yes() Decision { return Decision{Allowed: true} }

func no(c Code, message string) Decision { return Decision{Code: &c, Message: &message} }

// Foreign reports whether the answer is no because the object is somebody else's.
func (d Decision) Foreign() bool { return !d.Allowed && d.Code == nil }

// Is reports whether the answer is no, for this reason.
func (d Decision) Is(c Code) bool { return d.Code != nil && *d.Code == c }

// Decide answers whether v may do a to o. The first reason against it is the
// answer: the role, then whose the object is, then the account's suspension,
// then the object's state, then the organization's policies.
func Decide(v viewer.Viewer, a Action, o Object) Decision {
	if v.Role == viewer.System {
		return edges(v, o)
	}
	if !granted(v.Role, a) {
		return no(Role, "Your role does not allow this.")
	}
	if o.OrganizationID != v.OrganizationID || v.Role == viewer.Portal && o.AccountID != uuid.Nil && o.AccountID != v.AccountID {
		return Decision{}
	}
	if v.Role == viewer.Portal && v.AccountSuspended {
		return no(AccountSuspended, "The account is suspended.")
	}
	if d := edges(v, o); !d.Allowed {
		return d
	}
	return conditions(v, a, o)
}

// granted is the table of roles. What is not in it is refused.
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

// edges asks the states.
func edges(v viewer.Viewer, o Object) Decision {
	if o.SubscriptionAction != "" {
		if _, ok := lifecycle.Next(o.Subscription, o.SubscriptionAction); !ok {
			return no(Status, "The subscription is "+string(o.Subscription)+".")
		}
		if v.Role == viewer.Portal && o.Subscription == lifecycle.Suspended && o.SubscriptionAction == lifecycle.Unregister {
			return no(Status, "Only an administrator can end a subscription that is suspended.")
		}
	}
	if o.CredentialAction != "" {
		if _, ok := lifecycle.NextCredential(o.Credential, o.CredentialAction); !ok {
			return no(Status, credentialRefusal(o.Credential))
		}
	}
	return yes()
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

// conditions asks what else stands against it: policies of the organization, and
// the states of what takes part.
func conditions(v viewer.Viewer, a Action, o Object) Decision {
	switch {
	case a == SubscriptionAction(lifecycle.Unregister) && v.Role == viewer.Portal &&
		v.Policy.PortalUnregister != domain.UnregisterAllowed && o.Subscription != lifecycle.Waiting:
		return no(Policy, "Only an administrator can end a subscription that was approved.")
	case a == CredentialGenerate && v.Role == viewer.Portal && o.Environment == domain.Production &&
		v.Policy.ProductionKeys == domain.OwnersOnly && !v.AccountOwner:
		return no(Policy, "Only the account's owners can make keys for production.")
	case a == AppRegister && o.Product != "" && o.Product != domain.Published && o.Product != domain.Deprecated:
		return no(Status, "The product is not on offer.")
	case a == AccountSuspend && o.Account == domain.AccountSuspended:
		return no(Status, "The account is suspended already.")
	case a == AccountResume && o.Account == domain.AccountActive:
		return no(Status, "The account is not suspended.")
	case a == SubscriptionNarrow && o.Subscription != "" && o.Subscription != lifecycle.Waiting && o.Subscription != lifecycle.Approved:
		return no(Status, "The subscription is "+string(o.Subscription)+".")
	case (a == ProductUpdate || a == PlanCreate || a == EndpointCreate) && o.Product == domain.Retired:
		return no(Status, "A retired product does not come back.")
	case a == UserDisable && o.User == v.UserID:
		return no(Policy, "You cannot disable yourself.")
	}
	return yes()
}
