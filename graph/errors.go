package graph

import (
	"context"
	"errors"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/apps"
	"portico/internal/fault"
	"portico/internal/gqlhttp"
	"portico/internal/seldom"
)

// maxProblems is the most userErrors in an answer: more would not help at once,
// and the cost of an answer includes them.
const maxProblems = 25

// problems separates what the user can correct, which belongs into the payload,
// from what ends the request, which is a top-level error.
func problems(err error) ([]*fault.Problem, error) {
	list := fault.Problems(err)
	if list == nil {
		return []*fault.Problem{}, err
	}
	list = list[:min(len(list), maxProblems)]
	out := make([]*fault.Problem, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out, nil
}

// tellDefects adds to an answer with many results a defect among these as an error of the
// request, so that it is logged and has its id. The results stay. One is enough: they have
// one cause, as a rule.
func tellDefects(ctx context.Context, results []*apps.DecideSubscriptionsResult) {
	for _, r := range results {
		if r.Error != nil && r.Error.Code == fault.CodeInternal {
			graphql.AddError(ctx, r.Cause)
			return
		}
	}
}

// presenter returns an ErrorPresenter that returns the public form of errors,
// and logs the cause of those whose cause the caller does not see.
func presenter(log *slog.Logger, requestID func(context.Context) string) graphql.ErrorPresenterFunc {
	failed := func(ctx context.Context, err error, seldom ...slog.Attr) {
		log.LogAttrs(ctx, slog.LevelError, "a request failed", append(seldom, slog.String("code", string(fault.From(err).Code)),
			slog.String("error", err.Error()), slog.String("requestId", requestID(ctx)), slog.String("path", graphql.GetPath(ctx).String()))...)
	}
	return func(ctx context.Context, err error) *gqlerror.Error {
		f := fault.From(err)
		switch {
		case f.Reason == fault.ReasonBusy:
			log.WarnContext(ctx, "requests are refused because too many are under way", seldom.Line(seldom.Overload), "error", err)
		case f.Code == fault.CodeUnavailable && errors.Is(ctx.Err(), context.Canceled):
			// Whoever asked has hung up: no fault of ours, whatever it broke off.
			log.DebugContext(ctx, "a request was broken off", "requestId", requestID(ctx))
		case f.Code == fault.CodeUnavailable:
			// While the database does not answer, everybody's requests do this.
			failed(ctx, err, seldom.Line(seldom.Requests))
		case f.Code == fault.CodeInternal:
			failed(ctx, err)
		}
		return gqlhttp.Present(ctx, err)
	}
}
