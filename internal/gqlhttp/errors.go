package gqlhttp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/fault"
)

// Present is the default ErrorPresenter. It returns the message and code of the
// fault in err's chain, INTERNAL if there is none, and retryAfter in whole
// seconds.
func Present(ctx context.Context, err error) *gqlerror.Error {
	f := fault.From(err)
	e := &gqlerror.Error{Err: err, Message: f.Message, Path: graphql.GetPath(ctx)}
	var given *gqlerror.Error
	if errors.As(err, &given) {
		e.Path, e.Locations, e.Rule = given.Path, given.Locations, given.Rule
	}
	e.Extensions = map[string]any{"code": f.Code, "reason": f.Reason}
	if f.RetryAfter > 0 {
		e.Extensions["retryAfter"] = int(math.Ceil(f.RetryAfter.Seconds()))
	}
	return e
}

// Recover is the default RecoverFunc. It logs the panic with its stack and
// returns an error with the code INTERNAL.
func Recover(ctx context.Context, p any) error {
	slog.ErrorContext(ctx, "panic while answering", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	return fault.Wrap(fault.CodeInternal, fault.ReasonDefect, fmt.Errorf("panic: %v", p), "Something went wrong on our side.")
}

// present returns the public form of an error: the presenter's, always with a
// code, the request's id and a message of bounded length.
func (h *Handler) present(ctx context.Context, err error) *gqlerror.Error {
	err = h.asTimeout(ctx, err)
	presented := h.options.ErrorPresenter(ctx, err)
	if presented == nil {
		return nil
	}
	// Copy it: a presenter may return an error that is shared.
	e := *presented
	e.Message = truncate(e.Message, h.options.Limits.Message)
	e.Extensions = maps.Clone(e.Extensions)
	if e.Extensions == nil {
		e.Extensions = map[string]any{}
	}
	if _, has := e.Extensions["code"]; !has {
		f := fault.From(err)
		e.Extensions["code"], e.Extensions["reason"] = f.Code, f.Reason
	}
	var excess *Excess
	if errors.As(err, &excess) {
		excess.addTo(e.Extensions)
	}
	if _, has := e.Extensions["requestId"]; !has && h.options.RequestID != nil {
		e.Extensions["requestId"] = h.options.RequestID(ctx)
	}
	return &e
}

// asTimeout returns the deadline's fault for an error without a fault of its own
// that occurs after the deadline, which must have caused it.
func (h *Handler) asTimeout(ctx context.Context, err error) error {
	var f *fault.Error
	var e *gqlerror.Error
	isFault, located := errors.As(err, &f), errors.As(err, &e)
	if isFault || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return err
	}
	f = fault.Wrap(fault.CodeUnavailable, fault.ReasonDeadline, err, "The answer took too long.")
	again := &gqlerror.Error{Err: f, Message: f.Message, Path: graphql.GetPath(ctx)}
	if located {
		again.Path, again.Locations, again.Rule = e.Path, e.Locations, e.Rule
	}
	return again
}

// badVariable names the invalid variable in the message. The library puts it
// into the error's path, where clients expect a place in the answer.
func badVariable(err *gqlerror.Error) *gqlerror.Error {
	path := err.Path
	if len(path) > 0 && path[0] == ast.PathName("variable") {
		path = path[1:]
	}
	return badInput(fault.ReasonInvalidValue, fmt.Sprintf("Variable \"$%s\" %s.", path, strings.TrimSuffix(err.Message, ".")), nil)
}

// sortErrors sorts errors, whose order is random because fields run
// concurrently, and returns the first limit of them.
func sortErrors(errs gqlerror.List, limit int) gqlerror.List {
	errs = slices.DeleteFunc(errs, func(e *gqlerror.Error) bool { return e == nil })
	slices.SortStableFunc(errs, func(a, b *gqlerror.Error) int {
		return cmp.Or(
			cmp.Compare(a.Path.String(), b.Path.String()),
			slices.CompareFunc(a.Locations, b.Locations, func(a, b gqlerror.Location) int {
				return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
			}),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return errs[:min(len(errs), limit)]
}

// truncate shortens a message to at most limit bytes without splitting a
// character.
func truncate(message string, limit int) string {
	if len(message) <= limit {
		return message
	}
	const ellipsis = "…"
	end := max(limit-len(ellipsis), 0)
	for end > 0 && !utf8.RuneStart(message[end]) {
		end--
	}
	return message[:end] + ellipsis
}
