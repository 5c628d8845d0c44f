package clienttest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/keycache"
)

// The middleware keeps an endpoint's quota, a quota that goes on and a spending cap by itself,
// from the counts that Portico has of each.
func TestFurtherLimitsAreKeptHere(t *testing.T) {
	p := newPortico(t) // whose counts are 7
	p.change(func(s *state) {
		product := &s.catalogue.Products[0]
		endpoint := keycache.Endpoint{ID: uuid.New(), Method: access.MethodGet, Path: "/rates"}
		product.Endpoints = []keycache.Endpoint{endpoint}
		plan := &product.Plans[0]
		plan.Quota, plan.Overage = &access.Quota{Limit: 9, Per: access.PerDay}, access.OverageContinue
		plan.EndpointLimits = []access.EndpointLimit{{EndpointID: endpoint.ID, Quota: &access.Quota{Limit: 10, Per: access.PerWeek}}}
		plan.CallsWithinCap = new(int64(12))
	})
	raw, g := p.newKey(t), guard(t, p)
	call := func(path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("X-API-Key", raw)
		w := httptest.NewRecorder()
		g.api.ServeHTTP(w, r)
		return w
	}
	require.Eventually(t, func() bool { return call("//rates").Header().Get("X-Portico-Code") == "ENDPOINT_NOT_ALLOWED" }, 20*time.Second, time.Millisecond, "hidden")
	for n := range 3 { // the eighth to the tenth
		require.Equal(t, http.StatusOK, call("/rates").Code, n)
	}
	require.Equal(t, "QUOTA_EXCEEDED", call("/rates").Header().Get("X-Portico-Code"), "the endpoint's")
	for range 2 {
		w := call("/other")
		require.Equal(t, http.StatusOK, w.Code)
		require.Contains(t, w.Header().Get("RateLimit"), `"quota";r=0`, "the plan's own, which goes on")
	}
	require.Equal(t, "QUOTA_EXCEEDED", call("/other").Header().Get("X-Portico-Code"), "the cap")
}
