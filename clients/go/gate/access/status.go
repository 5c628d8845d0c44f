package access

import "time"

// CredentialStatus is the state of a credential.
type CredentialStatus string

// The states of a credential. EXPIRED is never stored: ACTIVE and DISABLED become
// EXPIRED at the credential's expiry.
const (
	CredentialActive CredentialStatus = "ACTIVE"
	// CredentialUncollected: it has no secret yet, and gateways do not know it.
	CredentialUncollected CredentialStatus = "UNCOLLECTED"
	CredentialDisabled    CredentialStatus = "DISABLED"
	CredentialExpired     CredentialStatus = "EXPIRED"
	CredentialRevoked     CredentialStatus = "REVOKED"
)

// Values returns the states that are stored.
func (CredentialStatus) Values() []string {
	return names(CredentialActive, CredentialUncollected, CredentialDisabled, CredentialRevoked)
}

// At returns the state at a time: a credential that is not revoked is EXPIRED from
// expiresAt on (now ≥ expiresAt), but for an uncollected one, whose life has not begun. A
// stored state that this program does not know is REVOKED, so that such a credential is
// never usable.
func (s CredentialStatus) At(now time.Time, expiresAt *time.Time) CredentialStatus {
	switch {
	case s == CredentialUncollected:
		return s
	case s != CredentialActive && s != CredentialDisabled && s != CredentialExpired:
		return CredentialRevoked
	case expiresAt != nil && !now.Before(*expiresAt):
		return CredentialExpired
	}
	return s
}

// SubscriptionStatus is the state of a subscription.
type SubscriptionStatus string

// The states of a subscription.
const (
	SubscriptionWaiting   SubscriptionStatus = "WAITING"
	SubscriptionApproved  SubscriptionStatus = "APPROVED"
	SubscriptionRejected  SubscriptionStatus = "REJECTED"
	SubscriptionSuspended SubscriptionStatus = "SUSPENDED"
	SubscriptionEnded     SubscriptionStatus = "UNSUBSCRIBED"
)

// Values returns all states.
func (SubscriptionStatus) Values() []string {
	return names(SubscriptionWaiting, SubscriptionApproved, SubscriptionRejected, SubscriptionSuspended, SubscriptionEnded)
}

// Live reports whether the subscription has not ended: an app has at most one live
// subscription to a product.
func (s SubscriptionStatus) Live() bool {
	return s == SubscriptionWaiting || s == SubscriptionApproved || s == SubscriptionSuspended
}
