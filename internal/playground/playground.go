// Package playground serves a GraphQL playground that needs no internet.
//
// It is GraphiQL with a bar above it: sign in, sign out,
// and choose one of the scenarios in the folder `tabs`. Everything that the page
// loads is in the binary; its content policy forbids anything else. Access tokens and
// responses, which may contain secrets, are in the page's memory only.
//
// The page uses only the public schema. Its session is that of docs/frontends.md: the
// cookie at /session/graphql keeps it when the page is loaded again.
package playground

import (
	"net/http"
	"strings"
)

//go:generate ./assets/fetch.sh

// Options configures the paths and the sign-in form.
type Options struct {
	// Endpoint is the path of the GraphQL endpoint on the same origin; default "/graphql".
	Endpoint string
	// Prefix is the path of the playground; default "/playground".
	Prefix string
	// Demo are the users in a list of the form. It must be empty outside development.
	Demo []SignIn
	// DemoPassword is filled in for a chosen demo user, unless empty. Everyone who can
	// open the page can read it, so it is for development only.
	DemoPassword string
	// Kinds are the types of objects whose ids the page remembers, by the names of
	// fields: "app", "productSubscription".
	Kinds []string
}

// SignIn is a user in the form's list. Email and Organization are sent to the
// server; Account and Role are shown beside them.
type SignIn struct {
	Email        string `json:"email"`
	Organization string `json:"organization"`
	Account      string `json:"account"`
	Role         string `json:"role"`
}

// Handler serves the page at Prefix and its files below. It answers GET and
// HEAD; every other path below Prefix is 404. It panics if an embedded file is broken,
// which tests exclude.
func Handler(o Options) http.Handler {
	if o.Endpoint == "" {
		o.Endpoint = "/graphql"
	}
	o.Prefix = "/" + strings.Trim(o.Prefix, "/")
	if o.Prefix == "/" {
		o.Prefix = "/playground"
	}
	files := loadFiles()
	base := o.Prefix + "/" + files.build
	page := renderPage(o, base)

	mux := http.NewServeMux()
	mux.Handle("GET "+o.Prefix, page)
	mux.Handle("GET "+o.Prefix+"/{$}", page)
	for name, f := range files.byName {
		mux.Handle("GET "+base+"/"+name, f)
	}
	return secured(mux)
}

// secured adds the security headers to every response of the playground. Inline styles are
// allowed because GraphiQL sets styles from its script; scripts are loaded from files
// only.
func secured(next http.Handler) http.Handler {
	const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
		"connect-src 'self'; img-src 'self' data:; font-src data:; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
