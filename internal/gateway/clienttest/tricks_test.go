package clienttest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/pathmatch/tricks"
)

// Where endpoints are enforced, a target that servers read differently matches none of
// them, and an unambiguous one matches its endpoint.
func TestAmbiguousTargetsMatchNoEndpoint(t *testing.T) {
	p := newPortico(t)
	raw := p.newKey(t)
	p.change(func(s *state) {
		s.catalogue.Products[0].EnforceEndpoints = true
		s.catalogue.Products[0].Endpoints = []keycache.Endpoint{{ID: uuid.New(), Method: access.MethodGet, Path: "/{all...}"}}
	})
	g := guard(t, p)
	play := func(target string) int {
		// As net/http passes it: the raw target besides the parsed one.
		r := httptest.NewRequest(http.MethodGet, "/rates", nil)
		r.RequestURI = target
		if read, err := url.ParseRequestURI(target); err == nil {
			r.URL = read
		}
		r.Header.Set("X-API-Key", raw)
		w := httptest.NewRecorder()
		g.api.ServeHTTP(w, r)
		return w.Code
	}
	for _, target := range tricks.Targets("/rates") {
		require.Equal(t, http.StatusForbidden, play(target), "%q", target)
	}
	for _, after := range tricks.Clear() {
		require.Equal(t, http.StatusOK, play("/rates"+after), after)
	}
}
