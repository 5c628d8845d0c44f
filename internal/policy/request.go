package policy

import (
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/lifecycle"
)

// Request is an action on an object, and the facts by which Decide decides about
// it. Only the functions of this package make one: a function for each action,
// which takes every fact that the action's decision reads. So a caller can neither
// name an action that does not exist nor leave a fact out. The zero Request is
// granted to no role.
type Request struct {
	action         action
	organizationID uuid.UUID
	// accountID is the account that owns the object; zero if the organization does.
	accountID          uuid.UUID
	environment        access.Environment
	credential         access.CredentialStatus
	credentialAction   lifecycle.CredentialAction
	subscription       access.SubscriptionStatus
	subscriptionAction lifecycle.SubscriptionAction
	account            access.AccountStatus
	product            domain.ProductStatus
	// changesProduct is set for actions that the product's state must allow.
	changesProduct bool
	userID         uuid.UUID
	// unconditional is set by WithoutConditions.
	unconditional bool
}

// WithoutConditions returns r decided by the role, the owner and the suspension of
// the viewer's account alone. It is for callers that judge the object's state
// themselves, because a repeated change succeeds, and for permissions shown
// before a product or an environment is chosen.
func (r Request) WithoutConditions() Request {
	r.unconditional = true
	return r
}

// inOrganization returns the request for an action on an object that the
// organization owns, of which no state matters.
func inOrganization(a action, organizationID uuid.UUID) Request {
	return Request{action: a, organizationID: organizationID}
}

// RestoreApp returns the request to restore a deleted app.
func RestoreApp(organizationID uuid.UUID) Request { return inOrganization(appRestore, organizationID) }

// CreateAccount returns the request to create an account.
func CreateAccount(organizationID uuid.UUID) Request {
	return inOrganization(accountCreate, organizationID)
}

// CreateUser returns the request to create a user.
func CreateUser(organizationID uuid.UUID) Request {
	return inOrganization(userCreate, organizationID)
}

// ChangePassword returns the request of a user to change the user's own password.
func ChangePassword(organizationID uuid.UUID) Request {
	return inOrganization(passwordChange, organizationID)
}

// CreateProduct returns the request to create a product.
func CreateProduct(organizationID uuid.UUID) Request {
	return inOrganization(productCreate, organizationID)
}

// UpdatePlan returns the request to change a plan.
func UpdatePlan(organizationID uuid.UUID) Request {
	return inOrganization(planUpdate, organizationID)
}

// UpdateEndpoint returns the request to change an endpoint of a product.
func UpdateEndpoint(organizationID uuid.UUID) Request {
	return inOrganization(endpointUpdate, organizationID)
}

// DeleteEndpoint returns the request to delete an endpoint of a product.
func DeleteEndpoint(organizationID uuid.UUID) Request {
	return inOrganization(endpointDelete, organizationID)
}

// UpdateOrganization returns the request to change the organization itself.
func UpdateOrganization(organizationID uuid.UUID) Request {
	return inOrganization(organizationUpdate, organizationID)
}

func onAccount(a action, organizationID uuid.UUID, s access.AccountStatus) Request {
	return Request{action: a, organizationID: organizationID, account: s}
}

// UpdateAccount returns the request to change an account of the given status.
func UpdateAccount(organizationID uuid.UUID, s access.AccountStatus) Request {
	return onAccount(accountUpdate, organizationID, s)
}

// SuspendAccount returns the request to suspend an account of the given status.
func SuspendAccount(organizationID uuid.UUID, s access.AccountStatus) Request {
	return onAccount(accountSuspend, organizationID, s)
}

// ResumeAccount returns the request to end the suspension of an account of the
// given status.
func ResumeAccount(organizationID uuid.UUID, s access.AccountStatus) Request {
	return onAccount(accountResume, organizationID, s)
}

// DeleteAccount returns the request to delete an account of the given status.
func DeleteAccount(organizationID uuid.UUID, s access.AccountStatus) Request {
	return onAccount(accountDelete, organizationID, s)
}

func onUser(a action, organizationID, userID uuid.UUID) Request {
	return Request{action: a, organizationID: organizationID, userID: userID}
}

// DisableUser returns the request to disable a user.
func DisableUser(organizationID, userID uuid.UUID) Request {
	return onUser(userDisable, organizationID, userID)
}

// EnableUser returns the request to enable a disabled user.
func EnableUser(organizationID, userID uuid.UUID) Request {
	return onUser(userEnable, organizationID, userID)
}

// UnlockUser returns the request to end the lockout of a user after failed
// sign-ins.
func UnlockUser(organizationID, userID uuid.UUID) Request {
	return onUser(userUnlock, organizationID, userID)
}

func onProduct(a action, organizationID uuid.UUID, s domain.ProductStatus) Request {
	return Request{action: a, organizationID: organizationID, product: s, changesProduct: true}
}

// UpdateProduct returns the request to change a product of the given status.
func UpdateProduct(organizationID uuid.UUID, s domain.ProductStatus) Request {
	return onProduct(productUpdate, organizationID, s)
}

// CreatePlan returns the request to add a plan to a product of the given status.
func CreatePlan(organizationID uuid.UUID, s domain.ProductStatus) Request {
	return onProduct(planCreate, organizationID, s)
}

// CreateEndpoint returns the request to add an endpoint to a product of the given
// status.
func CreateEndpoint(organizationID uuid.UUID, s domain.ProductStatus) Request {
	return onProduct(endpointCreate, organizationID, s)
}
