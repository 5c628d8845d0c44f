// Package eventlog is the append-only log of changes. Every change of the portal
// writes its event in the transaction of the change: if the event cannot be
// written, the change does not happen. Timelines, audits and everything that
// follows changes read this log.
//
// Positions count 1, 2, 3 … inside each organization, in the order of commits
// and without gaps: the number comes from a row that stays locked until the
// transaction ends. A reader that has read up to a position has missed nothing
// before it. Organizations never wait for one another.
package eventlog

// Type is what happened.
type Type string

// The types of events.
const (
	OrganizationCreated      Type = "ORGANIZATION_CREATED"
	OrganizationUpdated      Type = "ORGANIZATION_UPDATED"
	AccountCreated           Type = "ACCOUNT_CREATED"
	AccountUpdated           Type = "ACCOUNT_UPDATED"
	AccountSuspended         Type = "ACCOUNT_SUSPENDED"
	AccountResumed           Type = "ACCOUNT_RESUMED"
	AccountDeleted           Type = "ACCOUNT_DELETED"
	MemberAdded              Type = "MEMBER_ADDED"
	UserCreated              Type = "USER_CREATED"
	UserDisabled             Type = "USER_DISABLED"
	UserEnabled              Type = "USER_ENABLED"
	UserSignedIn             Type = "USER_SIGNED_IN"
	UserSignInFailed         Type = "USER_SIGN_IN_FAILED"
	UserUnlocked             Type = "USER_UNLOCKED"
	UserPasswordChanged      Type = "USER_PASSWORD_CHANGED"
	UserPasswordReset        Type = "USER_PASSWORD_RESET"
	AppCreated               Type = "APP_CREATED"
	AppUpdated               Type = "APP_UPDATED"
	AppDeleted               Type = "APP_DELETED"
	AppRestored              Type = "APP_RESTORED"
	CredentialCreated        Type = "CREDENTIAL_CREATED"
	CredentialUpdated        Type = "CREDENTIAL_UPDATED"
	CredentialDisabled       Type = "CREDENTIAL_DISABLED"
	CredentialEnabled        Type = "CREDENTIAL_ENABLED"
	CredentialExpired        Type = "CREDENTIAL_EXPIRED"
	CredentialRevoked        Type = "CREDENTIAL_REVOKED"
	ProductCreated           Type = "PRODUCT_CREATED"
	ProductUpdated           Type = "PRODUCT_UPDATED"
	PlanCreated              Type = "PLAN_CREATED"
	PlanUpdated              Type = "PLAN_UPDATED"
	SubscriptionRegistered   Type = "SUBSCRIPTION_REGISTERED"
	SubscriptionApproved     Type = "SUBSCRIPTION_APPROVED"
	SubscriptionRejected     Type = "SUBSCRIPTION_REJECTED"
	SubscriptionWithdrawn    Type = "SUBSCRIPTION_WITHDRAWN"
	SubscriptionSuspended    Type = "SUBSCRIPTION_SUSPENDED"
	SubscriptionResumed      Type = "SUBSCRIPTION_RESUMED"
	SubscriptionUnregistered Type = "SUBSCRIPTION_UNREGISTERED"
	SubscriptionNarrowed     Type = "SUBSCRIPTION_NARROWED"
	EndpointCreated          Type = "ENDPOINT_CREATED"
	EndpointUpdated          Type = "ENDPOINT_UPDATED"
	EndpointDeleted          Type = "ENDPOINT_DELETED"
	ServiceTokenCreated      Type = "SERVICE_TOKEN_CREATED"
	ServiceTokenRevoked      Type = "SERVICE_TOKEN_REVOKED"
)
