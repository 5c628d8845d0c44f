package requests_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/requests"
)

// Many collect one key: one gets its secret.
func TestRace_Collect(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newScene(t, h.Fixture)
		k := s.ask(t, s.Admin, s.both())
		got, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (requests.Collected, error) {
			return p.Requests.Collect(s.Developer, k.GlobalID())
		})
		racetest.RequireOne(t, outcomes, "WRONG_STATUS")
		require.NotNil(t, racetest.First(got, outcomes).Secret)
		require.Len(t, h.Events(t, *k.CredentialID, eventlog.CredentialCollected), 1)
	})
}

// Many approve one request: it is approved once, and has one key.
func TestRace_Approve(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newScene(t, h.Fixture)
		k := s.ask(t, s.Developer, s.both())
		_, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (*db.KeyRequest, error) {
			return p.Requests.Approve(s.Admin, requests.DecideInput{KeyRequestID: k.GlobalID()})
		})
		racetest.RequireOnly(t, outcomes, racetest.OK)
		require.Len(t, h.Events(t, k.ID, eventlog.KeyRequestApproved), 1)
		require.Equal(t, 1, portaltest.Count(t, h.Client.Credential.Query().Where(credential.StatusEQ(access.CredentialUncollected))))
	})
}

// All that can end a request meet: one of it happens, with its one event, and its
// subscriptions and its key agree with that.
func TestRace_Ends(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newScene(t, h.Fixture)
		account := s.MustAccount(t, s.Admin, "Buyer")
		buyer := s.MustDeveloper(t, s.Admin, account)
		k := s.ask(t, s.Developer, s.both())
		offer, err := s.Portal.Apps.TransferApp(s.Developer, apps.TransferAppInput{AppID: s.app.GlobalID(), ToAccountID: account.GlobalID()})
		require.NoError(t, err)
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
			switch n % 7 {
			case 0:
				return nil, errOf(p.Requests.Approve(s.Admin, requests.DecideInput{KeyRequestID: k.GlobalID()}))
			case 1:
				return nil, errOf(p.Requests.Reject(s.Admin, requests.DecideInput{KeyRequestID: k.GlobalID(), Reason: new("No.")}))
			case 2:
				return nil, errOf(p.Requests.Withdraw(s.Developer, k.GlobalID(), nil))
			case 3:
				return nil, errOf(p.Apps.DeleteApp(s.Admin, s.app.GlobalID(), nil))
			case 4:
				return nil, errOf(p.Apps.AcceptAppTransfer(buyer, offer.Transfer.GlobalID()))
			case 5:
				return nil, errOf(p.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: []*db.Product{s.weather, s.maps}[n%2].GlobalID(), Status: input.Patch[domain.ProductStatus]{Set: true, Value: new(domain.Retired)}}))
			default:
				plans := []requests.Plan{plan(s.maps, s.tiles), plan(s.weather, s.forecast)}
				return nil, errOf(p.Requests.Update(s.Developer, requests.UpdateInput{KeyRequestID: k.GlobalID(), Plans: input.Patch[[]requests.Plan]{Set: true, Value: &plans}}))
			}
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "WRONG_STATUS", "NOT_FOUND", "NOT_AVAILABLE", "UNKNOWN_REFERENCE", "CONFLICT")
		ends := h.Events(t, k.ID, eventlog.KeyRequestApproved, eventlog.KeyRequestRejected, eventlog.KeyRequestWithdrawn)
		require.Len(t, ends, 1)
		now := s.now(t, k)
		require.NotEqual(t, domain.KeyRequestPending, now.Status)
		require.Equal(t, now.Status == domain.KeyRequestApproved, now.CredentialID != nil)
		require.Zero(t, portaltest.Count(t, h.Client.Subscription.Query().Where(subscription.StatusEQ(access.SubscriptionWaiting))))
	})
}

// The time of a key that nobody collected is over while it is revoked by hand: it is revoked
// once, and its request ends once.
func TestRace_Expire(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newScene(t, h.Fixture)
		k := s.ask(t, s.Admin, s.both())
		h.Clock.Advance(7*24*time.Hour - time.Second)
		developer := s.Enter(t, s.Client.User.GetX(s.Admin, s.developerID()))
		h.Clock.Advance(time.Second)
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
			if n%2 == 0 {
				return nil, errOf(p.Maintenance.ExpireUncollected(t.Context()))
			}
			return nil, errOf(p.Apps.RevokeKey(developer, s.key(t, k).GlobalID(), nil, nil))
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "WRONG_STATUS", "CONFLICT")
		require.Len(t, h.Events(t, k.ID, eventlog.KeyRequestExpired), 1)
		require.Len(t, h.Events(t, *k.CredentialID, eventlog.CredentialRevoked), 1)
	})
}

// Many ask for the same products: one request makes the subscriptions.
func TestRace_Ask(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newScene(t, h.Fixture)
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (requests.Requested, error) {
			in := s.both()
			if n%2 == 0 {
				in.Plans[0], in.Plans[1] = in.Plans[1], in.Plans[0]
			}
			return p.Requests.RequestKey(s.Developer, in)
		})
		racetest.RequireOne(t, outcomes, "ALREADY_REGISTERED")
		require.Equal(t, 1, s.Rows(t, "key_requests"))
		require.Equal(t, 2, s.Rows(t, "subscriptions"))
	})
}
