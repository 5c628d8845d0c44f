package domain

// Language is a language in which Portico writes to people.
type Language string

// The languages of letters.
const (
	English Language = "EN"
	Turkish Language = "TR"
)

// Values lists the constants, for ent.
func (Language) Values() []string { return names(English, Turkish) }

// MailKind is what a letter is about.
type MailKind string

// The kinds of letters.
const (
	MailWelcome         MailKind = "WELCOME"
	MailPasswordReset   MailKind = "PASSWORD_RESET"
	MailInvitation      MailKind = "INVITATION"
	MailRequestReceived MailKind = "REQUEST_RECEIVED"
	MailRequestsWaiting MailKind = "REQUESTS_WAITING"
	MailRequestApproved MailKind = "REQUEST_APPROVED"
	MailRequestRejected MailKind = "REQUEST_REJECTED"
	MailKeyExpiring     MailKind = "KEY_EXPIRING"
	MailKeyExpired      MailKind = "KEY_EXPIRED"
	MailKeyRevoked      MailKind = "KEY_REVOKED"
	MailTokenExpiring   MailKind = "TOKEN_EXPIRING"
	MailSignInChanged   MailKind = "SIGN_IN_CHANGED"
	MailVerification    MailKind = "VERIFICATION"
	MailSignUpDecided   MailKind = "SIGN_UP_DECIDED"
	MailLeakReported    MailKind = "LEAK_REPORTED"
	MailKeyStillUsed    MailKind = "KEY_STILL_USED"
	MailPlanChanged     MailKind = "PLAN_CHANGED"
	MailAppOffered      MailKind = "APP_OFFERED"
	MailAppTransferred  MailKind = "APP_TRANSFERRED"
	MailProductEnding   MailKind = "PRODUCT_ENDING"
)

// MailKinds lists the kinds, in the order in which they are shown.
func MailKinds() []MailKind {
	return []MailKind{
		MailWelcome, MailInvitation, MailPasswordReset, MailRequestReceived, MailRequestsWaiting, MailRequestApproved, MailRequestRejected,
		MailKeyExpiring, MailKeyExpired, MailKeyRevoked, MailTokenExpiring, MailSignInChanged, MailVerification, MailSignUpDecided, MailLeakReported,
		MailKeyStillUsed, MailPlanChanged, MailAppOffered, MailAppTransferred, MailProductEnding,
	}
}

// Values lists the constants, for ent.
func (MailKind) Values() []string { return names(MailKinds()...) }

// MailState is how far the delivery of a letter has come.
type MailState string

// The states of a delivery.
const (
	MailPending MailState = "PENDING"
	// MailSent: a mail server has accepted the letter.
	MailSent MailState = "SENT"
	// MailFailed: a mail server refused the letter for good, or too often.
	MailFailed MailState = "FAILED"
	// MailSkipped: the letter was no longer to be sent when its turn came.
	MailSkipped MailState = "SKIPPED"
)

// Values lists the constants, for ent.
func (MailState) Values() []string { return names(MailPending, MailSent, MailFailed, MailSkipped) }
