package requests_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/portal/portaltest"
	"portico/internal/requests"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// scene is an app, two products whose plans somebody must approve, and one that needs none.
type scene struct {
	*portaltest.Fixture
	portaltest.Tenant
	app                    *db.App
	weather, maps, news    *db.Product
	forecast, tiles, daily *db.Plan
}

func newScene(t *testing.T, f *portaltest.Fixture) *scene {
	t.Helper()
	s := &scene{Fixture: f, Tenant: f.MustTenant(t, "acme")}
	s.weather, s.forecast = f.MustProduct(t, s.Admin, "weather")
	s.maps, s.tiles = f.MustProduct(t, s.Admin, "maps")
	s.news, s.daily = f.MustAutomaticProduct(t, s.Admin, "news")
	s.app = f.MustApp(t, s.Developer, "Shop").App
	return s
}

func each(t *testing.T, run func(t *testing.T, s *scene)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, url string) { run(t, newScene(t, portaltest.New(t, url))) })
}

func plan(p *db.Product, by *db.Plan) requests.Plan {
	return requests.Plan{ProductID: p.GlobalID(), PlanID: new(by.GlobalID())}
}

// both asks for the two products that somebody must approve.
func (s *scene) both() requests.RequestKeyInput {
	return requests.RequestKeyInput{AppID: s.app.GlobalID(), Plans: []requests.Plan{plan(s.weather, s.forecast), plan(s.maps, s.tiles)}, Name: new("Shop key")}
}

func (s *scene) ask(t *testing.T, as context.Context, in requests.RequestKeyInput) *db.KeyRequest {
	t.Helper()
	got, err := s.Portal.Requests.RequestKey(as, in)
	require.NoError(t, err)
	return got.Request
}

func (s *scene) approve(as context.Context, k *db.KeyRequest) (*db.KeyRequest, error) {
	return s.Portal.Requests.Approve(as, requests.DecideInput{KeyRequestID: k.GlobalID()})
}

func (s *scene) reject(as context.Context, k *db.KeyRequest) (*db.KeyRequest, error) {
	return s.Portal.Requests.Reject(as, requests.DecideInput{KeyRequestID: k.GlobalID(), Reason: new("No.")})
}

// now returns what has become of a request.
func (s *scene) now(t *testing.T, k *db.KeyRequest) *db.KeyRequest {
	t.Helper()
	return s.Client.KeyRequest.GetX(portaltest.System(t), k.ID)
}

// made returns the subscriptions that a request has made, in the order of their products.
func (s *scene) made(t *testing.T, k *db.KeyRequest) []*db.Subscription {
	t.Helper()
	return s.Client.Subscription.Query().Where(subscription.KeyRequestID(k.ID)).Order(subscription.ByProductID(), subscription.ByID()).AllX(portaltest.System(t))
}

// requireMade requires the states of the subscriptions that a request has made.
func (s *scene) requireMade(t *testing.T, k *db.KeyRequest, want ...access.SubscriptionStatus) {
	t.Helper()
	var got []access.SubscriptionStatus
	for _, one := range s.made(t, k) {
		got = append(got, one.Status)
	}
	require.Equal(t, want, got)
}

func (s *scene) key(t *testing.T, k *db.KeyRequest) *db.Credential {
	t.Helper()
	require.NotNil(t, k.CredentialID)
	return s.Client.Credential.GetX(portaltest.System(t), *k.CredentialID)
}

// reaches returns the products on a key's access control list.
func (s *scene) reaches(t *testing.T, key uuid.UUID) []uuid.UUID {
	t.Helper()
	lists, err := s.Portal.Apps.AccessLists(s.Admin, []uuid.UUID{key})
	require.NoError(t, err)
	return lists[key]
}

func (s *scene) developerID() uuid.UUID { return viewer.Current(s.Developer).UserID }

func errOf[T any](_ T, err error) error { return err }

func (s *scene) register(t *testing.T, p *db.Product, by *db.Plan) *db.Subscription {
	t.Helper()
	out, err := s.Portal.Apps.Register(s.Admin, apps.RegisterInput{AppID: s.app.GlobalID(), ProductID: p.GlobalID(), PlanID: new(by.GlobalID()), Approve: new(true)})
	require.NoError(t, err)
	return out.Subscription
}
