package server

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"portico/graph"
	"portico/internal/auth"
	"portico/internal/problem"
	"portico/internal/viewer"
)

// schemaPath is where the schema is published.
const schemaPath = "/schema.graphql"

// routeSchema publishes the views of the schema: to everybody that of everybody, to each role
// its own, and to administrators all of them.
func (p *process) routeSchema(r chi.Router, api *graph.API, who *auth.Authenticator) {
	r.With(withDeadline(requestTime), requireValidToken(who, problem.Write), recordRole).Get(schemaPath, serveSchema(api))
	r.Options(schemaPath, allowed)
	refuseOthers(r, schemaPath)
}

// serveSchema serves the view of the caller, or with the parameter role that of a role.
func serveSchema(api *graph.API) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := viewer.Current(r.Context())
		if asked, named := r.URL.Query()["role"]; named {
			var err error
			if v, err = graph.ViewerOf(v, strings.Join(asked, " ")); err != nil {
				problem.Write(w, r, err)
				return
			}
		}
		c := api.Contract(v)
		h := w.Header()
		h.Set("Content-Type", "application/graphql; charset=utf-8")
		h.Set("ETag", c.ETag)
		h.Set("Cache-Control", "private, no-cache") // it may be kept, and is asked about each time
		h.Add("Vary", "Authorization")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(c.SDL))
	}
}
