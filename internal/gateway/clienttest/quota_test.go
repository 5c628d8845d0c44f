package clienttest_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/keycache"
)

// An app that subscribes again keeps its count, here as in Portico.
func TestSubscribingAgainKeepsTheQuota(t *testing.T) {
	p := newPortico(t) // whose count is 7
	p.change(func(s *state) { s.catalogue.Products[0].Plans[0].Quota = &access.Quota{Limit: 10, Per: access.PerDay} })
	raw, g := p.newKey(t), guard(t, p)
	for range 3 {
		require.Equal(t, http.StatusOK, g.call("X-API-Key", raw).Code)
	}
	p.change(func(s *state) {
		again := s.app.Subscriptions[0]
		again.ID, again.Status = uuid.New(), access.SubscriptionWaiting
		s.app.Subscriptions = []keycache.Subscription{again}
	})
	g.eventually(t, http.StatusForbidden, "WAITING", "X-API-Key", raw)
	p.change(func(s *state) {
		again := s.app.Subscriptions[0]
		again.Status = access.SubscriptionApproved
		s.app.Subscriptions = []keycache.Subscription{again}
	})
	g.eventually(t, http.StatusTooManyRequests, "QUOTA_EXCEEDED", "X-API-Key", raw)
	require.EqualValues(t, 1, p.asked.Load(), "nothing of it is news")
}

// The apps of an account share the quota of a plan that counts per account, here as in
// Portico: units that one took are missing for the other, and for a new one.
func TestAppsOfAnAccountShareTheQuota(t *testing.T) {
	p := newPortico(t) // whose count is 7
	p.change(func(s *state) {
		plan := &s.catalogue.Products[0].Plans[0]
		plan.Quota, plan.QuotaPer = &access.Quota{Limit: 12, Per: access.PerDay}, access.QuotaPerAccount
	})
	another := func() string {
		p.change(func(s *state) {
			s.app.ID, s.app.ReferenceID = uuid.New(), uuid.New()
			s.app.Subscriptions = []keycache.Subscription{s.app.Subscriptions[0]}
			s.app.Subscriptions[0].ID = uuid.New()
			s.credential = keycache.Credential{}
		})
		return p.newKey(t)
	}
	one := p.newKey(t)
	g := guard(t, p)
	require.Equal(t, http.StatusOK, g.call("X-API-Key", one).Code, "the eighth")
	two := another()
	p.awaitApplied()
	g.eventually(t, http.StatusOK, "", "X-API-Key", two) // the ninth, which Portico counts
	require.EqualValues(t, 2, p.asked.Load(), "each key was proven once")
	for _, key := range []string{one, two, one} {
		require.Equal(t, http.StatusOK, g.call("X-API-Key", key).Code)
	}
	for _, key := range []string{one, two} {
		w := g.call("X-API-Key", key)
		require.Equal(t, "QUOTA_EXCEEDED", w.Header().Get("X-Portico-Code"))
	}
	require.EqualValues(t, 2, p.asked.Load())
	p.change(func(s *state) { s.catalogue.Products[0].Plans[0].QuotaPer = "" }) // as an older Portico sends it
	g.eventually(t, http.StatusOK, "", "X-API-Key", one)
}
