package graph

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/graph/generated"
	"portico/internal/domain"
	"portico/internal/entity"
	"portico/internal/gqlhttp"
	"portico/internal/gqlhttp/lanes"
	"portico/internal/nodeid"
	"portico/internal/portal"
	"portico/internal/viewer"
)

// Options configure the schema's handler; all fields are required unless said
// otherwise.
type Options struct {
	Portal   *portal.Portal
	Entities entity.Reader
	Gate     Gate
	Counts   Counts
	Quotas   Quotas
	Devices  Devices
	Refresh  RefreshTokens
	// PublicURL is where browsers reach the server; "" if nobody knows, so that they
	// cannot sign in at identity providers.
	PublicURL string
	// Version is the program's version.
	Version string
	// RequestID returns the id of the request of a context, as in the logs.
	RequestID func(ctx context.Context) string
	Log       *slog.Logger
	// MaxAnswer is the largest data of an answer in bytes; 0 means the default
	// of package gqlhttp.
	MaxAnswer int
	// AuthError returns why the sender of a context's request, whose viewer is
	// anonymous, could not be authenticated, and nil for a request without a
	// token. A nil func never refuses.
	AuthError func(ctx context.Context) error
	// Budget counts what callers spend; nil means no budget.
	Budget gqlhttp.Budget
	// Lanes bound what runs concurrently; nil means lanes of the handler's own.
	Lanes *lanes.Lanes
	// Observe is called after each request was answered, if not nil.
	Observe func(ctx context.Context, o gqlhttp.Observation)
	// Incomplete is called for a field whose row was read without a selected
	// column, before the row is read again; nil logs it.
	Incomplete func(ctx context.Context, field string, k nodeid.Kind)
	// reading returns the columns to read of a type's rows instead of the
	// selected ones; only tests set it.
	reading func(nodeid.Kind) []string
	// selections is what operations select.
	selections *selections
}

// API serves each role its own view of the schema, and service tokens that of their
// scopes. It is safe for concurrent use.
type API struct {
	options Options
	servers *servers
}

// NewHandler is NewAPI, for those who only ask.
func NewHandler(o Options) (http.Handler, error) { return NewAPI(o) }

// NewAPI returns the API. The viewer must be in the request's context.
func NewAPI(o Options) (*API, error) {
	whole, err := wholeSchema()
	if err != nil {
		return nil, err
	}
	return newHandler(o, whole, hasRole)
}

// lock is what @hasRole does at run time.
type lock func(ctx context.Context, obj any, next graphql.Resolver, scopes []domain.ServiceTokenScope, roles []viewer.Role) (any, error)

func newHandler(o Options, whole *ast.Schema, l lock) (*API, error) {
	o.selections = newSelections()
	common := commonOptions(o, whole)
	all := &servers{build: func(of audience) (roleServer, error) { return roleHandler(o, common, whole, of, l) }, built: map[audience]roleServer{}}
	for _, role := range []viewer.Role{viewer.Anonymous, viewer.Portal, viewer.Approver, viewer.Admin} {
		if _, err := all.of(audience{role: role}); err != nil {
			return nil, err
		}
	}
	return &API{o, all}, nil
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := a.serverOf(viewer.Current(r.Context()))
	h.ServeHTTP(w, r.WithContext(withLoaders(r.Context(), a.options, h.ahead)))
}

// View returns the view of the schema that is served to a viewer. It must not be changed.
func (a *API) View(v viewer.Viewer) *ast.Schema { return a.serverOf(v).view }

func (a *API) serverOf(v viewer.Viewer) roleServer {
	of := audience{v.Role, v.Scopes}
	if !hasView(v.Role) {
		of = audience{}
	}
	h, err := a.servers.of(of)
	if err != nil {
		panic(err) // a test builds the views of all scopes
	}
	return h
}

// servers are the servers of all audiences. Those of service tokens, of which there are
// as many as combinations of scopes, are built when they are first asked for.
type servers struct {
	build func(audience) (roleServer, error)
	mu    sync.RWMutex
	built map[audience]roleServer
}

func (s *servers) of(a audience) (roleServer, error) {
	s.mu.RLock()
	h, ok := s.built[a]
	s.mu.RUnlock()
	if ok {
		return h, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if h, ok := s.built[a]; ok {
		return h, nil
	}
	h, err := s.build(a)
	if err == nil {
		s.built[a] = h
	}
	return h, err
}

// commonOptions returns the options that every role shares, so that what runs
// concurrently is bounded for all of them together.
func commonOptions(o Options, whole *ast.Schema) gqlhttp.Options {
	limits := gqlhttp.DefaultLimits()
	if o.MaxAnswer > 0 {
		limits.AnswerBytes = o.MaxAnswer
	}
	if o.Lanes == nil {
		o.Lanes = lanes.New(limits.AnswerBytes)
	}
	return gqlhttp.Options{
		Limits:         limits,
		ErrorPresenter: presenter(o.Log, o.RequestID),
		RequestID:      o.RequestID,
		Prices:         prices(),
		Lanes:          o.Lanes,
		Scalars:        scalars(),
		Caller:         func(ctx context.Context) string { return viewer.Current(ctx).LimitID().String() },
		Budget:         o.Budget,
		BodyOnly:       []string{"credentialByKey"},
		Observe:        o.Observe,
		BeforeRoot:     forget,
		Around:         newNulls(whole).around(catalogues{o.Portal}.around(newCompleter(o).around)),
	}
}

// roleServer serves a role.
type roleServer struct {
	http.Handler
	ahead *generated.Ahead
	view  *ast.Schema
	// contract prints the view, once and when it is first asked for.
	contract func() Contract
}

func roleHandler(o Options, options gqlhttp.Options, whole *ast.Schema, of audience, l lock) (roleServer, error) {
	cut, err := view(whole, of)
	if err != nil {
		return roleServer{}, err
	}
	config := generated.Config{Schema: cut, Resolvers: &Resolver{Portal: o.Portal, Entities: o.Entities, Gate: o.Gate, Counts: o.Counts, Quotas: o.Quotas, Devices: o.Devices, Refresh: o.Refresh, PublicURL: o.PublicURL, Version: o.Version}}
	config.Directives.HasRole = l
	config.Directives.Verbatim = verbatim
	switch {
	case of.role == viewer.Anonymous:
		options.UnknownName = unknownName
		options.AuthError, options.Public = o.AuthError, publicRoots(whole)
	case of.scopes != 0:
		// What people in the role may use is no secret, so that a mistake in a name
		// can be told from a scope that is missing.
		if options.Wider, err = view(whole, audience{role: of.role}); err != nil {
			return roleServer{}, err
		}
		options.UnknownName = func(context.Context) error { return outOfScope() }
	}
	return roleServer{gqlhttp.New(generated.NewExecutableSchema(config), options), generated.NewAhead(config), cut, sync.OnceValue(func() Contract { return contractOf(cut) })}, nil
}

// unknownName is the error for names that the public view does not have, whether
// they exist for others or not. Machines cannot sign in, so they get another
// one.
func unknownName(ctx context.Context) error {
	if viewer.Current(ctx).Role == viewer.Anonymous {
		return notSignedIn()
	}
	return wrongRole()
}

// wholeSchema returns the schema with everything in it.
func wholeSchema() (*ast.Schema, error) {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	if schema == nil {
		return nil, fmt.Errorf("graph: no schema was generated")
	}
	return schema, nil
}
