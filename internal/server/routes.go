package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"portico/graph"
	"portico/internal/activity"
	"portico/internal/auth"
	"portico/internal/browser"
	"portico/internal/budget"
	"portico/internal/gqlhttp"
	"portico/internal/gqlhttp/lanes"
	"portico/internal/oauth"
	"portico/internal/playground"
	"portico/internal/problem"
	"portico/internal/telemetry"
	"portico/internal/usage"
	"portico/internal/usage/csvhttp"
	"portico/internal/viewer"
)

// requestTime bounds all of a request's work, including authentication.
const requestTime = 5 * time.Second

// signInTime bounds the end of a sign-in at an identity provider, which is asked for its
// keys, for what a code is worth, and for the person.
const signInTime = 12 * time.Second

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
	device, session := auth.DeviceCookie{Secure: !p.config.Dev}, auth.SessionCookie{Secure: !p.config.Dev}
	api, err := graph.NewAPI(graph.Options{
		Portal: p.portal, Entities: p.portal.Entities(), Gate: p.gateway, Counts: exportCounts{p.gateway.reports}, Quotas: p.gateway.intake, Devices: device, Refresh: session, PublicURL: p.signInURL(), Version: p.version, RequestID: requestID, Log: p.log,
		AuthError: auth.ErrorFromContext, MaxAnswer: p.config.MaxAnswer, Budget: exportBudget{p.gateway.budget}, Lanes: bounds,
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
	p.routeLetters(r)
	r.Group(func(r chi.Router) {
		if origins := p.config.Origins(); len(origins) > 0 {
			r.Use(crossOrigin(origins, false))
		}
		r.With(withDeadline(requestTime), passInvalidToken(who), device.Middleware, recordRole).Handle("/graphql", api)
		r.With(withDeadline(exportTime), requireValidToken(who, problem.Write), recordRole).Get("/usage.csv", p.export())
		// Browsers send a preflight request for headers such as Authorization.
		r.Options("/usage.csv", allowed)
		p.routeExports(r, api, who)
		p.routeSchema(r, api, who)
	})
	// Back ends and scanners use them, so no other origin may read what they answer.
	r.With(withDeadline(requestTime), who.Anonymous).Post(oauth.TokenPath, p.exchange(who))
	p.routeLeaks(r, who)
	p.routeSessions(r, api, who, device, session)
	return r, nil
}

// signInURL returns what the addresses of sign-ins at identity providers begin with; "" if
// there are none.
func (p *process) signInURL() string {
	if p.config.PortalURL == "" {
		return ""
	}
	return p.publicURL
}

// routeSessions serves what keeps or begins a browser's session: the same API with the
// cookie, and sign-ins at identity providers.
func (p *process) routeSessions(r chi.Router, api http.Handler, who *auth.Authenticator, device auth.DeviceCookie, session auth.SessionCookie) {
	r.Group(func(r chi.Router) {
		if origins := p.config.Origins(); len(origins) > 0 {
			r.Use(crossOrigin(origins, true))
		}
		r.With(withDeadline(requestTime), passInvalidToken(who), checkOrigin(p.config.Origins()), device.Middleware, session.Middleware, recordRole).
			Handle(auth.SessionPath+"/graphql", api)
	})
	if p.publicURL == "" || p.config.PortalURL == "" {
		return
	}
	signIns := browser.Options{
		Providers: p.providers, Vault: p.Vault, Clock: p.Clock, Session: session, PublicURL: p.publicURL, PortalURL: p.config.PortalURL,
		Pay: func(ctx context.Context) error { _, err := p.chargeExchange(ctx); return err }, Secure: !p.config.Dev, Log: p.log,
	}
	r.Group(func(r chi.Router) {
		r.Use(withDeadline(signInTime), who.Anonymous, session.Middleware)
		r.Get(browser.StartPath, signIns.Start)
		r.Get(browser.CallbackPath, signIns.Callback)
	})
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
		Tokens: p.Tokens, Machines: p.Machines, Directory: p.directory, Providers: p.providers,
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

// exchange serves the exchange of an identity provider's access tokens.
func (p *process) exchange(who *auth.Authenticator) http.HandlerFunc {
	return oauth.Handler(oauth.Options{
		Authenticate: who.AuthenticateMachine, Vouch: p.providers.Vouch, Identity: p.portal.Identity, Clock: p.Clock, Log: p.log,
		Pay: p.payExchange,
	}).ServeHTTP
}

// payExchange charges whoever makes a request, and sets the headers of what is left.
func (p *process) payExchange(ctx context.Context, h http.Header) error {
	c, err := p.chargeExchange(ctx)
	c.Headers(h)
	return err
}

// chargeExchange charges whoever asks for something at an identity provider.
func (p *process) chargeExchange(ctx context.Context) (*gqlhttp.Cost, error) {
	c := &gqlhttp.Cost{Requested: budget.ExchangeCost, Charged: budget.ExchangeCost}
	return c, p.gateway.budget.Take(ctx, c)
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
