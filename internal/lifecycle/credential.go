package lifecycle

import "time"

// CredentialStatus is the state of a credential.
type CredentialStatus string

// The states of a credential. EXPIRED is never stored: ACTIVE and DISABLED become
// EXPIRED at the credential's expiry.
const (
	CredentialActive   CredentialStatus = "ACTIVE"
	CredentialDisabled CredentialStatus = "DISABLED"
	CredentialExpired  CredentialStatus = "EXPIRED"
	CredentialRevoked  CredentialStatus = "REVOKED"
)

// Values returns the states that are stored.
func (CredentialStatus) Values() []string {
	return []string{string(CredentialActive), string(CredentialDisabled), string(CredentialRevoked)}
}

// CredentialStatuses returns all states.
func CredentialStatuses() []CredentialStatus {
	return []CredentialStatus{CredentialActive, CredentialDisabled, CredentialExpired, CredentialRevoked}
}

// At returns the state at a time: a credential that is not revoked is EXPIRED from
// expiresAt on (now ≥ expiresAt). A stored state that this program does not know
// is REVOKED, so that such a credential is never usable.
func (s CredentialStatus) At(now time.Time, expiresAt *time.Time) CredentialStatus {
	switch {
	case s != CredentialActive && s != CredentialDisabled && s != CredentialExpired:
		return CredentialRevoked
	case expiresAt != nil && !now.Before(*expiresAt):
		return CredentialExpired
	}
	return s
}

// CredentialAction is an action on a credential.
type CredentialAction string

// The actions on a credential.
const (
	Revoke  CredentialAction = "REVOKE"
	Disable CredentialAction = "DISABLE"
	Enable  CredentialAction = "ENABLE"
	Update  CredentialAction = "UPDATE"
)

// CredentialActions returns all actions.
func CredentialActions() []CredentialAction {
	return []CredentialAction{Revoke, Disable, Enable, Update}
}

// NextCredential returns the state after action, and false if the action is not
// possible. Revocation is final; an expired credential can only be revoked.
func NextCredential(from CredentialStatus, action CredentialAction) (CredentialStatus, bool) {
	switch {
	case from == CredentialRevoked:
		return "", false
	case action == Revoke:
		return CredentialRevoked, true
	case from == CredentialExpired:
		return "", false
	case action == Update:
		return from, true
	case action == Disable && from == CredentialActive:
		return CredentialDisabled, true
	case action == Enable && from == CredentialDisabled:
		return CredentialActive, true
	}
	return "", false
}
