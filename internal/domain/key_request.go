package domain

// KeyRequestStatus is what has become of a request for a key.
type KeyRequestStatus string

// The states of a request for a key.
const (
	KeyRequestPending   KeyRequestStatus = "PENDING"
	KeyRequestApproved  KeyRequestStatus = "APPROVED"
	KeyRequestRejected  KeyRequestStatus = "REJECTED"
	KeyRequestWithdrawn KeyRequestStatus = "WITHDRAWN"
	// KeyRequestExpired: nobody decided about it, or collected its key, in time.
	KeyRequestExpired KeyRequestStatus = "EXPIRED"
)

// Values lists the constants.
func (KeyRequestStatus) Values() []string {
	return names(KeyRequestPending, KeyRequestApproved, KeyRequestRejected, KeyRequestWithdrawn, KeyRequestExpired)
}

// MaxKeyRequestPlans is how many plans one request asks for.
const MaxKeyRequestPlans = 20

// The days within which a key must be collected.
const (
	DefaultCollectDays = 7
	MaxCollectDays     = 90
)
