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
	// Code names the rule that was broken; Params are what its sentence needs,
	// so that a client can say it in its own language.
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
	AlreadyRegistered ProblemCode = "ALREADY_REGISTERED"
	KeyRevoked        ProblemCode = "KEY_REVOKED"
	KeyExpired        ProblemCode = "KEY_EXPIRED"
	WrongStatus       ProblemCode = "WRONG_STATUS"
	NotAvailable      ProblemCode = "NOT_AVAILABLE"
	NotAllowed        ProblemCode = "NOT_ALLOWED"
)

// Invalid lists what is wrong with an input. It never travels empty.
type Invalid struct{ Problems []Problem }

// Error joins the sentences.
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

// Input makes an Invalid of one problem. field is dotted: "labels.0.key"; "" for none.
func Input(code ProblemCode, field, message string, params ...Param) *Invalid {
	p := Problem{Message: message, Code: code, Params: params, Field: []string{}}
	if field != "" {
		p.Field = strings.Split(field, ".")
	}
	return &Invalid{Problems: []Problem{p}}
}

// Within returns err with the paths of its problems beginning at a field of a
// larger input. Other errors, and none, are returned as they are.
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

// Problems returns the problems in err's chain, or nil.
func Problems(err error) []Problem {
	var i *Invalid
	if errors.As(err, &i) {
		return i.Problems
	}
	return nil
}

// Collect joins the problems of several checks into one Invalid, or gives nil.
// An error of another kind is returned at once.
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
