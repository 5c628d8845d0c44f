package lifecycle

import "time"

// CredentialStatus is where a key stands.
type CredentialStatus string

// The states of a key. EXPIRED is never stored: it is what ACTIVE and DISABLED
// become when their time has come.
const (
	KeyActive   CredentialStatus = "ACTIVE"
	KeyDisabled CredentialStatus = "DISABLED"
	KeyExpired  CredentialStatus = "EXPIRED"
	KeyRevoked  CredentialStatus = "REVOKED"
)

// Values lists the states that are stored.
func (CredentialStatus) Values() []string {
	return []string{string(KeyActive), string(KeyDisabled), string(KeyRevoked)}
}

// CredentialStatuses lists all states.
func CredentialStatuses() []CredentialStatus {
	return []CredentialStatus{KeyActive, KeyDisabled, KeyExpired, KeyRevoked}
}

// At returns the state at a time: a key that is not revoked is EXPIRED from
// expiresAt on (now ≥ expiresAt). A stored state that this program does not
// know is REVOKED: nothing makes such a key usable.
func (s CredentialStatus) At(now time.Time, expiresAt *time.Time) CredentialStatus {
	switch {
	case s != KeyActive && s != KeyDisabled && s != KeyExpired:
		return KeyRevoked
	case expiresAt != nil && !now.Before(*expiresAt):
		return KeyExpired
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

// NextKey gives the state after action, and false when it cannot happen. A
// revoked key never comes back; an expired one can only be revoked.
func NextKey(from CredentialStatus, action CredentialAction) (CredentialStatus, bool) {
	switch {
	case from == KeyRevoked:
		return "", false
	case action == Revoke:
		return KeyRevoked, true
	case from == KeyExpired:
		return "", false
	case action == Update:
		return from, true
	case action == Disable && from == KeyActive:
		return KeyDisabled, true
	case action == Enable && from == KeyDisabled:
		return KeyActive, true
	}
	return "", false
}
