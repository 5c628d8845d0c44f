package lifecycle

import "portico/clients/go/gate/access"

// CredentialStatuses returns all states.
func CredentialStatuses() []access.CredentialStatus {
	return []access.CredentialStatus{access.CredentialActive, access.CredentialUncollected, access.CredentialDisabled, access.CredentialExpired, access.CredentialRevoked}
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
// possible. Revocation is final; an expired credential can only be revoked, and so can one
// that nobody has collected, besides that. Nothing is possible from a state that is not one of CredentialStatuses.
func NextCredential(from access.CredentialStatus, action CredentialAction) (access.CredentialStatus, bool) {
	switch from {
	case access.CredentialActive, access.CredentialDisabled:
		return nextUsable(from, action)
	case access.CredentialExpired, access.CredentialUncollected:
		if action == Revoke {
			return access.CredentialRevoked, true
		}
	}
	return "", false
}

// nextUsable is NextCredential for a credential that is neither expired nor revoked.
func nextUsable(from access.CredentialStatus, action CredentialAction) (access.CredentialStatus, bool) {
	switch action {
	case Revoke:
		return access.CredentialRevoked, true
	case Update:
		return from, true
	case Disable:
		if from == access.CredentialActive {
			return access.CredentialDisabled, true
		}
	case Enable:
		if from == access.CredentialDisabled {
			return access.CredentialActive, true
		}
	}
	return "", false
}
