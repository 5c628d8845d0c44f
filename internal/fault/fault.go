// Package fault defines the errors that may be shown to clients.
//
// There are two kinds. An Error ends a request: it has a Code and a Reason from
// closed lists, and a message that is safe to show; its cause is only logged.
// An Invalid lists what the user can correct in the input; it becomes a
// payload's `userErrors`. Clients see any other error as an INTERNAL Error.
package fault

import (
	"errors"
	"time"
)

// Code classifies an Error. The list is closed: clients switch over it.
type Code string

const (
	// CodeUnauthenticated: no access token, or one that is not valid.
	CodeUnauthenticated Code = "UNAUTHENTICATED"
	// CodeForbidden: the caller is known and may see the object, but not do this.
	CodeForbidden Code = "FORBIDDEN"
	// CodeNotFound: there is no such object, or it belongs to somebody else.
	CodeNotFound Code = "NOT_FOUND"
	// CodeConflict: a concurrent change won, or the version is out of date.
	CodeConflict Code = "CONFLICT"
	// CodeBadUserInput: the request itself is malformed.
	CodeBadUserInput Code = "BAD_USER_INPUT"
	// CodeTooLarge: the request, or the answer to it, exceeds a size limit.
	CodeTooLarge Code = "TOO_LARGE"
	// CodeRateLimited: too many requests; RetryAfter says when to retry.
	CodeRateLimited Code = "RATE_LIMITED"
	// CodeUnavailable: a dependency does not answer; a retry may succeed.
	CodeUnavailable Code = "UNAVAILABLE"
	// CodeInternal: a defect of Portico.
	CodeInternal Code = "INTERNAL"
)

// Error ends a request. Message may be shown to the client, the cause may not.
// Create one with New, Wrap or RetryAfter.
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

// Wrap returns an Error whose cause is err, for the log.
func Wrap(code Code, reason Reason, err error, message string) *Error {
	return &Error{Code: code, Reason: reason, Message: message, cause: err}
}

// RetryAfter returns an Error that says after how long a retry may succeed.
func RetryAfter(code Code, reason Reason, after time.Duration, message string) *Error {
	return &Error{Code: code, Reason: reason, Message: message, RetryAfter: after}
}

// NotFound returns the one error for an object that does not exist, belongs to
// somebody else, or has a malformed id: a client cannot distinguish the three.
func NotFound() *Error { return New(CodeNotFound, ReasonUnknownObject, "There is no such object.") }

// StaleVersion returns the error for a change based on an old version.
func StaleVersion() *Error {
	return New(CodeConflict, ReasonStaleVersion, "Somebody else has changed this meanwhile; read it again.")
}

// Conflict returns the error for a request that lost a race: the same request
// may succeed now.
func Conflict(message string) *Error { return New(CodeConflict, ReasonConcurrentChange, message) }

// Error returns the public message and the cause, for logs.
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
