package lifecycle

import "time"

// CredentialStatus is where a key stands.
type CredentialStatus string

// The states of a key. EXPIRED is never stored: it is what ACTIVE and DISABLED
// become when their time has come.
const (
	CredentialActive   CredentialStatus = "ACTIVE"
	CredentialDisabled CredentialStatus = "DISABLED"
	CredentialExpired  CredentialStatus = "EXPIRED"
	CredentialRevoked  CredentialStatus = "REVOKED"
)

// Values lists the states that are stored.
func (CredentialStatus) Values() []string {
	return []string{string(CredentialActive), string(CredentialDisabled), string(CredentialRevoked)}
}

// CredentialStatuses lists all states.
func CredentialStatuses() []CredentialStatus {
	return []CredentialStatus{CredentialActive, CredentialDisabled, CredentialExpired, CredentialRevoked}
}

// At returns the state at a time: a key that is not revoked is EXPIRED from
// expiresAt on (now ≥ expiresAt). A stored state that this program does not
// know is REVOKED: nothing makes such a key usable.
func (s CredentialStatus) At(now time.Time, expiresAt *time.Time) CredentialStatus {
	switch {
	case s != CredentialActive && s != CredentialDisabled && s != CredentialExpired:
		return CredentialRevoked
	case expiresAt != nil && !now.Before(*expiresAt):
		return CredentialExpired
	}
	return s
}

// CredentialAction is what can happen to a key.
type CredentialAction string

// What can happen to a key.
const (
	Revoke  CredentialAction = "REVOKE"
	Disable CredentialAction = "DISABLE"
	Enable  CredentialAction = "ENABLE"
	Update  CredentialAction = "UPDATE"
)

// CredentialActions lists all actions.
func CredentialActions() []CredentialAction {
	return []CredentialAction{Revoke, Disable, Enable, Update}
}

// NextCredential returns the state after action, and false when it cannot happen. A
// revoked key never comes back; an expired one can only be revoked.
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
