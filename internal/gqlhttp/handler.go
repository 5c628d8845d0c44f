package gqlhttp

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/core"

	"portico/internal/fault"
	"portico/internal/gqlhttp/lanes"
)

// Options configure a Handler. The zero value of each field is usable.
type Options struct {
	// Limits bound each request; the zero Limits mean DefaultLimits.
	Limits Limits
	// Timeout ends each request's context; 0 means 5 seconds.
	Timeout time.Duration
	// ErrorPresenter returns the public form of every error, whether the request
	// was refused or a resolver failed. Refusals have a *fault.Error in their
	// chain. nil means Present.
	ErrorPresenter graphql.ErrorPresenterFunc
	// Recover turns a panic into an error and logs it; nil means Recover.
	Recover graphql.RecoverFunc
	// RequestID returns the request's id for each error's extensions; nil means
	// no id.
	RequestID func(ctx context.Context) string
	// UnknownName returns the only error of a document that uses a field, an
	// argument or a type which the schema does not have. With a schema reduced
	// to what anonymous callers may use it is "sign in", alike for names that
	// exist for others and for names that do not. nil reports what validation
	// finds.
	UnknownName func(ctx context.Context) error
	// Wider limits UnknownName to documents whose names this schema has; for the
	// others, validation says what it finds. nil means no limit.
	Wider *ast.Schema
	// Scalars check the values of the schema's own scalars. Others accept any
	// value here; their resolvers must refuse.
	Scalars Scalars
	// AuthError returns why the sender of a request could not be authenticated,
	// nil if it was or is anonymous. Such a request is refused with that error
	// and 401, unless it requests only what the schema serves to everybody: root
	// fields in Public, and below them what this schema has. A nil func never
	// refuses.
	AuthError func(ctx context.Context) error
	Public    map[FieldName]bool
	// Prices are the costs of fields that the schema does not determine.
	Prices Prices
	// Lanes bound what runs concurrently; nil means no bound.
	Lanes *lanes.Lanes
	// Caller returns the name of the caller, each of which has its own share of
	// the Lanes; nil means that all callers are one.
	Caller func(ctx context.Context) string
	// Budget is charged before an operation runs; nil means no budget.
	Budget Budget
	// Observe is called after each request was answered, if not nil.
	Observe func(ctx context.Context, o Observation)
	// BeforeRoot is called before each root field is resolved, if not nil.
	BeforeRoot func(ctx context.Context)
	// BodyOnly are root fields whose arguments must not be in a URL, which
	// proxies and servers log: a GET with one is refused.
	BodyOnly []string
	// Around resolves each field by calling next, and returns the value from
	// which the field is encoded; nil means next alone.
	Around graphql.FieldMiddleware
}

// Handler serves one schema. It is safe for concurrent use.
type Handler struct {
	schema    graphql.ExecutableSchema
	options   Options
	scalars   Scalars
	rules     []core.Rule
	names     []core.Rule // rules that report unknown names
	documents *cache
	buffers   sync.Pool
	writers   sync.Pool
}

// New returns a Handler for a schema.
func New(schema graphql.ExecutableSchema, o Options) *Handler {
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if o.ErrorPresenter == nil {
		o.ErrorPresenter = Present
	}
	if o.Recover == nil {
		o.Recover = Recover
	}
	if o.Around == nil {
		o.Around = resolve
	}
	if o.Caller == nil {
		o.Caller = func(context.Context) string { return "" }
	}
	scalars := o.Scalars.withBuiltIn()
	rules := sortedRules(scalars)
	return &Handler{
		schema: schema, options: o, scalars: scalars, rules: rules, names: unknownNameRules(rules), documents: newCache(o.Limits),
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }}, writers: sync.Pool{New: func() any { return new(Writer) }},
	}
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := within(r.Context(), h.options.Timeout)
	defer cancel()
	ctx = withStart(ctx)
	mediaType := negotiate(accepted(r.Header))
	if mediaType == "" {
		h.writeRefusal(ctx, w, jsonType, h.unreadable(ctx, refuse(http.StatusNotAcceptable,
			"The answer is application/json or application/graphql-response+json.")))
		return
	}
	req, no := h.read(r)
	if no != nil {
		h.writeRefusal(ctx, w, mediaType, h.unreadable(ctx, no))
		return
	}
	defer req.claim.Leave()
	a, no := h.answer(ctx, r, req)
	if no != nil {
		h.writeRefusal(ctx, w, mediaType, no)
		return
	}
	a.write(w, mediaType)
	if a.whole != nil {
		h.releaseBuffer(a.whole)
	}
	h.observe(ctx, a)
}

// within is context.WithTimeout. It returns ctx itself if that ends earlier.
func within(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= timeout {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, timeout)
}

// Refuse answers as for a document that was refused: without data, and with err
// after the ErrorPresenter. Middleware in front of the Handler calls it.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	mediaType := negotiate(accepted(r.Header))
	if mediaType == "" {
		mediaType = jsonType
	}
	ctx := withStart(r.Context())
	a := h.refusedAnswer(ctx, gqlerror.List{errorAt(err, nil)})
	a.write(w, mediaType)
	h.observe(ctx, a)
}

// answer runs a request. It recovers panics outside of resolvers; those inside
// are recovered field by field.
func (h *Handler) answer(ctx context.Context, r *http.Request, req *request) (a *answer, no *refusal) {
	defer func() {
		if p := recover(); p != nil {
			a, no = nil, &refusal{status: http.StatusInternalServerError, err: h.options.Recover(ctx, p)}
		}
	}()
	if no := h.chargeReading(ctx, req.Query); no != nil {
		return nil, no
	}
	doc, op, errs := h.find(ctx, req)
	if no := h.refuseUnauthenticated(ctx, op); no != nil {
		return nil, no
	}
	if errs != nil {
		return h.refusedAnswer(ctx, errs), nil
	}
	known := doc.requested.Swap(true)
	if a, no = h.operate(ctx, r, req, doc, op); no == nil {
		a.operation, a.known = op, known
	}
	return a, no
}

// find returns the document of a request and the operation to run.
func (h *Handler) find(ctx context.Context, req *request) (*document, *ast.OperationDefinition, gqlerror.List) {
	doc, errs := h.prepare(ctx, req.Query)
	if errs != nil {
		return nil, nil, errs
	}
	op, err := doc.operation(req.OperationName)
	if err != nil {
		return nil, nil, gqlerror.List{err}
	}
	return doc, op, nil
}

// operate runs one operation of a document.
func (h *Handler) operate(ctx context.Context, r *http.Request, req *request, doc *document, op *ast.OperationDefinition) (*answer, *refusal) {
	if r.Method == http.MethodGet {
		if no := h.checkGET(op); no != nil {
			return nil, no
		}
	}
	if op.Operation == ast.Subscription {
		return h.refusedAnswer(ctx, gqlerror.List{badInput(fault.ReasonInvalidDocument, "Subscriptions are not served here.", op.Position)}), nil
	}
	if bad := h.checkVariables(op, req.Variables); bad != nil {
		return h.refusedAnswer(ctx, gqlerror.List{bad}), nil
	}
	variables, failed := validator.VariableValues(h.schema.Schema(), op, req.Variables)
	if failed != nil {
		return h.refusedAnswer(ctx, gqlerror.List{badVariable(gqlerror.WrapIfUnwrapped(failed))}), nil
	}
	c, err := h.checkCost(doc, op, variables)
	if err != nil {
		a := h.refusedAnswer(ctx, gqlerror.List{err})
		a.cost = c
		return a, nil
	}
	return h.admit(ctx, &graphql.OperationContext{
		RawQuery: req.Query, OperationName: req.OperationName,
		Variables: variables, Extensions: req.Extensions, Headers: r.Header,
		Doc: doc.QueryDocument, Operation: op,
		RecoverFunc: h.options.Recover,
	}, doc.collected, c)
}

// checkCost returns an operation's cost, and an error if it exceeds the limit.
func (h *Handler) checkCost(doc *document, op *ast.OperationDefinition, variables map[string]any) (*Cost, *gqlerror.Error) {
	p, known := doc.prices[op]
	if !known {
		p, _ = h.price(op, variables)
	}
	c := &Cost{Requested: p.cost, Charged: p.charged, Limit: h.options.Limits.Cost}
	if c.Requested <= c.Limit {
		return c, nil
	}
	err := exceeds(Excess{LimitCost, c.Requested, c.Limit}, fmt.Sprintf(
		"The operation costs %d, and at most %d is allowed: ask for smaller pages or fewer fields.", c.Requested, c.Limit))
	err.Locations = []gqlerror.Location{{Line: op.Position.Line, Column: op.Position.Column}}
	return c, err
}
