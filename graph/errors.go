package graph

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/fault"
	"portico/internal/gqlhttp"
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

// presenter returns an ErrorPresenter that returns the public form of errors,
// and logs the cause of those whose cause the caller does not see.
func presenter(log *slog.Logger, requestID func(context.Context) string) graphql.ErrorPresenterFunc {
	overload := &overloadLog{log: log}
	return func(ctx context.Context, err error) *gqlerror.Error {
		f := fault.From(err)
		switch {
		case f.Reason == fault.ReasonBusy:
			overload.refused(ctx, err)
		case f.Code == fault.CodeUnavailable && errors.Is(ctx.Err(), context.Canceled):
			// Whoever asked has hung up: no fault of ours, whatever it broke off.
			log.DebugContext(ctx, "a request was broken off", "requestId", requestID(ctx))
		case f.Code == fault.CodeInternal || f.Code == fault.CodeUnavailable:
			log.LogAttrs(ctx, slog.LevelError, "a request failed", slog.String("code", string(f.Code)),
				slog.String("error", err.Error()), slog.String("requestId", requestID(ctx)), slog.String("path", graphql.GetPath(ctx).String()))
		}
		return gqlhttp.Present(ctx, err)
	}
}

// overloadInterval is the least time between two lines about an overload.
const overloadInterval = 10 * time.Second

// overloadLog logs that requests are refused because too many are under way, at
// most once each overloadInterval: anybody can cause such refusals, and the
// metrics of the lanes count them.
type overloadLog struct {
	log  *slog.Logger
	mu   sync.Mutex
	next time.Time
	more int // the refusals since the last line
}

func (l *overloadLog) refused(ctx context.Context, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Before(l.next) {
		l.more++
		return
	} else {
		l.next = now.Add(overloadInterval)
	}
	l.log.WarnContext(ctx, "requests are refused because too many are under way", "error", err, "refusedSinceLastLine", l.more)
	l.more = 0
}
