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
)

// Options set a Handler up. The zero value of each field has a meaning.
type Options struct {
	// Limits bound each request; the zero Limits are DefaultLimits.
	Limits Limits
	// Timeout ends each request's context; 0 is 5 seconds.
	Timeout time.Duration
	// ErrorPresenter makes the public form of every error, whether the request
	// was refused or a resolver failed. Refusals carry a *fault.Error in their
	// chain. nil is Present.
	ErrorPresenter graphql.ErrorPresenterFunc
	// Recover turns a panic into an error and logs it; nil is Recover.
	Recover graphql.RecoverFunc
	// RequestID names the request in each error's extensions; nil: no name.
	RequestID func(ctx context.Context) string
	// Stranger is the one error of a document that uses a field, an argument or
	// a type which the schema does not have. A schema cut down to what anonymous
	// callers may use says "sign in" here, to real and made-up names alike. nil
	// reports what validation finds.
	Stranger func(ctx context.Context) error
	// Scalars say what the schema's own scalars take; what is not among them
	// takes anything here, and its resolver refuses.
	Scalars Scalars
	// Doubt returns why whoever sent a request is not believed, nil where there is
	// no doubt. What comes in doubt is refused for it with 401, unless it asks for
	// nothing but what the schema serves to everybody: for fields of Public at the
	// root, and below them for what this schema has. nil: there is never a doubt.
	Doubt  func(ctx context.Context) error
	Public map[FieldName]bool
	// Prices are what fields cost, as far as the schema does not tell.
	Prices Prices
	// Lanes bound what runs at once; nil: nothing does.
	Lanes *Lanes
	// Holder names who is answered, as far as callers have shares of the Lanes;
	// nil: all are one.
	Holder func(ctx context.Context) string
	// Budget is asked before an operation runs; nil: nobody counts.
	Budget Budget
	// Observe is told of each request that was answered; nil: nobody is.
	Observe func(ctx context.Context, o Observation)
	// BeforeRoot is called before each root field is resolved; nil: nothing is.
	BeforeRoot func(ctx context.Context)
	// BodyOnly are root fields whose arguments must not stand in an address, where
	// others write them down: a GET with one is refused.
	BodyOnly []string
	// Around resolves each field by calling next, and gives what the field's
	// answer is written from; nil: next alone.
	Around graphql.FieldMiddleware
}

// Handler serves one schema. It is safe for concurrent use.
type Handler struct {
	schema    graphql.ExecutableSchema
	options   Options
	scalars   Scalars
	rules     []core.Rule
	names     []core.Rule // those of rules that report unknown names
	documents *cache
	buffers   sync.Pool
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
	if o.Holder == nil {
		o.Holder = func(context.Context) string { return "" }
	}
	scalars := o.Scalars.withBuiltIn()
	rules := sortedRules(scalars)
	return &Handler{
		schema: schema, options: o, scalars: scalars, rules: rules, names: namingRules(rules), documents: newCache(o.Limits),
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), h.options.Timeout)
	defer cancel()
	ctx = begun(ctx)
	mediaType := negotiate(accepted(r.Header))
	if mediaType == "" {
		h.refuse(ctx, w, jsonType, h.unread(ctx, refuse(http.StatusNotAcceptable,
			"The answer is application/json or application/graphql-response+json.")))
		return
	}
	req, no := h.read(r)
	if no != nil {
		h.refuse(ctx, w, mediaType, h.unread(ctx, no))
		return
	}
	defer req.claim.Leave()
	a, no := h.answer(ctx, r, req)
	if no != nil {
		h.refuse(ctx, w, mediaType, no)
		return
	}
	a.write(w, mediaType)
	h.observe(ctx, a)
}

// Refuse answers like a document that was refused: no data, and err through
// the ErrorPresenter. It is for middleware in front of the Handler.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	mediaType := negotiate(accepted(r.Header))
	if mediaType == "" {
		mediaType = jsonType
	}
	ctx := begun(r.Context())
	a := h.refused(ctx, gqlerror.List{located(err, nil)})
	a.write(w, mediaType)
	h.observe(ctx, a)
}

// answer runs a request. A panic outside of a resolver ends here; those inside
// are caught field by field.
func (h *Handler) answer(ctx context.Context, r *http.Request, req *request) (a *answer, no *refusal) {
	defer func() {
		if p := recover(); p != nil {
			a, no = nil, &refusal{status: http.StatusInternalServerError, err: h.options.Recover(ctx, p)}
		}
	}()
	if no := h.afford(ctx, req.Query); no != nil {
		return nil, no
	}
	doc, op, errs := h.find(ctx, req)
	if no := h.doubted(ctx, op); no != nil {
		return nil, no
	}
	if errs != nil {
		return h.refused(ctx, errs), nil
	}
	known := doc.asked.Swap(true)
	if a, no = h.operate(ctx, r, req, doc, op); no == nil {
		a.operation, a.known = op, known
	}
	return a, no
}

// find returns the document of a request, and the operation that it asks for.
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
		if no := h.addressed(op); no != nil {
			return nil, no
		}
	}
	if op.Operation == ast.Subscription {
		return h.refused(ctx, gqlerror.List{badInput(fault.ReasonInvalidDocument, "Subscriptions are not served here.", op.Position)}), nil
	}
	if bad := h.exact(op, req.Variables); bad != nil {
		return h.refused(ctx, gqlerror.List{bad}), nil
	}
	variables, failed := validator.VariableValues(h.schema.Schema(), op, req.Variables)
	if failed != nil {
		return h.refused(ctx, gqlerror.List{badVariable(gqlerror.WrapIfUnwrapped(failed))}), nil
	}
	c, err := h.priced(doc, op, variables)
	if err != nil {
		a := h.refused(ctx, gqlerror.List{err})
		a.cost = c
		return a, nil
	}
	return h.admit(ctx, &graphql.OperationContext{
		RawQuery: req.Query, OperationName: req.OperationName,
		Variables: variables, Extensions: req.Extensions, Headers: r.Header,
		Doc: doc.QueryDocument, Operation: op,
		RecoverFunc: h.options.Recover,
	}, c)
}

// priced returns what an operation costs, with an error when that is too much.
func (h *Handler) priced(doc *document, op *ast.OperationDefinition, variables map[string]any) (*Cost, *gqlerror.Error) {
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
