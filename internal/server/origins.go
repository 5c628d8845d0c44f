package server

import (
	"net/http"
	"strings"

	"github.com/go-chi/cors"

	"portico/internal/auth"
	"portico/internal/fault"
)

// corsAge is how many seconds a browser may cache a preflight response.
const corsAge = 600

// crossOrigin lets pages of other origins call the API. Callers authenticate by
// a header that scripts set, never by a cookie. withCookie also lets browsers send
// and store the cookie with the refresh token.
func crossOrigin(origins []string, withCookie bool) func(http.Handler) http.Handler {
	return cors.Handler(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
		// Tracing and client libraries add headers of their own (traceparent,
		// baggage …), none of which can do more than these few.
		AllowedHeaders:   []string{"*"},
		ExposedHeaders:   []string{requestIDHeader, "Retry-After", "RateLimit", "RateLimit-Policy"},
		AllowCredentials: withCookie,
		MaxAge:           corsAge,
	})
}

// checkOrigin refuses requests that a browser makes for a page of another origin, unless
// the origin is listed: it would add the cookie. Programs, which say nothing about an
// origin, have no cookie that somebody else could make them send.
func checkOrigin(origins []string) func(http.Handler) http.Handler {
	known := http.NewCrossOriginProtection()
	known.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth.WriteRefusal(w, r, fault.New(fault.CodeForbidden, fault.ReasonOrigin, "Pages of this origin may not use the session cookie."))
	}))
	return func(next http.Handler) http.Handler {
		checked := known.Handler(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isListed(r.Header.Get("Origin"), origins) {
				next.ServeHTTP(w, r)
				return
			}
			checked.ServeHTTP(w, r)
		})
	}
}

// isListed reports whether an origin is in a list, in which http://localhost:* stands for
// every port.
func isListed(origin string, list []string) bool {
	for _, one := range list {
		if beginning, anyPort := strings.CutSuffix(one, "*"); anyPort {
			port, ok := strings.CutPrefix(origin, beginning)
			if ok && port != "" && strings.Trim(port, "0123456789") == "" {
				return true
			}
			continue
		}
		if strings.EqualFold(one, origin) {
			return true
		}
	}
	return false
}
