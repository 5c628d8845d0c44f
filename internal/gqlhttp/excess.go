package gqlhttp

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/fault"
)

// LimitName names a limit in the extensions of a refusal. The list is closed.
type LimitName string

// The limits of a request and of its answer. Each is a field of Limits.
const (
	LimitBodyBytes  LimitName = "BODY_BYTES"
	LimitBodyDepth  LimitName = "BODY_DEPTH"
	LimitBodyValues LimitName = "BODY_VALUES"

	LimitDocumentBytes LimitName = "DOCUMENT_BYTES"
	LimitTokens        LimitName = "TOKENS"
	LimitNameBytes     LimitName = "NAME_BYTES"
	LimitOperations    LimitName = "OPERATIONS"
	LimitFragments     LimitName = "FRAGMENTS"
	LimitRootFields    LimitName = "ROOT_FIELDS"
	LimitDepth         LimitName = "DEPTH"
	LimitSelections    LimitName = "SELECTIONS"
	LimitAliases       LimitName = "ALIASES"
	LimitDirectives    LimitName = "DIRECTIVES"
	LimitRepetitions   LimitName = "REPETITIONS"
	LimitValueDepth    LimitName = "VALUE_DEPTH"

	LimitCost        LimitName = "COST"
	LimitAnswerBytes LimitName = "ANSWER_BYTES"
)

// Excess is the cause of a refusal by a limit. The error's extensions contain it
// as limit, requested and allowed.
type Excess struct {
	Limit LimitName
	// Requested is what was requested, or 0 if counting stopped at the limit.
	Requested, Allowed int
}

// Error returns the limit and its numbers.
func (e *Excess) Error() string {
	return fmt.Sprintf("%s: %d of %d", e.Limit, e.Requested, e.Allowed)
}

// addTo adds the public part of the excess to an error's extensions.
func (e *Excess) addTo(extensions map[string]any) {
	extensions["limit"], extensions["allowed"] = e.Limit, e.Allowed
	if e.Requested > 0 {
		extensions["requested"] = e.Requested
	}
}

// fault returns the error that an excess causes.
func (e Excess) fault(message string) *fault.Error {
	switch e.Limit {
	case LimitAnswerBytes:
		return fault.Wrap(fault.CodeTooLarge, fault.ReasonAnswerSize, &e, message)
	case LimitBodyBytes:
		return fault.Wrap(fault.CodeTooLarge, fault.ReasonRequestSize, &e, message)
	case LimitBodyDepth, LimitBodyValues:
		return fault.Wrap(fault.CodeBadUserInput, fault.ReasonMalformedRequest, &e, message)
	case LimitCost:
		return fault.Wrap(fault.CodeBadUserInput, fault.ReasonCost, &e, message)
	case LimitDepth, LimitValueDepth:
		return fault.Wrap(fault.CodeBadUserInput, fault.ReasonDepth, &e, message)
	}
	return fault.Wrap(fault.CodeBadUserInput, fault.ReasonDocumentSize, &e, message)
}

// exceeds returns the error that refuses a document.
func exceeds(e Excess, message string) *gqlerror.Error { return errorAt(e.fault(message), nil) }

// tooMany is exceeds with a message that suits most limits.
func tooMany(e Excess, what, unit string) *gqlerror.Error {
	return exceeds(e, fmt.Sprintf("The document %s: at most %d %s are allowed.", what, e.Allowed, unit))
}
