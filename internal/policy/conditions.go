package policy

import (
	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/lifecycle"
	"portico/internal/viewer"
)

// checkOwnState checks whether the state of the object that is acted on allows the
// action.
func checkOwnState(v viewer.Viewer, r Request) Decision {
	if r.unconditional {
		return allow()
	}
	if r.subscriptionAction != "" {
		if _, ok := lifecycle.Next(r.subscription, r.subscriptionAction); !ok {
			return refuse(Status, "The subscription is "+string(r.subscription)+".")
		}
		if !v.ActsForOrganization() && r.subscription == access.SubscriptionSuspended {
			return refuse(Status, "Only an administrator can end a subscription that is suspended.")
		}
		if r.ofKeyRequest && r.subscription == access.SubscriptionWaiting {
			return refuse(Status, partOfKeyRequest)
		}
		if !lifecycle.PlanChangeAllows(r.planChange, r.subscriptionAction) {
			return refuse(Status, planChangeRefusal(r.planChange))
		}
	}
	if r.keyRequestAction != "" && !lifecycle.KeyRequestAllows(r.keyRequest, r.collectable, r.keyRequestAction) {
		return refuse(Status, keyRequestRefusal(r))
	}
	if r.lastOwner && (r.action == memberChangeRole || r.action == memberRemove) {
		return refuse(Status, LastOwner)
	}
	if r.credentialAction != "" {
		return checkCredential(v, r)
	}
	return allow()
}

const partOfKeyRequest = "The subscription is part of a request for a key, which is decided about as a whole."

func planChangeRefusal(s lifecycle.PlanChangeStatus) string {
	if s == "" {
		return "The subscription has no change of plan."
	}
	return "The change of plan is " + string(s) + "."
}

func keyRequestRefusal(r Request) string {
	switch {
	case r.keyRequestAction == lifecycle.DeleteKeyRequest:
		return "The request is not closed yet."
	case r.keyRequestAction == lifecycle.CollectKey && r.keyRequest == domain.KeyRequestApproved:
		return "The request has no key to collect, or its time is over."
	}
	return "The request is " + string(r.keyRequest) + "."
}

// checkCredential checks whether a credential's state allows the action. What staff have
// disabled only staff enable; so they also disable what its owner has, which changes
// nothing else.
func checkCredential(v viewer.Viewer, r Request) Decision {
	byOwner := r.credential == access.CredentialDisabled && r.disabledByOwner
	if r.credentialAction == lifecycle.Disable && byOwner && v.ActsForOrganization() {
		return allow()
	}
	if _, ok := lifecycle.NextCredential(r.credential, r.credentialAction); !ok {
		return refuse(Status, credentialRefusal(r.credential))
	}
	if r.credentialAction == lifecycle.Enable && !byOwner && !v.ActsForOrganization() {
		return refuse(Status, "Only an administrator can enable a key that an administrator disabled.")
	}
	return allow()
}

// LastOwner says why the last owner of an account stays one.
const LastOwner = "The account must keep an owner who can sign in: make another member an owner first."

func credentialRefusal(s access.CredentialStatus) string {
	switch s {
	case access.CredentialRevoked:
		return "A revoked key never comes back."
	case access.CredentialExpired:
		return "The key has expired."
	default:
		return "The key is " + string(s) + "."
	}
}

// checkOtherRules checks everything else: the states of other objects, such as the
// product that an app registers for, and the organization's policies. A state or a
// policy that is not known refuses.
func checkOtherRules(v viewer.Viewer, r Request) Decision {
	if r.unconditional {
		return allow()
	}
	if d := checkOtherStates(r); !d.Allowed {
		return d
	}
	return checkPolicies(v, r)
}

// checkOtherStates checks the states of accounts, products, invitations and offers, and those in which a
// credential may be rotated and the endpoints of a subscription may change.
func checkOtherStates(r Request) Decision {
	if r.changesProduct {
		return checkProduct(r.product)
	}
	switch r.action {
	case appRegister:
		if r.product != domain.Published && r.product != domain.Deprecated {
			return refuse(Status, "The product is not on offer.")
		}
	case accountSuspend:
		if r.account != access.AccountActive {
			return refuse(Status, "The account is suspended already.")
		}
	case accountResume:
		if r.account != access.AccountSuspended {
			return refuse(Status, "The account is not suspended.")
		}
	case invitationRevoke:
		if r.invitation != domain.InvitationPending {
			return refuse(Status, "The invitation is "+string(r.invitation)+".")
		}
	case transferAccept, transferDecline, transferCancel:
		if r.transfer != domain.TransferPending {
			return refuse(Status, "The offer is "+string(r.transfer)+".")
		}
	case signUpDecide:
		if r.signUp != domain.SignUpStatus(domain.SignUpWaiting) {
			return refuse(Status, "The sign-up is "+string(r.signUp)+".")
		}
	case credentialRotate:
		if r.credential != access.CredentialActive {
			return refuse(Status, credentialRefusal(r.credential))
		}
		if r.beingRotated {
			return refuse(Status, "The key is being rotated already: revoke its successor first.")
		}
	case subscriptionNarrow:
		if r.ofKeyRequest && r.subscription == access.SubscriptionWaiting {
			return refuse(Status, partOfKeyRequest)
		}
		if r.subscription != access.SubscriptionWaiting && r.subscription != access.SubscriptionApproved {
			return refuse(Status, "The subscription is "+string(r.subscription)+".")
		}
	}
	return allow()
}

// checkProduct checks whether a product of the given status may be changed.
func checkProduct(s domain.ProductStatus) Decision {
	switch s {
	case domain.Draft, domain.Published, domain.Deprecated:
		return allow()
	case domain.Retired:
		return refuse(Status, "A retired product does not come back.")
	}
	return refuse(Status, "The product is "+string(s)+".")
}

// checkPolicies checks the organization's policies, which bind everybody who acts for an
// account, and that administrators do not shut themselves out.
func checkPolicies(v viewer.Viewer, r Request) Decision {
	if r.action == userActAs && !v.Policy.ActAs {
		return refuse(ForbiddenByRule, "The organization does not allow service tokens to act for developers.")
	}
	if r.userID == v.UserID {
		switch r.action {
		case userChangeRole:
			return refuse(ForbiddenByRule, "You cannot change your own role.")
		case userDisable:
			return refuse(ForbiddenByRule, "You cannot disable yourself.")
		case userDelete:
			return refuse(ForbiddenByRule, "You cannot delete yourself.")
		case userResetTotp:
			return refuse(ForbiddenByRule, "Turn off your own second factor by a code.")
		}
	}
	if r.action == totpDisable && r.staffNeedTotp && v.ActsForOrganization() {
		return refuse(ForbiddenByRule, "The organization asks its staff for a second factor.")
	}
	if v.ActsForOrganization() {
		return allow()
	}
	switch r.action {
	case appRegister:
		if r.closed {
			return refuse(ForbiddenByRule, "The product is private, and not granted to the account any more.")
		}
	case subscriptionAction(lifecycle.Unregister):
		if v.Policy.PortalUnregister != domain.UnregisterAllowed && r.subscription != access.SubscriptionWaiting {
			return refuse(ForbiddenByRule, "Only an administrator can end a subscription that was approved.")
		}
	case credentialGenerate, credentialRotate, credentialAction(lifecycle.Enable),
		keyRequestCreate, keyRequestAction(lifecycle.UpdateKeyRequest), keyRequestAction(lifecycle.CollectKey):
		trial := r.environment == access.Development || r.environment == access.Staging
		if !trial && v.Policy.ProductionKeys != domain.AnyMember && !v.AccountOwner {
			return refuse(ForbiddenByRule, "Only the account's owners can make or enable keys for production.")
		}
	}
	return allow()
}
