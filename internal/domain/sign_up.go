package domain

// SignUpPolicy is who may become a user of an organization.
type SignUpPolicy string

// The policies of sign-up.
const (
	// SignUpInvitation: nobody signs up; people are invited, or created.
	SignUpInvitation SignUpPolicy = "INVITATION"
	SignUpOpen       SignUpPolicy = "OPEN"
	SignUpApproval   SignUpPolicy = "APPROVAL"
)

// Values lists the constants, for ent.
func (SignUpPolicy) Values() []string { return names(SignUpInvitation, SignUpOpen, SignUpApproval) }

// SignUpState is what is stored of how far a sign-up has come.
type SignUpState string

// The states of a sign-up.
const (
	// SignUpUnverified: nobody has shown to read what is sent to the address.
	SignUpUnverified SignUpState = "UNVERIFIED"
	SignUpWaiting    SignUpState = "WAITING"
	SignUpAccepted   SignUpState = "ACCEPTED"
	SignUpRejected   SignUpState = "REJECTED"
	// SignUpReplaced: the address was verified for another sign-up, or somebody became a
	// user with it while this one waited.
	SignUpReplaced SignUpState = "REPLACED"
)

// Values lists the constants, for ent.
func (SignUpState) Values() []string {
	return names(SignUpUnverified, SignUpWaiting, SignUpAccepted, SignUpRejected, SignUpReplaced)
}

// SignUpStatus is what has become of a sign-up. It is computed: of SignUpState, and of
// whether an unverified one has expired.
type SignUpStatus string

// SignUpExpired is the status of a sign-up that nobody has verified in time; the others
// are called like their states.
const SignUpExpired SignUpStatus = "EXPIRED"

// Values lists the statuses.
func (SignUpStatus) Values() []string {
	return append(SignUpState("").Values(), string(SignUpExpired))
}
