package fault

// Reason says why an Error occurred: from a Code a program learns what to do
// next, from a Reason why. The list is closed, and each Reason belongs to one
// Code. The schema's enum ErrorReason and docs/errors.md describe them.
type Reason string

// UNAUTHENTICATED: it is unknown who makes the request.
const (
	ReasonNotSignedIn      Reason = "NOT_SIGNED_IN"
	ReasonSessionExpired   Reason = "SESSION_EXPIRED"
	ReasonInvalidToken     Reason = "INVALID_TOKEN"
	ReasonWrongCredentials Reason = "WRONG_CREDENTIALS"
	ReasonChallengeExpired Reason = "CHALLENGE_EXPIRED"
)

// FORBIDDEN: the viewer is known, and not allowed to do this.
const (
	ReasonRole             Reason = "ROLE"
	ReasonScope            Reason = "SCOPE"
	ReasonPolicy           Reason = "POLICY"
	ReasonAccountSuspended Reason = "ACCOUNT_SUSPENDED"
	// ReasonTerms: the organization's terms have not been accepted as they are now.
	ReasonTerms      Reason = "TERMS"
	ReasonNotAMember Reason = "NOT_A_MEMBER"
	ReasonOrigin     Reason = "ORIGIN"
	// ReasonNoMail: the operator has not set up mail, or the organization has switched such
	// letters off.
	ReasonNoMail Reason = "NO_MAIL"
)

// ReasonUnknownObject is the only reason of NOT_FOUND, so that it reveals nothing.
const ReasonUnknownObject Reason = "UNKNOWN_OBJECT"

// CONFLICT: the state is not the one that the request assumed.
const (
	ReasonStaleVersion         Reason = "STALE_VERSION"
	ReasonConcurrentChange     Reason = "CONCURRENT_CHANGE"
	ReasonIdempotencyKeyReused Reason = "IDEMPOTENCY_KEY_REUSED"
)

// BAD_USER_INPUT: the client program has to be corrected.
const (
	ReasonMalformedRequest Reason = "MALFORMED_REQUEST"
	ReasonInvalidDocument  Reason = "INVALID_DOCUMENT"
	ReasonUnknownOperation Reason = "UNKNOWN_OPERATION"
	ReasonInvalidValue     Reason = "INVALID_VALUE"
	ReasonInvalidArgument  Reason = "INVALID_ARGUMENT"
	ReasonInvalidCursor    Reason = "INVALID_CURSOR"
	ReasonDocumentSize     Reason = "DOCUMENT_SIZE"
	ReasonDepth            Reason = "DEPTH"
	ReasonCost             Reason = "COST"
	// ReasonPersistedQueryNotSupported: the hash of a document was sent in its
	// place.
	ReasonPersistedQueryNotSupported Reason = "PERSISTED_QUERY_NOT_SUPPORTED"
)

// TOO_LARGE: more bytes than the limit.
const (
	ReasonRequestSize Reason = "REQUEST_SIZE"
	ReasonAnswerSize  Reason = "ANSWER_SIZE"
)

// RATE_LIMITED: too many requests; RetryAfter says when to retry.
const (
	ReasonSignInFailures Reason = "SIGN_IN_FAILURES"
	ReasonResetRequests  Reason = "RESET_REQUESTS"
	ReasonInvitations    Reason = "INVITATIONS"
	ReasonSignUps        Reason = "SIGN_UPS"
	ReasonLeakReports    Reason = "LEAK_REPORTS"
	ReasonBudget         Reason = "BUDGET"
	// ReasonExports: as many exports run as may at a time.
	ReasonExports Reason = "EXPORTS"
)

// UNAVAILABLE: the same request may succeed later.
const (
	ReasonDatabase Reason = "DATABASE"
	// ReasonOutcomeUnknown: the connection to the database was lost during a
	// change, which may have been committed.
	ReasonOutcomeUnknown Reason = "OUTCOME_UNKNOWN"
	ReasonBusy           Reason = "BUSY"
	ReasonDeadline       Reason = "DEADLINE"
	// ReasonIdentityProvider: the issuer of a token does not say its keys.
	ReasonIdentityProvider Reason = "IDENTITY_PROVIDER"
)

// ReasonDefect is the only reason of INTERNAL.
const ReasonDefect Reason = "DEFECT"

// Kind is a valid pair of a Code and a Reason.
type Kind struct {
	Code   Code
	Reason Reason
}

// Kinds lists every valid pair of a Code and a Reason, by code.
func Kinds() []Kind {
	return []Kind{
		{CodeUnauthenticated, ReasonNotSignedIn}, {CodeUnauthenticated, ReasonSessionExpired},
		{CodeUnauthenticated, ReasonInvalidToken}, {CodeUnauthenticated, ReasonWrongCredentials}, {CodeUnauthenticated, ReasonChallengeExpired},
		{CodeForbidden, ReasonRole}, {CodeForbidden, ReasonScope}, {CodeForbidden, ReasonPolicy}, {CodeForbidden, ReasonAccountSuspended}, {CodeForbidden, ReasonTerms}, {CodeForbidden, ReasonNotAMember}, {CodeForbidden, ReasonOrigin}, {CodeForbidden, ReasonNoMail},
		{CodeNotFound, ReasonUnknownObject},
		{CodeConflict, ReasonStaleVersion}, {CodeConflict, ReasonConcurrentChange}, {CodeConflict, ReasonIdempotencyKeyReused},
		{CodeBadUserInput, ReasonMalformedRequest}, {CodeBadUserInput, ReasonInvalidDocument}, {CodeBadUserInput, ReasonUnknownOperation},
		{CodeBadUserInput, ReasonInvalidValue}, {CodeBadUserInput, ReasonInvalidArgument}, {CodeBadUserInput, ReasonInvalidCursor},
		{CodeBadUserInput, ReasonDocumentSize}, {CodeBadUserInput, ReasonDepth}, {CodeBadUserInput, ReasonCost}, {CodeBadUserInput, ReasonPersistedQueryNotSupported},
		{CodeTooLarge, ReasonRequestSize}, {CodeTooLarge, ReasonAnswerSize},
		{CodeRateLimited, ReasonSignInFailures}, {CodeRateLimited, ReasonResetRequests}, {CodeRateLimited, ReasonInvitations}, {CodeRateLimited, ReasonSignUps}, {CodeRateLimited, ReasonLeakReports}, {CodeRateLimited, ReasonBudget}, {CodeRateLimited, ReasonExports},
		{CodeUnavailable, ReasonDatabase}, {CodeUnavailable, ReasonOutcomeUnknown}, {CodeUnavailable, ReasonBusy}, {CodeUnavailable, ReasonDeadline}, {CodeUnavailable, ReasonIdentityProvider},
		{CodeInternal, ReasonDefect},
	}
}
