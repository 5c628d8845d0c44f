package policy

import (
	"github.com/google/uuid"

	"portico/internal/domain"
	"portico/internal/lifecycle"
)

// Request is an action on an object, and the facts by which Decide decides about
// it. Only the functions below make one, and each takes every fact that its
// actions' decisions read; so a caller cannot leave one out. The zero Request is
// granted to no role.
type Request struct {
	action         Action
	organizationID uuid.UUID
	// accountID is the account that owns the object; zero if the organization does.
	accountID          uuid.UUID
	environment        domain.Environment
	credential         lifecycle.CredentialStatus
	credentialAction   lifecycle.CredentialAction
	subscription       lifecycle.SubscriptionStatus
	subscriptionAction lifecycle.SubscriptionAction
	account            domain.AccountStatus
	product            domain.ProductStatus
	userID             uuid.UUID
	// unconditional is set by WithoutConditions.
	unconditional bool
}

// InOrganization returns the request for an action on an object that the
// organization owns, of which no state matters.
func InOrganization(a OrganizationAction, organizationID uuid.UUID) Request {
	return Request{action: Action(a), organizationID: organizationID}
}

// OnApp returns the request for an action on an app of an account.
func OnApp(a AppAction, organizationID, accountID uuid.UUID) Request {
	return Request{action: Action(a), organizationID: organizationID, accountID: accountID}
}

// OnAccount returns the request for an action on an account of the given status.
func OnAccount(a AccountAction, organizationID uuid.UUID, s domain.AccountStatus) Request {
	return Request{action: Action(a), organizationID: organizationID, account: s}
}

// OnUser returns the request for an action on a user.
func OnUser(a UserAction, organizationID, userID uuid.UUID) Request {
	return Request{action: Action(a), organizationID: organizationID, userID: userID}
}

// OnProduct returns the request for an action on a product of the given status.
func OnProduct(a ProductAction, organizationID uuid.UUID, s domain.ProductStatus) Request {
	return Request{action: Action(a), organizationID: organizationID, product: s}
}

// Register returns the request to subscribe an app of an account to a product of
// the given status. A zero account is that of the viewer.
func Register(organizationID, accountID uuid.UUID, s domain.ProductStatus) Request {
	return Request{action: AppRegister, organizationID: organizationID, accountID: accountID, product: s}
}

// GenerateCredential returns the request to generate a credential for an
// environment, in an account.
func GenerateCredential(organizationID, accountID uuid.UUID, e domain.Environment) Request {
	return Request{action: CredentialGenerate, organizationID: organizationID, accountID: accountID, environment: e}
}

// OnCredential returns the request for an action on a credential of the given
// status, in an account.
func OnCredential(a lifecycle.CredentialAction, organizationID, accountID uuid.UUID, s lifecycle.CredentialStatus) Request {
	return Request{action: CredentialAction(a), organizationID: organizationID, accountID: accountID, credential: s, credentialAction: a}
}

// OnSubscription returns the request for an action on a subscription of the given
// status, in an account.
func OnSubscription(a lifecycle.SubscriptionAction, organizationID, accountID uuid.UUID, s lifecycle.SubscriptionStatus) Request {
	return Request{action: SubscriptionAction(a), organizationID: organizationID, accountID: accountID, subscription: s, subscriptionAction: a}
}

// NarrowSubscription returns the request to change the endpoints of a
// subscription of the given status, in an account.
func NarrowSubscription(organizationID, accountID uuid.UUID, s lifecycle.SubscriptionStatus) Request {
	return Request{action: SubscriptionNarrow, organizationID: organizationID, accountID: accountID, subscription: s}
}

// WithoutConditions returns r decided by the role, the owner and the suspension of
// the viewer's account alone. It is for callers that judge the object's state
// themselves, because a repeated change succeeds, and for permissions shown
// before a product or an environment is chosen.
func (r Request) WithoutConditions() Request {
	r.unconditional = true
	return r
}
