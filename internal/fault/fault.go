// Package fault is what can go wrong, in words that may leave the program.
//
// Two kinds exist. An Error ends a request: it has a Code and a Reason out of
// closed lists, and a message that is safe to show; its cause is kept for the
// log alone. An
// Invalid lists what the user can correct in the input; it becomes a payload's
// `userErrors`. Everything else, whatever its type, is an INTERNAL Error to
// the outside.
package fault

import (
	"errors"
	"time"
)

// Code classifies an Error. The list is closed: clients switch over it.
type Code string

const (
	// CodeUnauthenticated: nobody, or a credential that is not believed.
	CodeUnauthenticated Code = "UNAUTHENTICATED"
	// CodeForbidden: the caller is known and may see the object, but not do this.
	CodeForbidden Code = "FORBIDDEN"
	// CodeNotFound: there is no such object, or it is somebody else's.
	CodeNotFound Code = "NOT_FOUND"
	// CodeConflict: somebody else was faster, or the version is an old one.
	CodeConflict Code = "CONFLICT"
	// CodeBadUserInput: the request itself is malformed.
	CodeBadUserInput Code = "BAD_USER_INPUT"
	// CodeTooLarge: the request, or what it asks for, is more than is handled.
	CodeTooLarge Code = "TOO_LARGE"
	// CodeRateLimited: too many; RetryAfter says when to come again.
	CodeRateLimited Code = "RATE_LIMITED"
	// CodeUnavailable: something Portico needs does not answer; coming again helps.
	CodeUnavailable Code = "UNAVAILABLE"
	// CodeInternal: a defect of Portico.
	CodeInternal Code = "INTERNAL"
)

// Error ends a request. Message is for the caller's eyes, the cause is not.
// Make one by New, Wrap or Later, which ask for all that it needs.
type Error struct {
	Code       Code
	Reason     Reason
	Message    string
	RetryAfter time.Duration
	cause      error
}

// New returns an Error without a cause.
func New(code Code, reason Reason, message string) *Error {
	return &Error{Code: code, Reason: reason, Message: message}
}

// Wrap makes an Error that keeps err for the log.
func Wrap(code Code, reason Reason, err error, message string) *Error {
	return &Error{Code: code, Reason: reason, Message: message, cause: err}
}

// RetryAfter makes an Error that tells the caller when coming again helps.
func RetryAfter(code Code, reason Reason, after time.Duration, message string) *Error {
	return &Error{Code: code, Reason: reason, Message: message, RetryAfter: after}
}

// NotFound is the one answer for an object that does not exist, is somebody
// else's, or whose id is malformed: the three cannot be told apart.
func NotFound() *Error { return New(CodeNotFound, ReasonUnknownObject, "There is no such object.") }

// StaleVersion is the answer to whoever comes with an old version.
func StaleVersion() *Error {
	return New(CodeConflict, ReasonStaleVersion, "Somebody else has changed this meanwhile; read it again.")
}

// Conflict is the answer to whoever lost a race: the same request may succeed now.
func Conflict(message string) *Error { return New(CodeConflict, ReasonConcurrentChange, message) }

// Error returns the public message and, for logs, the cause.
func (e *Error) Error() string {
	if e.cause != nil {
		return string(e.Code) + ": " + e.Message + ": " + e.cause.Error()
	}
	return string(e.Code) + ": " + e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// From returns the Error in err's chain, or an INTERNAL one that hides err.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Wrap(CodeInternal, ReasonDefect, err, "Something went wrong on our side.")
}

// Is reports whether err is an Error of this code.
func Is(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
