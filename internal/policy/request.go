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
	accountID uuid.UUID
	// otherSideID is the account that sees the offer of an app, too, but is not the one that
	// may answer so.
	otherSideID      uuid.UUID
	environment      access.Environment
	credential       access.CredentialStatus
	credentialAction lifecycle.CredentialAction
	// disabledByOwner is set if the credential is disabled, and not by staff.
	disabledByOwner bool
	// beingRotated is set if a credential has a successor that is not revoked.
	beingRotated       bool
	subscription       access.SubscriptionStatus
	subscriptionAction lifecycle.SubscriptionAction
	planChange         lifecycle.PlanChangeStatus
	// ofKeyRequest is set if a request for a key has made the subscription.
	ofKeyRequest     bool
	keyRequest       domain.KeyRequestStatus
	keyRequestAction lifecycle.KeyRequestAction
	// collectable is set if the key of the request waits to be collected.
	collectable bool
	account     access.AccountStatus
	// lastOwner is set if the account would have no owner without the member.
	lastOwner  bool
	invitation domain.InvitationStatus
	transfer   domain.AppTransferStatus // of the offer of an app
	signUp     domain.SignUpStatus
	product    domain.ProductStatus
	// closed is set if the product is private, and not granted to the account.
	closed bool
	// changesProduct is set for actions that the product's state must allow.
	changesProduct bool
	userID         uuid.UUID
	// staffNeedTotp is set if administrators cannot be without a second factor.
	staffNeedTotp bool
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

// CreateStaff returns the request to make a user who acts for the organization, besides
// that to create the user.
func CreateStaff(organizationID uuid.UUID) Request {
	return inOrganization(staffCreate, organizationID)
}

// ChangeStaff returns the request to change, disable, enable or delete a user who acts for
// the organization, besides that to do it to a user.
func ChangeStaff(organizationID uuid.UUID) Request {
	return inOrganization(staffChange, organizationID)
}

// AskStaffForTotp returns the request to change whether administrators need a second
// factor, besides that to change the organization.
func AskStaffForTotp(organizationID uuid.UUID) Request {
	return inOrganization(staffTotp, organizationID)
}

// ChangeApprovers returns the request to name an approver for a product, or to end that.
func ChangeApprovers(organizationID uuid.UUID) Request {
	return inOrganization(approverChange, organizationID)
}

// ChangeGrants returns the request to grant a product to an account, or to withdraw it.
func ChangeGrants(organizationID uuid.UUID) Request {
	return inOrganization(grantChange, organizationID)
}

// CreateServiceToken returns the request to create a service token.
func CreateServiceToken(organizationID uuid.UUID) Request {
	return inOrganization(tokenCreate, organizationID)
}

// RevokeServiceToken returns the request to revoke a service token.
func RevokeServiceToken(organizationID uuid.UUID) Request {
	return inOrganization(tokenRevoke, organizationID)
}

// ActAs returns the request of a service token to act for a developer.
func ActAs(organizationID uuid.UUID) Request { return inOrganization(userActAs, organizationID) }

// Exchange returns the request of a service token to act for a developer for whom an
// identity provider vouches. So it needs no permission of the organization beside.
func Exchange(organizationID uuid.UUID) Request { return inOrganization(userExchange, organizationID) }

// AllowActAs returns the request to change whether service tokens may act for developers,
// besides that to change the organization.
func AllowActAs(organizationID uuid.UUID) Request {
	return inOrganization(actAsAllow, organizationID)
}

// ChangePassword returns the request of a user to change the user's own password.
func ChangePassword(organizationID uuid.UUID) Request {
	return inOrganization(passwordChange, organizationID)
}

// EnableTotp returns the request of a user to set up the user's own second factor, or to
// use it.
func EnableTotp(organizationID uuid.UUID) Request { return inOrganization(totpEnable, organizationID) }

// DisableTotp returns the request of a user to turn off the user's own second factor.
// staffNeed is whether the organization asks administrators for one.
func DisableTotp(organizationID uuid.UUID, staffNeed bool) Request {
	return Request{action: totpDisable, organizationID: organizationID, staffNeedTotp: staffNeed}
}

// AcceptTerms returns the request of a developer to accept the organization's terms.
func AcceptTerms(organizationID uuid.UUID) Request {
	return inOrganization(termsAccept, organizationID)
}

// ChangeMailPreferences returns the request of a user to change what letters to the user
// may say.
func ChangeMailPreferences(organizationID uuid.UUID) Request {
	return inOrganization(mailPrefer, organizationID)
}

// CreateProduct returns the request to create a product.
func CreateProduct(organizationID uuid.UUID) Request {
	return inOrganization(productCreate, organizationID)
}

// UpdatePlan returns the request to change a plan.
func UpdatePlan(organizationID uuid.UUID) Request {
	return inOrganization(planUpdate, organizationID)
}

// MovePlanSubscriptions returns the request to give subscriptions the newest terms of their
// plan.
func MovePlanSubscriptions(organizationID uuid.UUID) Request {
	return inOrganization(planMove, organizationID)
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

// UpdateMailSettings returns the request to see and change how the organization writes
// its letters.
func UpdateMailSettings(organizationID uuid.UUID) Request {
	return inOrganization(mailUpdate, organizationID)
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

// ResumeAccount returns the request to end the suspension of an account, by its status.
func ResumeAccount(organizationID uuid.UUID, s access.AccountStatus) Request {
	return onAccount(accountResume, organizationID, s)
}

// DeleteAccount returns the request to delete an account.
func DeleteAccount(organizationID, accountID uuid.UUID) Request {
	return Request{action: accountDelete, organizationID: organizationID, accountID: accountID}
}

// AddMember returns the request to make a user of the organization a member of an
// account.
func AddMember(organizationID, accountID uuid.UUID) Request {
	return Request{action: memberAdd, organizationID: organizationID, accountID: accountID}
}

// ChangeMemberRole returns the request to change what a member is in an account.
// lastOwner is whether the account would have no owner without this one.
func ChangeMemberRole(organizationID, accountID uuid.UUID, lastOwner bool) Request {
	return Request{action: memberChangeRole, organizationID: organizationID, accountID: accountID, lastOwner: lastOwner}
}

// RemoveMember returns the request to end the membership of a user in an account.
// lastOwner is as for ChangeMemberRole.
func RemoveMember(organizationID, accountID, userID uuid.UUID, lastOwner bool) Request {
	return Request{action: memberRemove, organizationID: organizationID, accountID: accountID, userID: userID, lastOwner: lastOwner}
}

// InviteMember returns the request to invite somebody to an account.
func InviteMember(organizationID, accountID uuid.UUID) Request {
	return Request{action: memberInvite, organizationID: organizationID, accountID: accountID}
}

// RevokeInvitation returns the request to take back an invitation of the given status.
func RevokeInvitation(organizationID, accountID uuid.UUID, s domain.InvitationStatus) Request {
	return Request{action: invitationRevoke, organizationID: organizationID, accountID: accountID, invitation: s}
}

// DecideSignUp returns the request to approve or to reject a sign-up of the given status.
func DecideSignUp(organizationID uuid.UUID, s domain.SignUpStatus) Request {
	return Request{action: signUpDecide, organizationID: organizationID, signUp: s}
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
