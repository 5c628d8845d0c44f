// Package policy is the only place that decides whether a viewer may do an action
// to an object now, and if not, why. A Request names the action and carries every
// fact that the decision needs. The services ask before they act,
// `viewerCan` and `allowedTransitions` show its decisions, and the row policies
// use its Reach of each role.
package policy

import (
	"github.com/google/uuid"

	"portico/internal/domain"
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
	appTransfer        action = "app.transfer"
	transferAccept     action = "transfer.accept"
	transferDecline    action = "transfer.decline"
	transferCancel     action = "transfer.cancel"
	credentialGenerate action = "key.generate"
	credentialRotate   action = "key.rotate"
	subscriptionNarrow action = "subscription.narrow"
	subscriptionTerms  action = "subscription.acceptTerms"
	accountCreate      action = "account.create"
	accountUpdate      action = "account.update"
	accountSuspend     action = "account.suspend"
	accountResume      action = "account.resume"
	accountDelete      action = "account.delete"
	memberAdd          action = "member.add"
	memberChangeRole   action = "member.changeRole"
	memberRemove       action = "member.remove"
	memberInvite       action = "member.invite"
	invitationRevoke   action = "invitation.revoke"
	userCreate         action = "user.create"
	userUpdate         action = "user.update"
	userChangeRole     action = "user.changeRole"
	userDisable        action = "user.disable"
	userEnable         action = "user.enable"
	userUnlock         action = "user.unlock"
	userDelete         action = "user.delete"
	userSendReset      action = "user.sendPasswordReset"
	userResetTotp      action = "user.resetTotp"
	passwordChange     action = "password.change"
	totpEnable         action = "totp.enable"
	totpDisable        action = "totp.disable"
	approverChange     action = "approver.change"
	grantChange        action = "grant.change"
	productCreate      action = "product.create"
	productUpdate      action = "product.update"
	planCreate         action = "plan.create"
	planUpdate         action = "plan.update"
	planMove           action = "plan.move"
	endpointCreate     action = "endpoint.create"
	endpointUpdate     action = "endpoint.update"
	endpointDelete     action = "endpoint.delete"
	guideCreate        action = "guide.create"
	guideUpdate        action = "guide.update"
	guideDelete        action = "guide.delete"
	organizationUpdate action = "organization.update"
	mailUpdate         action = "mail.update"
	mailPrefer         action = "mail.prefer"
	tokenCreate        action = "token.create"
	tokenRevoke        action = "token.revoke"
	staffCreate        action = "staff.create"
	staffChange        action = "staff.change"
	staffTotp          action = "staff.totp"
	userActAs          action = "user.actAs"
	userExchange       action = "user.exchange"
	signUpDecide       action = "signUp.decide"
	actAsAllow         action = "actAs.allow"
	termsAccept        action = "terms.accept"
	keyRequestCreate   action = "keyRequest.create"
)

// credentialAction returns the action for one on a credential.
func credentialAction(a lifecycle.CredentialAction) action { return action("key." + string(a)) }

// subscriptionAction returns the action for one on a subscription.
func subscriptionAction(a lifecycle.SubscriptionAction) action {
	return action("subscription." + string(a))
}

// keyRequestAction returns the action for one on a request for a key.
func keyRequestAction(a lifecycle.KeyRequestAction) action { return action("keyRequest." + string(a)) }

// Code is the reason why an action is not allowed.
type Code string

// The reasons why an action is not allowed.
const (
	Role   Code = "ROLE"
	Status Code = "STATUS"
	// Scope is the reason for a service token whose scopes do not allow the action.
	Scope Code = "SCOPE"
	// ForbiddenByRule is the reason for what a policy of the organization forbids, and for
	// what administrators must not do to themselves.
	ForbiddenByRule  Code = "POLICY"
	AccountSuspended Code = "ACCOUNT_SUSPENDED"
	// Terms is the reason for a developer who has not accepted the organization's terms.
	Terms Code = "TERMS"
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
// the role, then the scopes of a service token, then the owner of the object, then the
// account's suspension, then the organization's terms, then the viewer's role in the
// account, then the object's state, then the organization's policies.
func Decide(v viewer.Viewer, r Request) Decision {
	if v.Role == viewer.System {
		return checkOwnState(v, r)
	}
	if !granted(v.Role, r.action) {
		return refuse(Role, "Your role does not allow this.")
	}
	if (r.action == userActAs || r.action == userExchange) && !v.ByToken() {
		return refuse(Role, "Only service tokens act for developers.")
	}
	if v.ByToken() && !scoped(v, r.action) {
		return refuse(Scope, OutOfScope)
	}
	return decideGranted(v, r)
}

// OutOfScope says that a service token's scopes do not allow something.
const OutOfScope = "The scopes of the service token do not allow this."

// decideGranted decides about an action that v's role may do at all.
func decideGranted(v viewer.Viewer, r Request) Decision {
	ofAccount := !v.ActsForOrganization()
	foreign := ofAccount && r.accountID != uuid.Nil && r.accountID != v.AccountID
	if foreign && r.organizationID == v.OrganizationID && r.otherSideID != uuid.Nil && r.otherSideID == v.AccountID {
		return refuse(Role, wrongSide(r.action))
	}
	if foreign || r.organizationID != v.OrganizationID {
		return Decision{}
	}
	if ofAccount && v.AccountSuspended {
		return refuse(AccountSuspended, "The account is suspended.")
	}
	if ofAccount && v.TermsDue && !beforeTerms(r.action) {
		return refuse(Terms, "The organization's terms must be accepted first.")
	}
	if ofAccount && ownersOnly(r.action) && !v.AccountOwner && !leaves(v, r) {
		return refuse(Role, "Only the account's owners may do this.")
	}
	if v.Role != viewer.Admin && r.action == userUpdate && r.userID != v.UserID {
		return refuse(Role, "People change themselves, and administrators everybody.")
	}
	if d := checkOwnState(v, r); !d.Allowed {
		return d
	}
	return checkOtherRules(v, r)
}

// wrongSide says why the other account of an offer, which sees it, may not answer so.
func wrongSide(a action) string {
	if a == transferCancel {
		return "Only the account that offers the app may do this."
	}
	return "Only the account to which the app is offered may do this."
}

// ownersOnly reports whether those who act for an account must be one of its owners
// to do an action.
func ownersOnly(a action) bool {
	switch a {
	case accountDelete, memberChangeRole, memberRemove, memberInvite, invitationRevoke,
		appTransfer, transferAccept, transferDecline, transferCancel:
		return true
	}
	return false
}

// leaves reports whether v asks to leave an account, which every member may do.
func leaves(v viewer.Viewer, r Request) bool {
	return r.action == memberRemove && r.userID == v.UserID
}

// beforeTerms reports whether v may do what r asks without having accepted the
// organization's terms. It is a list of what may be done, so that a new action is refused
// until somebody has thought about it: what protects and describes the person, and what
// ends or takes away: a key that has leaked cannot wait, and who disagrees must be able to
// go.
func beforeTerms(a action) bool {
	switch a {
	case termsAccept, passwordChange, totpEnable, totpDisable, mailPrefer, userUpdate,
		credentialAction(lifecycle.Revoke), credentialAction(lifecycle.Disable),
		subscriptionAction(lifecycle.Unregister), subscriptionAction(lifecycle.Withdraw), subscriptionAction(lifecycle.CancelPlanChange), invitationRevoke, memberRemove, appDelete, accountDelete,
		keyRequestAction(lifecycle.WithdrawKeyRequest), keyRequestAction(lifecycle.DeleteKeyRequest), transferDecline, transferCancel:
		return true
	}
	return false
}

// granted reports whether a role may do an action at all. Actions and roles that are
// not in its table are refused.
func granted(r viewer.Role, a action) bool {
	switch a {
	case passwordChange, totpEnable, totpDisable, mailPrefer, userUpdate:
		return r == viewer.Admin || r == viewer.Approver || r == viewer.Portal
	case subscriptionAction(lifecycle.Approve), subscriptionAction(lifecycle.Reject),
		subscriptionAction(lifecycle.ApprovePlanChange), subscriptionAction(lifecycle.RejectPlanChange),
		keyRequestAction(lifecycle.ApproveKeyRequest), keyRequestAction(lifecycle.RejectKeyRequest):
		// Of the products that the approver is named for; the row policies show no others.
		return r == viewer.Admin || r == viewer.Approver
	case appCreate, appUpdate, appDelete, appRegister, credentialGenerate, credentialRotate, subscriptionNarrow,
		appTransfer, transferAccept, transferDecline, transferCancel,
		accountDelete, memberChangeRole, memberRemove, memberInvite, invitationRevoke,
		credentialAction(lifecycle.Revoke), credentialAction(lifecycle.Update), subscriptionAction(lifecycle.Unregister),
		subscriptionAction(lifecycle.ChangePlan), subscriptionAction(lifecycle.CancelPlanChange),
		credentialAction(lifecycle.Disable), credentialAction(lifecycle.Enable),
		keyRequestCreate, keyRequestAction(lifecycle.DeleteKeyRequest):
		return r == viewer.Admin || r == viewer.Portal
	case subscriptionAction(lifecycle.Withdraw), termsAccept, subscriptionTerms,
		keyRequestAction(lifecycle.UpdateKeyRequest), keyRequestAction(lifecycle.WithdrawKeyRequest), keyRequestAction(lifecycle.CollectKey):
		return r == viewer.Portal
	case appRestore, accountCreate, accountUpdate, accountSuspend, accountResume, memberAdd,
		userCreate, userChangeRole, userDisable, userEnable, userUnlock, userDelete, userSendReset, userResetTotp, organizationUpdate, mailUpdate,
		tokenCreate, tokenRevoke, staffCreate, staffChange, staffTotp, userActAs, userExchange, actAsAllow, signUpDecide, approverChange, grantChange,
		productCreate, productUpdate, planCreate, planUpdate, planMove, endpointCreate, endpointUpdate, endpointDelete, guideCreate, guideUpdate, guideDelete,
		subscriptionAction(lifecycle.Suspend), subscriptionAction(lifecycle.Resume):
		return r == viewer.Admin
	}
	return false
}

// scoped reports whether the scopes of a service token include an action that its role
// may do. What is about a person is for people, and so is whatever could give a token
// more than it has, or leave nobody who could revoke it.
func scoped(v viewer.Viewer, a action) bool {
	if v.Acting() && !forAnother(a) {
		return false
	}
	switch a {
	case passwordChange, totpEnable, totpDisable, userResetTotp, userChangeRole, mailPrefer, tokenCreate, tokenRevoke, staffCreate, staffChange, staffTotp, actAsAllow, approverChange, termsAccept:
		return false
	case userActAs, userExchange:
		return v.Scopes.HasAny(domain.UsersActAs)
	case subscriptionAction(lifecycle.Approve), subscriptionAction(lifecycle.Reject),
		subscriptionAction(lifecycle.ApprovePlanChange), subscriptionAction(lifecycle.RejectPlanChange),
		keyRequestAction(lifecycle.ApproveKeyRequest), keyRequestAction(lifecycle.RejectKeyRequest):
		return v.Writes() || v.Scopes.HasAny(domain.SubscriptionsDecide)
	}
	return v.Writes()
}
