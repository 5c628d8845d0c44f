package fault

import (
	"errors"
	"strings"
)

// Problem is one thing the user can correct in the input.
type Problem struct {
	// Message is a sentence in English.
	Message string
	// Field is the path inside the input, e.g. ["labels", "0", "key"]; empty when no field is at fault.
	Field []string
	// Code names the rule that was broken, and Params are the values in its
	// sentence, so that a client can translate it.
	Code   ProblemCode
	Params []Param
}

// Param is a named value of a Problem's sentence.
type Param struct{ Name, Value string }

// ProblemCode names a rule that an input can break. The list is closed.
type ProblemCode string

// The rules that an input can break.
const (
	Required          ProblemCode = "REQUIRED"
	TooLong           ProblemCode = "TOO_LONG"
	TooMany           ProblemCode = "TOO_MANY"
	InvalidValue      ProblemCode = "INVALID"
	InvalidCharacters ProblemCode = "INVALID_CHARACTERS"
	Taken             ProblemCode = "TAKEN"
	UnknownReference  ProblemCode = "UNKNOWN_REFERENCE"
	MustBeFuture      ProblemCode = "MUST_BE_FUTURE"
	TooFar            ProblemCode = "TOO_FAR"
	WeakPassword      ProblemCode = "WEAK_PASSWORD"
	WrongPassword     ProblemCode = "WRONG_PASSWORD"
	InvalidLink       ProblemCode = "INVALID_LINK"
	WrongCode         ProblemCode = "WRONG_CODE"
	AlreadyRegistered ProblemCode = "ALREADY_REGISTERED"
	KeyRevoked        ProblemCode = "KEY_REVOKED"
	KeyExpired        ProblemCode = "KEY_EXPIRED"
	WrongStatus       ProblemCode = "WRONG_STATUS"
	NotAvailable      ProblemCode = "NOT_AVAILABLE"
	NotAllowed        ProblemCode = "NOT_ALLOWED"
	LastOwner         ProblemCode = "LAST_OWNER"
)

// Invalid lists what is wrong with an input. It always has at least one
// problem.
type Invalid struct{ Problems []Problem }

// Error returns the problems' messages, joined by spaces.
func (i *Invalid) Error() string {
	var b strings.Builder
	for n, p := range i.Problems {
		if n > 0 {
			b.WriteString(" ")
		}
		b.WriteString(p.Message)
	}
	return b.String()
}

// Input returns an Invalid with one problem. field is a dotted path, such as
// "labels.0.key"; "" for none.
func Input(code ProblemCode, field, message string, params ...Param) *Invalid {
	p := Problem{Message: message, Code: code, Params: params}
	if field != "" {
		p.Field = strings.Split(field, ".")
	}
	return &Invalid{Problems: []Problem{p}}
}

// Within returns err with field prepended to the path of each of its problems,
// for an input that is part of a larger one. Other errors, and nil, are
// returned unchanged.
func Within(field string, err error) error {
	inner := Problems(err)
	if inner == nil {
		return err
	}
	out := &Invalid{Problems: make([]Problem, len(inner))}
	for i, p := range inner {
		p.Field = append(strings.Split(field, "."), p.Field...)
		out.Problems[i] = p
	}
	return out
}

// Problems returns the problems of the Invalid in err's chain, or nil.
func Problems(err error) []Problem {
	var i *Invalid
	if errors.As(err, &i) {
		return i.Problems
	}
	return nil
}

// Collect joins the problems of several checks into one Invalid; it returns nil
// if there are none. An error of another kind is returned alone.
func Collect(errs ...error) error {
	var all []Problem
	for _, err := range errs {
		if err == nil {
			continue
		}
		p := Problems(err)
		if p == nil {
			return err
		}
		all = append(all, p...)
	}
	if all == nil {
		return nil
	}
	return &Invalid{Problems: all}
}
