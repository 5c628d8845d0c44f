package server

import (
	"bytes"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"portico/graph"
	"portico/internal/auth"
	"portico/internal/fault"
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
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace, http.MethodConnect} {
		r.Method(method, schemaPath, http.HandlerFunc(refuseMethod))
	}
}

// schemaRoles are the views that a request may name.
func schemaRoles() map[string]viewer.Role {
	return map[string]viewer.Role{"admin": viewer.Admin, "approver": viewer.Approver, "portal": viewer.Portal, "anonymous": viewer.Anonymous}
}

func serveSchema(api *graph.API) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := schemaViewer(viewer.Current(r.Context()), r)
		if err != nil {
			problem.Write(w, r, err)
			return
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

// schemaViewer returns the viewer whose view is asked for: the caller, or with the parameter
// role anybody in a role.
func schemaViewer(v viewer.Viewer, r *http.Request) (viewer.Viewer, error) {
	q := r.URL.Query()
	asked, named := q["role"]
	if !named {
		return v, nil
	}
	role, known := schemaRoles()[asked[0]]
	switch {
	case !known || len(asked) > 1:
		return v, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "role is one of admin, approver, portal and anonymous.")
	case role == viewer.Anonymous || role == v.Role || v.Role == viewer.Admin:
		return viewer.Viewer{Role: role}, nil
	case v.Role == viewer.Anonymous:
		return v, fault.New(fault.CodeUnauthenticated, fault.ReasonNotSignedIn, "Sign in first.")
	}
	return v, fault.New(fault.CodeForbidden, fault.ReasonRole, "Your role may not see this schema.")
}
