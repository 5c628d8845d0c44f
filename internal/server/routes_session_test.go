package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The cookie with the refresh token is for pages of the API's own origin and of listed
// ones. A program, which says no origin, has no cookie of somebody else's.
func TestSessionCookieIsForListedOrigins(t *testing.T) {
	r := testRouter(t)
	for name, c := range map[string]struct {
		header  map[string]string
		allowed bool
	}{
		"a program":                         {nil, true},
		"the own page":                      {map[string]string{"Origin": "http://example.com", "Sec-Fetch-Site": "same-origin"}, true},
		"the own page in an older browser":  {map[string]string{"Origin": "http://example.com"}, true},
		"a listed page":                     {map[string]string{"Origin": listed, "Sec-Fetch-Site": "same-site"}, true},
		"a page of this machine":            {map[string]string{"Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"}, true},
		"another page":                      {map[string]string{"Origin": unlisted, "Sec-Fetch-Site": "cross-site"}, false},
		"another page in an older browser":  {map[string]string{"Origin": unlisted}, false},
		"a neighbour":                       {map[string]string{"Origin": "http://other.example.com", "Sec-Fetch-Site": "same-site"}, false},
		"a page without an origin":          {map[string]string{"Origin": "null", "Sec-Fetch-Site": "cross-site"}, false},
		"a page without any header of its":  {map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"a page that begins like a listed":  {map[string]string{"Origin": listed + ".evil.example", "Sec-Fetch-Site": "cross-site"}, false},
		"a page that begins like localhost": {map[string]string{"Origin": "http://localhost:80.evil.example", "Sec-Fetch-Site": "cross-site"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, q := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "http://example.com/session/graphql", strings.NewReader(`{"query": "mutation { refreshSession { accessToken } }"}`))
			q.Header.Set("Content-Type", "application/json")
			for k, v := range c.header {
				q.Header.Set(k, v)
			}
			r.ServeHTTP(w, q)
			if c.allowed {
				require.Equal(t, http.StatusOK, w.Code)
				require.Contains(t, w.Body.String(), `"NOT_SIGNED_IN"`)
				return
			}
			require.Equal(t, http.StatusForbidden, w.Code)
			require.Contains(t, w.Body.String(), `"ORIGIN"`)
			require.Contains(t, w.Body.String(), `"requestId":"`+w.Header().Get(requestIDHeader)+`"`)
		})
	}
}
