package policy

import (
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/lifecycle"
)

func onApp(a action, organizationID, accountID uuid.UUID) Request {
	return Request{action: a, organizationID: organizationID, accountID: accountID}
}

// CreateApp returns the request to create an app in an account.
func CreateApp(organizationID, accountID uuid.UUID) Request {
	return onApp(appCreate, organizationID, accountID)
}

// UpdateApp returns the request to change an app of an account.
func UpdateApp(organizationID, accountID uuid.UUID) Request {
	return onApp(appUpdate, organizationID, accountID)
}

// DeleteApp returns the request to delete an app of an account.
func DeleteApp(organizationID, accountID uuid.UUID) Request {
	return onApp(appDelete, organizationID, accountID)
}

// TransferApp returns the request to offer an app of an account to another account.
func TransferApp(organizationID, accountID uuid.UUID) Request {
	return onApp(appTransfer, organizationID, accountID)
}

// AcceptTransfer returns the request to accept an offer of the given status that one account
// has made to another.
func AcceptTransfer(organizationID, from, to uuid.UUID, s domain.AppTransferStatus) Request {
	return Request{action: transferAccept, organizationID: organizationID, accountID: to, otherSideID: from, transfer: s}
}

// DeclineTransfer returns the request to decline an offer of the given status that one
// account has made to another.
func DeclineTransfer(organizationID, from, to uuid.UUID, s domain.AppTransferStatus) Request {
	return Request{action: transferDecline, organizationID: organizationID, accountID: to, otherSideID: from, transfer: s}
}

// CancelTransfer returns the request to take back an offer of the given status that one
// account has made to another.
func CancelTransfer(organizationID, from, to uuid.UUID, s domain.AppTransferStatus) Request {
	return Request{action: transferCancel, organizationID: organizationID, accountID: from, otherSideID: to, transfer: s}
}

// Register returns the request to subscribe an app of an account to a product of
// the given status, which is open to the account if it is public or was granted to it. A
// zero account is that of the viewer.
func Register(organizationID, accountID uuid.UUID, s domain.ProductStatus, open bool) Request {
	return Request{action: appRegister, organizationID: organizationID, accountID: accountID, product: s, closed: !open}
}

// GenerateCredential returns the request to generate a credential for an
// environment, in an account.
func GenerateCredential(organizationID, accountID uuid.UUID, e access.Environment) Request {
	return Request{action: credentialGenerate, organizationID: organizationID, accountID: accountID, environment: e}
}

// RotateCredential returns the request to let another credential take the place of one
// of the given status and environment, in an account. beingRotated is whether it has a
// successor that is not revoked.
func RotateCredential(organizationID, accountID uuid.UUID, s access.CredentialStatus, e access.Environment, beingRotated bool) Request {
	return Request{
		action: credentialRotate, organizationID: organizationID, accountID: accountID,
		credential: s, environment: e, beingRotated: beingRotated,
	}
}

// OnCredential returns the request for an action on a credential of the given
// environment and status, in an account. byOwner is set if a DISABLED one was disabled by
// whoever acts for the account, not by staff.
func OnCredential(a lifecycle.CredentialAction, organizationID, accountID uuid.UUID, e access.Environment, s access.CredentialStatus, byOwner bool) Request {
	return Request{
		action: credentialAction(a), organizationID: organizationID, accountID: accountID,
		environment: e, credential: s, credentialAction: a, disabledByOwner: byOwner,
	}
}

// OnSubscription returns the request for an action on a subscription of the given
// status, in an account. pending is the state of its change of plan, "" if it has none.
// ofKeyRequest is set if a request for a key has made it.
func OnSubscription(a lifecycle.SubscriptionAction, organizationID, accountID uuid.UUID, s access.SubscriptionStatus, pending lifecycle.PlanChangeStatus, ofKeyRequest bool) Request {
	return Request{
		action: subscriptionAction(a), organizationID: organizationID, accountID: accountID,
		subscription: s, subscriptionAction: a, planChange: pending, ofKeyRequest: ofKeyRequest,
	}
}

// RequestKey returns the request to ask for subscriptions and a key for an environment at
// once, in an account.
func RequestKey(organizationID, accountID uuid.UUID, e access.Environment) Request {
	return Request{action: keyRequestCreate, organizationID: organizationID, accountID: accountID, environment: e}
}

// OnKeyRequest returns the request for an action on a request for a key of the given
// environment and status, in an account. collectable is whether its key waits to be
// collected.
func OnKeyRequest(a lifecycle.KeyRequestAction, organizationID, accountID uuid.UUID, e access.Environment, s domain.KeyRequestStatus, collectable bool) Request {
	return Request{
		action: keyRequestAction(a), organizationID: organizationID, accountID: accountID,
		environment: e, keyRequest: s, keyRequestAction: a, collectable: collectable,
	}
}

// NarrowSubscription returns the request to change the endpoints of a
// subscription of the given status, to fewer or more, in an account. ofKeyRequest is set if a
// request for a key has made it.
func NarrowSubscription(organizationID, accountID uuid.UUID, s access.SubscriptionStatus, ofKeyRequest bool) Request {
	return Request{action: subscriptionNarrow, organizationID: organizationID, accountID: accountID, subscription: s, ofKeyRequest: ofKeyRequest}
}

// AcceptProductTerms returns the request to accept the terms of its product for a subscription,
// in an account.
func AcceptProductTerms(organizationID, accountID uuid.UUID) Request {
	return Request{action: subscriptionTerms, organizationID: organizationID, accountID: accountID}
}
