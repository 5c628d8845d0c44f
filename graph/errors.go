package graph

import (
	"context"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/fault"
	"portico/internal/gqlhttp"
)

// mostProblems is how many userErrors an answer has: more are of no help at
// once, and the cost of an answer counts with them.
const mostProblems = 25

// problems parts what the user can correct from what ends the request: the one
// belongs into the payload, the other is a top-level error.
func problems(err error) ([]*fault.Problem, error) {
	list := fault.Problems(err)
	if list == nil {
		return []*fault.Problem{}, err
	}
	list = list[:min(len(list), mostProblems)]
	out := make([]*fault.Problem, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out, nil
}

// presenter returns errors their public form, and writes the cause of what the
// caller is not told into the log.
func presenter(log *slog.Logger, requestID func(context.Context) string) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		if f := fault.From(err); f.Code == fault.CodeInternal || f.Code == fault.CodeUnavailable {
			log.LogAttrs(ctx, slog.LevelError, "a request failed", slog.String("code", string(f.Code)),
				slog.String("error", err.Error()), slog.String("requestId", requestID(ctx)), slog.String("path", graphql.GetPath(ctx).String()))
		}
		return gqlhttp.Present(ctx, err)
	}
}
