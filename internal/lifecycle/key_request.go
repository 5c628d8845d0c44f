package lifecycle

import "portico/internal/domain"

// KeyRequestStatuses returns all states.
func KeyRequestStatuses() []domain.KeyRequestStatus {
	return []domain.KeyRequestStatus{domain.KeyRequestPending, domain.KeyRequestApproved, domain.KeyRequestRejected, domain.KeyRequestWithdrawn, domain.KeyRequestExpired}
}

// KeyRequestAction is an action on a request for a key.
type KeyRequestAction string

// The actions on a request for a key.
const (
	UpdateKeyRequest   KeyRequestAction = "UPDATE"
	WithdrawKeyRequest KeyRequestAction = "WITHDRAW"
	ApproveKeyRequest  KeyRequestAction = "APPROVE"
	RejectKeyRequest   KeyRequestAction = "REJECT"
	CollectKey         KeyRequestAction = "COLLECT"
	// DeleteKeyRequest leaves a closed one out of lists.
	DeleteKeyRequest KeyRequestAction = "DELETE"
)

// KeyRequestActions returns all actions.
func KeyRequestActions() []KeyRequestAction {
	return []KeyRequestAction{UpdateKeyRequest, WithdrawKeyRequest, ApproveKeyRequest, RejectKeyRequest, CollectKey, DeleteKeyRequest}
}

// KeyRequestAllows reports whether an action is possible in a state. collectable is whether
// the request's key waits to be collected: such a request is not closed yet.
func KeyRequestAllows(s domain.KeyRequestStatus, collectable bool, a KeyRequestAction) bool {
	switch s {
	case domain.KeyRequestPending:
		return a == UpdateKeyRequest || a == WithdrawKeyRequest || a == ApproveKeyRequest || a == RejectKeyRequest
	case domain.KeyRequestApproved:
		return collectable && a == CollectKey || !collectable && a == DeleteKeyRequest
	case domain.KeyRequestRejected, domain.KeyRequestWithdrawn, domain.KeyRequestExpired:
		return a == DeleteKeyRequest
	}
	return false
}
