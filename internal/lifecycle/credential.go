package lifecycle

import "portico/clients/go/gate/access"

// CredentialStatus is the state of a credential.
type CredentialStatus = access.CredentialStatus

// The states of a credential. EXPIRED is never stored: ACTIVE and DISABLED become
// EXPIRED at the credential's expiry.
const (
	CredentialActive   = access.CredentialActive
	CredentialDisabled = access.CredentialDisabled
	CredentialExpired  = access.CredentialExpired
	CredentialRevoked  = access.CredentialRevoked
)

// CredentialStatuses returns all states.
func CredentialStatuses() []CredentialStatus {
	return []CredentialStatus{CredentialActive, CredentialDisabled, CredentialExpired, CredentialRevoked}
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
// possible. Revocation is final; an expired credential can only be revoked. Nothing
// is possible from a state that is not one of CredentialStatuses.
func NextCredential(from CredentialStatus, action CredentialAction) (CredentialStatus, bool) {
	switch from {
	case CredentialActive, CredentialDisabled:
		return nextUsable(from, action)
	case CredentialExpired:
		if action == Revoke {
			return CredentialRevoked, true
		}
	}
	return "", false
}

// nextUsable is NextCredential for a credential that is neither expired nor revoked.
func nextUsable(from CredentialStatus, action CredentialAction) (CredentialStatus, bool) {
	switch action {
	case Revoke:
		return CredentialRevoked, true
	case Update:
		return from, true
	case Disable:
		if from == CredentialActive {
			return CredentialDisabled, true
		}
	case Enable:
		if from == CredentialDisabled {
			return CredentialActive, true
		}
	}
	return "", false
}
