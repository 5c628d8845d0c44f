package gqlhttp

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/backlog"
	"portico/internal/fault"
)

// run is one operation in progress.
type run struct {
	*Handler
	meter *meter

	mu      sync.Mutex
	writers []*Writer
}

// admit runs an operation once the budget and the lanes admit it.
func (h *Handler) admit(ctx context.Context, op *graphql.OperationContext, known *collected, c *Cost) (a *answer, no *refusal) {
	if b := h.options.Budget; b != nil {
		if err := b.Take(ctx, c); err != nil {
			return nil, &refusal{status: statusOf(err), err: err, cost: c}
		}
		defer func() { b.Settle(ctx, c, a != nil) }()
	}
	claim, err := h.options.Lanes.ClaimAnswer(ctx, h.options.Caller(ctx), h.answerCost(op.Operation, c.Requested), h.options.Limits.AnswerBytes)
	if err != nil {
		return nil, &refusal{status: statusOf(err), err: err, cost: c}
	}
	defer func() {
		if a == nil {
			claim.Leave()
		}
	}()
	place, err := h.options.Lanes.Enter(ctx, c.Requested)
	if err != nil {
		return nil, &refusal{status: statusOf(err), err: err, cost: c}
	}
	defer place.Leave()
	a = h.execute(ctx, op, known, claim)
	a.cost, a.claim = c, claim
	claim.Resize(int64(cap(a.data)))
	return a, nil
}

// answerCost returns the part of an operation's cost that can add to the answer.
// The cost of a change by itself cannot.
func (h *Handler) answerCost(op *ast.OperationDefinition, cost int) int {
	if op.Operation != ast.Mutation || h.options.Prices.Mutation <= 1 {
		return cost
	}
	return cost - (h.options.Prices.Mutation-1)*countRootFields(op.SelectionSet)
}

// statusOf returns the HTTP status of an operation that was refused before it
// ran.
func statusOf(err error) int {
	if fault.Is(err, fault.CodeRateLimited) {
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}

// execute runs the operation against the schema.
func (h *Handler) execute(ctx context.Context, op *graphql.OperationContext, known *collected, claim *backlog.Claim) *answer {
	r := &run{Handler: h, meter: &meter{
		ctx: ctx, limit: int64(h.options.Limits.AnswerBytes), around: h.options.Around,
		claim: claim, claimed: claim.Size(), collected: known, whole: h.buffers.Get().(*bytes.Buffer),
	}}
	defer r.release()
	op.ResolverMiddleware, op.RootResolverMiddleware = r.meter.resolve, r.root
	ctx = context.WithValue(ctx, meterKey{}, r.meter)
	ctx = graphql.WithOperationContext(ctx, op)
	ctx = graphql.WithResponseContext(ctx, r.present, h.options.Recover)
	response := h.schema.Exec(ctx)(ctx)
	a := r.conclude(ctx, op, response)
	a.whole = r.meter.whole
	return a
}

// conclude returns the answer to an operation that ran.
func (r *run) conclude(ctx context.Context, op *graphql.OperationContext, response *graphql.Response) *answer {
	if r.meter.tooLarge() && op.Operation.Operation == ast.Query {
		// An incomplete answer to a query could be mistaken for a complete one.
		err := errorAt(r.meter.stopped.Load().err, nil)
		return r.newAnswer([]byte(nullData), gqlerror.List{r.Handler.present(ctx, err)})
	}
	errs := graphql.GetErrors(ctx)
	for _, err := range response.Errors {
		errs = append(errs, r.Handler.present(ctx, err))
	}
	if r.meter.tooLarge() {
		errs = onePerRoot(errs)
	}
	return r.newAnswer(response.Data, errs)
}

// onePerRoot keeps one TOO_LARGE for each root field of a mutation: which fields
// inside of it were omitted makes no difference.
func onePerRoot(errs gqlerror.List) gqlerror.List {
	reported := map[ast.PathElement]bool{}
	return slices.DeleteFunc(errs, func(e *gqlerror.Error) bool {
		if e == nil || len(e.Path) == 0 || !fault.Is(e, fault.CodeTooLarge) {
			return false
		}
		again := reported[e.Path[0]]
		reported[e.Path[0]] = true
		return again
	})
}

// resolve is the default of Options.Around.
func resolve(ctx context.Context, next graphql.Resolver) (any, error) { return next(ctx) }

// presentedFactor times Limits.Errors is how many errors are presented, and
// perhaps logged: one request whose fields all fail must not fill the log.
const presentedFactor = 10

// present is Handler.present, for the first errors of the operation only.
func (r *run) present(ctx context.Context, err error) *gqlerror.Error {
	if r.meter.presented.Add(1) > int64(presentedFactor*r.options.Limits.Errors) {
		return nil
	}
	return r.Handler.present(ctx, err)
}

// root resolves a root field and encodes it at once. That frees its values
// before the next root field is resolved, and a mutation whose payload cannot be
// written does not affect those before it.
func (r *run) root(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if r.options.BeforeRoot != nil {
		r.options.BeforeRoot(ctx)
	}
	w := r.writer()
	tree := next(context.WithValue(ctx, writerKey{}, w))
	if tree == nil {
		return graphql.Null
	}
	if tree == graphql.Null || tree == graphql.RequiredNull {
		return tree
	}
	if err := r.write(ctx, w, tree); err != nil {
		graphql.AddError(ctx, &gqlerror.Error{
			Err: err, Message: err.Error(), Path: ast.Path{ast.PathName(graphql.GetRootFieldContext(ctx).Field.Alias)},
		})
		return graphql.Null
	}
	return graphql.WriterFunc(func(out io.Writer) { _, _ = out.Write(w.Text) }) // writes to memory; cannot fail
}

// write encodes a tree that is not written yet, and returns why it could not be
// written completely.
func (r *run) write(ctx context.Context, w *Writer, tree graphql.Marshaler) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case errSink:
			err = r.meter.stopped.Load().err
		default:
			err = r.options.Recover(ctx, p)
		}
	}()
	if r.meter.tooLarge() {
		return r.meter.stopped.Load().err
	}
	if tree != (Written{}) {
		w.Truncate(0)
		tree.MarshalGQL(sink{w})
	}
	return w.count()
}

// writer returns an empty Writer for a root field.
func (r *run) writer() *Writer {
	w := r.Handler.writers.Get().(*Writer)
	*w = Writer{Text: w.Text[:0], meter: r.meter}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writers = append(r.writers, w)
	return w
}

// release makes the writers available to other requests.
func (r *run) release() {
	for _, w := range r.writers {
		if cap(w.Text) <= maxPooledBuffer {
			*w = Writer{Text: w.Text} // without the contexts
			r.Handler.writers.Put(w)
		}
	}
}

// maxPooledBuffer is the capacity, in bytes, above which a buffer is not reused.
const maxPooledBuffer = 64 << 10

func (h *Handler) releaseBuffer(b *bytes.Buffer) {
	if b.Cap() <= maxPooledBuffer {
		b.Reset()
		h.buffers.Put(b)
	}
}
