package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/cors"

	"portico/graph"
	"portico/internal/activity"
	"portico/internal/auth"
	"portico/internal/budget"
	"portico/internal/gqlhttp"
	"portico/internal/gqlhttp/lanes"
	"portico/internal/identity"
	"portico/internal/playground"
	"portico/internal/telemetry"
	"portico/internal/usage"
	"portico/internal/usage/csvhttp"
	"portico/internal/viewer"
)

// corsAge is how many seconds a browser may cache a preflight response.
const corsAge = 600

// requestTime bounds all of a request's work, including authentication.
const requestTime = 5 * time.Second

// exportTime bounds an export, however fast its client reads.
const exportTime = 5 * time.Minute

// routes returns the HTTP handler of the backend.
func (p *process) routes() (http.Handler, error) {
	r, err := p.router()
	if err != nil {
		return nil, err
	}
	return p.traces.Handler(r), nil
}

func (p *process) router() (chi.Router, error) {
	bounds := lanes.New(p.config.MaxAnswer)
	p.gateway.lanes.Add(bounds.Loads())
	p.gateway.lanes.Add(map[string]telemetry.Load{"passwords": p.Passwords.Load})
	device := auth.DeviceCookie{Secure: !p.config.Dev}
	api, err := graph.NewHandler(graph.Options{
		Portal: p.portal, Entities: p.portal.Entities(), Gateway: p.gateway, Counts: p.gateway.reports, Quotas: p.gateway.intake, Devices: device, Version: p.version, RequestID: requestID, Log: p.log,
		AuthError: auth.ErrorFromContext, MaxAnswer: p.config.MaxAnswer, Budget: p.gateway.budget, Lanes: bounds,
		Observe: observer(telemetry.NewRequests(p.gateway.metrics)),
	})
	if err != nil {
		return nil, err
	}
	who, err := p.authenticator()
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	r.Use(withRequestID, p.state.closeConnections, logRequests(p.log), recoverPanics(p.log), secureHeaders, middleware.GetHead)
	r.Get("/healthz", liveness)
	r.Get("/readyz", p.state.ServeHTTP)
	r.Get("/", indexHandler(p.config.ServesPlayground()))
	if p.config.ServesPlayground() {
		page := playground.Handler(p.playgroundOptions())
		r.Handle("/playground", page)
		r.Handle("/playground/*", page)
	}
	r.Group(func(r chi.Router) {
		if origins := p.config.Origins(); len(origins) > 0 {
			r.Use(crossOrigin(origins))
		}
		r.With(withDeadline(requestTime), passInvalidToken(who), device.Middleware, recordRole).Handle("/graphql", api)
		r.With(withDeadline(exportTime), requireValidToken(who, csvhttp.Refuse), recordRole).Get("/usage.csv", p.export())
		// Browsers send a preflight request for headers such as Authorization.
		r.Options("/usage.csv", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", "GET, HEAD, OPTIONS")
			w.WriteHeader(http.StatusNoContent)
		})
	})
	return r, nil
}

// observer counts the requests of the API and names their spans.
func observer(requests *telemetry.Requests) func(context.Context, gqlhttp.Observation) {
	return func(ctx context.Context, o gqlhttp.Observation) {
		r := telemetry.Request(o)
		r.Known = r.Known && viewer.Current(ctx).Role != viewer.Anonymous
		requests.Observe(r)
		telemetry.Name(ctx, r)
	}
}

func (p *process) authenticator() (*auth.Authenticator, error) {
	proxies, err := p.config.Proxies()
	if err != nil {
		return nil, err
	}
	return &auth.Authenticator{
		Tokens: p.Tokens, Machines: p.Machines, Directory: identity.NewDirectory(p.Database, p.Client),
		RequestID: requestID, Peers: auth.Peers{Trusted: proxies},
	}, nil
}

// requireValidToken returns the authenticator's middleware with refusals
// written by refuse.
func requireValidToken(who *auth.Authenticator, refuse func(http.ResponseWriter, *http.Request, error)) func(http.Handler) http.Handler {
	other := *who
	other.Refuse = refuse
	return other.Middleware
}

// passInvalidToken returns the authenticator's middleware that passes requests
// with an invalid token to the API, which refuses all but public fields.
func passInvalidToken(who *auth.Authenticator) func(http.Handler) http.Handler {
	other := *who
	other.AllowInvalid = true
	return other.Middleware
}

// export serves the rows of the API's usage as an export.
func (p *process) export() http.HandlerFunc {
	running := csvhttp.NewRoom()
	p.gateway.lanes.Add(map[string]telemetry.Load{"exports": running.Load})
	return csvhttp.Handler(csvhttp.Options{
		Running: running, May: p.portal.Activity.AuthorizeUsage, Pay: chargeExport(p.gateway.budget), Rows: p.gateway.reports.Rows, Log: p.log,
		Query: func(ctx context.Context, f activity.UsageFilter, by usage.Interval) (usage.Query, error) {
			q, err := p.portal.Activity.UsageQuery(ctx, f, by)
			if err == nil {
				err = p.gateway.reports.Check(ctx, q)
			}
			return q, err
		},
	}).ServeHTTP
}

// chargeExport charges an export to the caller's budget, and sets the headers
// of what is left: the query first, and then the rest of the whole price.
func chargeExport(b *budget.Budget) func(ctx context.Context, h http.Header, bytes int, rows bool) error {
	return func(ctx context.Context, h http.Header, bytes int, rows bool) error {
		cost := gqlhttp.ReadingCost(bytes)
		if rows {
			cost = max(budget.ExportCost-cost, 0)
		}
		c := gqlhttp.Cost{Requested: cost, Charged: cost}
		err := b.Take(ctx, &c)
		c.Headers(h)
		return err
	}
}

// crossOrigin lets pages of other origins call the API. Callers authenticate by
// a header that scripts set, never by a cookie, so credentials are not allowed.
func crossOrigin(origins []string) func(http.Handler) http.Handler {
	return cors.Handler(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
		// Tracing and client libraries add headers of their own (traceparent,
		// baggage …), none of which can do more than these few.
		AllowedHeaders: []string{"*"},
		ExposedHeaders: []string{requestIDHeader, "Retry-After", "RateLimit", "RateLimit-Policy"},
		MaxAge:         corsAge,
	})
}

// indexHandler serves "/": it redirects to the playground if there is one.
func indexHandler(playground bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if playground {
			http.Redirect(w, r, "/playground", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprintln(w, "Portico. The API is at /graphql.") // the client may have gone
	}
}
