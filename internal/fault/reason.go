package fault

// Reason says why an Error came about: a Code tells a program what to do next,
// a Reason tells it why. The list is closed, and each Reason goes with one Code.
// The schema's enum ErrorReason and docs/errors.md describe them.
type Reason string

// UNAUTHENTICATED: who asks is not known.
const (
	ReasonNotSignedIn      Reason = "NOT_SIGNED_IN"
	ReasonSessionExpired   Reason = "SESSION_EXPIRED"
	ReasonInvalidToken     Reason = "INVALID_TOKEN"
	ReasonWrongCredentials Reason = "WRONG_CREDENTIALS"
)

// FORBIDDEN: who asks is known and may not.
const (
	ReasonRole             Reason = "ROLE"
	ReasonPolicy           Reason = "POLICY"
	ReasonAccountSuspended Reason = "ACCOUNT_SUSPENDED"
	ReasonNotAMember       Reason = "NOT_A_MEMBER"
)

// NOT_FOUND has one reason only, so that it tells nothing.
const ReasonUnknownObject Reason = "UNKNOWN_OBJECT"

// CONFLICT: the state is another than the request took it for.
const (
	ReasonStaleVersion         Reason = "STALE_VERSION"
	ReasonConcurrentChange     Reason = "CONCURRENT_CHANGE"
	ReasonIdempotencyKeyReused Reason = "IDEMPOTENCY_KEY_REUSED"
)

// BAD_USER_INPUT: the program that asks has to be changed.
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
	// ReasonPersistedQueryNotSupported: a document's hash in the place of the document.
	ReasonPersistedQueryNotSupported Reason = "PERSISTED_QUERY_NOT_SUPPORTED"
)

// TOO_LARGE: more bytes than are handled.
const (
	ReasonRequestSize Reason = "REQUEST_SIZE"
	ReasonAnswerSize  Reason = "ANSWER_SIZE"
)

// RATE_LIMITED: too many; RetryAfter says when to come again.
const (
	ReasonSignInFailures Reason = "SIGN_IN_FAILURES"
	ReasonBudget         Reason = "BUDGET"
)

// UNAVAILABLE: the same request may succeed a little later.
const (
	ReasonDatabase Reason = "DATABASE"
	// ReasonOutcomeUnknown: the database fell silent in the middle of a change,
	// which may have happened.
	ReasonOutcomeUnknown Reason = "OUTCOME_UNKNOWN"
	ReasonBusy           Reason = "BUSY"
	ReasonDeadline       Reason = "DEADLINE"
)

// INTERNAL says no more than that.
const ReasonDefect Reason = "DEFECT"

// Kind is a pair of a Code and a Reason that occurs.
type Kind struct {
	Code   Code
	Reason Reason
}

// Kinds lists every pair of a Code and a Reason that occurs, by code.
func Kinds() []Kind {
	return []Kind{
		{CodeUnauthenticated, ReasonNotSignedIn}, {CodeUnauthenticated, ReasonSessionExpired},
		{CodeUnauthenticated, ReasonInvalidToken}, {CodeUnauthenticated, ReasonWrongCredentials},
		{CodeForbidden, ReasonRole}, {CodeForbidden, ReasonPolicy}, {CodeForbidden, ReasonAccountSuspended}, {CodeForbidden, ReasonNotAMember},
		{CodeNotFound, ReasonUnknownObject},
		{CodeConflict, ReasonStaleVersion}, {CodeConflict, ReasonConcurrentChange}, {CodeConflict, ReasonIdempotencyKeyReused},
		{CodeBadUserInput, ReasonMalformedRequest}, {CodeBadUserInput, ReasonInvalidDocument}, {CodeBadUserInput, ReasonUnknownOperation},
		{CodeBadUserInput, ReasonInvalidValue}, {CodeBadUserInput, ReasonInvalidArgument}, {CodeBadUserInput, ReasonInvalidCursor},
		{CodeBadUserInput, ReasonDocumentSize}, {CodeBadUserInput, ReasonDepth}, {CodeBadUserInput, ReasonCost}, {CodeBadUserInput, ReasonPersistedQueryNotSupported},
		{CodeTooLarge, ReasonRequestSize}, {CodeTooLarge, ReasonAnswerSize},
		{CodeRateLimited, ReasonSignInFailures}, {CodeRateLimited, ReasonBudget},
		{CodeUnavailable, ReasonDatabase}, {CodeUnavailable, ReasonOutcomeUnknown}, {CodeUnavailable, ReasonBusy}, {CodeUnavailable, ReasonDeadline},
		{CodeInternal, ReasonDefect},
	}
}
