package server

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"portico/graph"
	"portico/internal/auth"
	"portico/internal/budget"
	"portico/internal/database"
	"portico/internal/export"
	"portico/internal/fault"
	"portico/internal/gqlhttp"
	"portico/internal/problem"
	"portico/internal/telemetry"
	"portico/internal/usage"
	"portico/internal/usage/report"
)

// routeExports serves the lists of the API as files.
func (p *process) routeExports(r chi.Router, api *graph.API, who *auth.Authenticator) {
	shares := export.NewShares()
	p.gateway.lanes.Add(map[string]telemetry.Load{"list_exports": shares.Load})
	h := export.Handler(export.Options{
		API: passInvalidToken(who)(api), View: api.View, Record: p.portal.Activity.RecordExport,
		Observe: countExports(p.gateway.metrics), Shares: shares, Log: p.log,
	})
	const route = export.Path + "{list}"
	r.With(exposeFileName, withDeadline(exportTime), requireValidToken(who, problem.Write), recordRole).Get(route, h.ServeHTTP)
	r.Options(route, allowed)
	refuseOthers(r.With(exposeFileName), route)
}

// refuseOthers refuses the methods that change something at a route that is only read.
func refuseOthers(r chi.Router, route string) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace, http.MethodConnect} {
		r.Method(method, route, http.HandlerFunc(refuseMethod))
	}
}

const readMethods = "GET, HEAD, OPTIONS"

// refuseMethod answers a request whose method a route that is only read does not have.
func refuseMethod(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", readMethods)
	problem.WriteAs(w, r, http.StatusMethodNotAllowed, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "Use GET, or HEAD for the headers alone."))
}

// exposeFileName lets pages of other origins read Content-Disposition, which names the
// file. It follows crossOrigin, which exposes what every route has.
func exposeFileName(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		const name = "Access-Control-Expose-Headers"
		if common := w.Header().Get(name); common != "" {
			w.Header().Set(name, common+", Content-Disposition")
		}
		next.ServeHTTP(w, r)
	})
}

// allowed answers what a browser asks before a request with a header such as
// Authorization.
func allowed(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", readMethods)
	w.WriteHeader(http.StatusNoContent)
}

// countExports counts exports by list, format and outcome, and their rows. All outcomes
// exist from the start, so that an increase from zero is visible.
func countExports(r prometheus.Registerer) func(string, export.Format, export.Outcome, int) {
	count := promauto.With(r).NewCounterVec(prometheus.CounterOpts{
		Name: "portico_exports_total", Help: "Exports of lists, by list, format and outcome: complete, cut (broken off) or refused (nothing was sent).",
	}, []string{"list", "format", "outcome"})
	rows := promauto.With(r).NewCounterVec(prometheus.CounterOpts{
		Name: "portico_export_rows_total", Help: "Rows that exports of lists have sent, by list.",
	}, []string{"list"})
	for _, list := range export.Names() {
		rows.WithLabelValues(list)
		for _, f := range export.Formats() {
			for _, o := range export.Outcomes() {
				count.WithLabelValues(list, string(f), string(o))
			}
		}
	}
	return func(list string, f export.Format, o export.Outcome, n int) {
		if list == "" || f == "" {
			list, f = telemetry.Other, telemetry.Other
		}
		count.WithLabelValues(list, string(f), string(o)).Inc()
		if n > 0 {
			rows.WithLabelValues(list).Add(float64(n))
		}
	}
}

// exportBudget charges the pages of exports what their rows cost.
type exportBudget struct{ *budget.Budget }

// Take implements gqlhttp.Budget.
func (b exportBudget) Take(ctx context.Context, c *gqlhttp.Cost) error {
	if price, ok := export.Price(ctx); ok {
		c.Charged = min(c.Charged, price)
	}
	return b.Budget.Take(ctx, c)
}

// exportCounts gives exports the rows of what they ask for, instead of its sums.
type exportCounts struct{ *report.Reader }

// Report implements graph.Counts.
func (c exportCounts) Report(ctx context.Context, q usage.Query) (*usage.Report, error) {
	if add := export.Rows(ctx); add != nil {
		return &usage.Report{}, database.Fault(c.Rows(ctx, q, add))
	}
	return c.Reader.Report(ctx, q)
}
