package gqlhttp

import (
	"context"
	"fmt"
	"sort"
	"sync/atomic"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"portico/internal/fault"
)

// document is a parsed and validated text. Requests share it; only its atomic
// field and what was collected from it change.
type document struct {
	*ast.QueryDocument
	tokens int
	// prices are the costs of the operations that do not depend on variables.
	prices    map[*ast.OperationDefinition]price
	collected *collected
	// requested reports whether an earlier request had this document.
	requested atomic.Bool
}

// prepare returns the document of a text, cached or newly parsed and validated.
func (h *Handler) prepare(ctx context.Context, text string) (*document, gqlerror.List) {
	if d, ok := h.documents.get(text); ok {
		return d, nil
	}
	limits := h.options.Limits
	tokens, refused := scan(text, limits)
	if refused != nil {
		return nil, gqlerror.List{refused}
	}
	parsed, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, limits.Tokens+1)
	if err != nil {
		return nil, gqlerror.List{asBadInput(gqlerror.WrapIfUnwrapped(err))}
	}
	if len(parsed.Operations) == 0 {
		return nil, gqlerror.List{badInput(fault.ReasonInvalidDocument, "The document has no operation.", nil)}
	}
	measured := measure(parsed, limits)
	if measured.worst != nil {
		return nil, gqlerror.List{measured.worst}
	}
	if h.options.UnknownName != nil {
		if errs := h.validate(h.schema.Schema(), parsed, h.names); len(errs) > 0 && h.knownElsewhere(parsed) {
			strange := errorAt(h.options.UnknownName(ctx), nil)
			strange.Locations = errs[0].Locations
			return nil, gqlerror.List{strange}
		}
	}
	if errs := h.validate(h.schema.Schema(), parsed, h.rules); len(errs) > 0 {
		return nil, errs
	}
	d := &document{QueryDocument: parsed, tokens: tokens, prices: make(map[*ast.OperationDefinition]price, len(parsed.Operations))}
	d.collected = &collected{static: measured.directives == 0}
	for _, op := range parsed.Operations {
		if cost, varies := h.price(op, nil); !varies {
			d.prices[op] = cost
		}
	}
	h.documents.add(text, d)
	return d, nil
}

// operation returns the operation to run: the one named, or the only one.
func (d *document) operation(name string) (*ast.OperationDefinition, *gqlerror.Error) {
	if name == "" && len(d.Operations) > 1 {
		return nil, badInput(fault.ReasonUnknownOperation, "The document has several operations: say which one in operationName.", nil)
	}
	if name == "" {
		return d.Operations[0], nil
	}
	for _, op := range d.Operations {
		if op.Name == name {
			return op, nil
		}
	}
	return nil, badInput(fault.ReasonUnknownOperation, fmt.Sprintf("Unknown operation named %q.", name), nil)
}

// stopValidation is the panic that ends a validation which has found
// Limits.Errors errors.
type stopValidation struct{}

// validate applies rules of the specification until it has found Limits.Errors
// errors. Continuing would be expensive: the rules look for similar names for
// each unknown one. Panicking is the only way to leave the library's walk.
func (h *Handler) validate(schema *ast.Schema, doc *ast.QueryDocument, list []core.Rule) (errs gqlerror.List) {
	defer func() {
		if r := recover(); r != nil && r != (stopValidation{}) {
			panic(r)
		}
	}()
	events := &core.Events{}
	for _, rule := range list {
		rule.RuleFunc(events, func(options ...core.ErrorOption) {
			err := &gqlerror.Error{Rule: rule.Name}
			for _, option := range options {
				option(err)
			}
			errs = append(errs, asBadInput(err))
			if len(errs) >= h.options.Limits.Errors {
				panic(stopValidation{})
			}
		})
	}
	core.Walk(schema, doc, events)
	return errs
}

// knownElsewhere reports whether UnknownName is to say that a document has names which
// the schema does not have.
func (h *Handler) knownElsewhere(doc *ast.QueryDocument) bool {
	return h.options.Wider == nil || len(h.validate(h.options.Wider, doc, h.names)) == 0
}

// sortedRules returns the specification's rules and that of the scalars in a
// fixed order, so that a document always gets the same errors.
func sortedRules(scalars Scalars) []core.Rule {
	list := []core.Rule{scalars.rule()}
	for name, f := range rules.NewDefaultRules().GetInner() {
		list = append(list, core.Rule{Name: name, RuleFunc: f})
	}
	sort.Sort(core.NameSorter(list))
	return list
}

// unknownNameRules returns the rules that report names which the schema, as this
// caller sees it, does not have.
func unknownNameRules(all []core.Rule) (list []core.Rule) {
	for _, rule := range all {
		switch rule.Name {
		case "FieldsOnCorrectType", "KnownArgumentNames", "KnownRootType", "KnownTypeNames":
			list = append(list, rule)
		}
	}
	return list
}

// badInput returns a request error; at may be nil.
func badInput(reason fault.Reason, message string, at *ast.Position) *gqlerror.Error {
	return errorAt(fault.New(fault.CodeBadUserInput, reason, message), at)
}

// errorAt returns err, whose message is public, as a GraphQL error; at may be
// nil.
func errorAt(err error, at *ast.Position) *gqlerror.Error {
	f := fault.From(err)
	e := &gqlerror.Error{Err: f, Message: f.Message}
	if at != nil {
		e.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
	}
	return e
}

// asBadInput sets a cause of err with the code BAD_USER_INPUT.
func asBadInput(err *gqlerror.Error) *gqlerror.Error {
	reason := fault.ReasonInvalidDocument
	if err.Rule == kindRule || err.Rule == scalarRule {
		reason = fault.ReasonInvalidValue
	}
	err.Err = fault.New(fault.CodeBadUserInput, reason, err.Message)
	return err
}
