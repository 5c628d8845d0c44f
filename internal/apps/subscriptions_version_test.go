package apps_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
)

// asked registers the scene's app with a product that waits, with an answer.
func (s *transferScene) asked(t *testing.T, name string) *db.Subscription {
	t.Helper()
	prod, _ := s.MustProduct(t, s.Admin, name)
	_, err := s.Portal.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: prod.GlobalID(),
		RequestForm: input.SetTo([]domain.Question{{Name: "purpose", Label: "What for?", Kind: domain.QuestionText}})})
	require.NoError(t, err)
	out, err := s.Portal.Apps.Register(s.Developer, apps.RegisterInput{AppID: s.app.GlobalID(), ProductID: prod.GlobalID(),
		Answers: []domain.AnswerInput{{Name: "purpose", Value: "Maps."}}})
	require.NoError(t, err)
	return out.Subscription
}

func (s *transferScene) mustMove(t *testing.T) {
	t.Helper()
	_, err := s.Portal.Apps.AcceptAppTransfer(s.receiver, s.mustOffer(t).GlobalID())
	require.NoError(t, err)
}

// decided returns the input that decides about a subscription as it was read.
func decided(s *db.Subscription, d domain.SubscriptionDecision) apps.DecideInput {
	return apps.DecideInput{SubscriptionID: s.GlobalID(), Version: &s.Version, Decision: d, Reason: new("So.")}
}

// Whoever decides about a subscription as it was read decides about nothing else: not about
// the request of the account to which its app has gone meanwhile.
func TestDecide_ErrStaleVersion(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		read := s.asked(t, "rain")
		s.mustMove(t)
		for _, d := range []domain.SubscriptionDecision{domain.ApproveSubscription, domain.RejectSubscription} {
			_, err := s.Portal.Apps.Decide(s.Admin, decided(read, d))
			require.Equal(t, fault.ReasonStaleVersion, fault.From(err).Reason, "%v", err)
		}
		now := s.Client.Subscription.GetX(portaltest.System(t), read.ID)
		require.Equal(t, access.SubscriptionWaiting, now.Status)
		require.Empty(t, now.Answers)
		require.Equal(t, read.Version+1, now.Version, "the transfer, and nothing else")

		// Who may not see it is not told its version, and who has read it again decides.
		_, err := s.Portal.Apps.Decide(s.Developer, decided(read, domain.ApproveSubscription))
		portaltest.RequireCode(t, err, fault.CodeNotFound)
		_, err = s.Portal.Apps.Decide(s.Admin, decided(now, domain.ApproveSubscription))
		require.NoError(t, err)
		_, err = s.Portal.Apps.Decide(s.Admin, decided(now, domain.ApproveSubscription))
		portaltest.RequireProblems(t, err, "WRONG_STATUS subscriptionId")
		_, err = s.Portal.Apps.Decide(s.Admin, apps.DecideInput{SubscriptionID: read.GlobalID(), Decision: "PERHAPS"})
		portaltest.RequireProblems(t, err, "INVALID decision")
	})
}

// A subscription that was narrowed is another one than was read, too.
func TestDecide_ErrStaleVersion_Narrowed(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		read := s.asked(t, "rain")
		prod := s.Client.Product.GetX(portaltest.System(t), read.ProductID)
		e := s.MustEndpoint(t, s.Admin, prod, access.MethodGet, "/rain")
		_, err := s.Portal.Apps.UpdateSubscriptionEndpoints(s.Developer, apps.UpdateSubscriptionEndpointsInput{SubscriptionID: read.GlobalID(), EndpointIDs: input.SetTo(portaltest.EndpointIDs(e))})
		require.NoError(t, err)
		_, err = s.Portal.Apps.Decide(s.Admin, decided(read, domain.ApproveSubscription))
		require.Equal(t, fault.ReasonStaleVersion, fault.From(err).Reason, "%v", err)
	})
}

// Of many, those that are as they were read are decided about.
func TestDecideSubscriptions_Versions(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		stays := s.MustRegister(t, s.Developer, s.MustApp(t, s.Developer, "Stays").App, s.product, s.gold)
		moves := s.asked(t, "rain")
		s.mustMove(t)
		in := apps.DecideSubscriptionsInput{SubscriptionIDs: []string{moves.GlobalID(), stays.GlobalID()}, Decision: domain.ApproveSubscription}
		for _, versions := range [][]int{{}, {1}, {1, 1, 1}} {
			in.Versions = versions
			_, err := s.Portal.Apps.DecideSubscriptions(s.Admin, in)
			portaltest.RequireProblems(t, err, "INVALID versions")
		}
		in.Versions = []int{moves.Version, stays.Version}
		got, err := s.Portal.Apps.DecideSubscriptions(s.Admin, in)
		require.NoError(t, err)
		require.Equal(t, &fault.Kind{Code: fault.CodeConflict, Reason: fault.ReasonStaleVersion}, got[0].Error)
		require.Nil(t, got[0].ProductSubscription)
		require.Equal(t, access.SubscriptionApproved, got[1].ProductSubscription.Status)
		require.Equal(t, access.SubscriptionWaiting, s.Client.Subscription.GetX(portaltest.System(t), moves.ID).Status)
		in.SubscriptionIDs, in.Versions = in.SubscriptionIDs[:1], nil
		got, err = s.Portal.Apps.DecideSubscriptions(s.Admin, in)
		require.NoError(t, err)
		require.Equal(t, access.SubscriptionApproved, got[0].ProductSubscription.Status, "whichever version it has")
	})
}

// While an app goes to another account, its request is approved for the account whose it was
// when it was read, or for nobody.
func TestRace_DecideAndTransfer(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newTransferScene(t, h.Fixture, "one")
		read, offered := s.asked(t, "rain"), s.mustOffer(t)
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Subscription, error) {
			if n%8 == 0 {
				return nil, errOf(p.Apps.AcceptAppTransfer(s.receiver, offered.GlobalID()))
			}
			return p.Apps.Decide(s.Admin, decided(read, domain.ApproveSubscription))
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "WRONG_STATUS", "CONFLICT")
		ctx := context.WithoutCancel(portaltest.System(t))
		approvals := h.Events(t, read.ID, eventlog.SubscriptionApproved)
		moved := h.Client.Event.Query().Where(event.Type(string(eventlog.AppTransferAccepted)), event.AccountID(s.to.ID)).OnlyX(ctx)
		now := h.Client.Subscription.GetX(ctx, read.ID)
		require.Equal(t, s.to.ID, now.AccountID)
		require.LessOrEqual(t, len(approvals), 1)
		require.Equal(t, len(approvals) == 1, now.Status == access.SubscriptionApproved)
		for _, e := range approvals {
			require.Less(t, e.Position, moved.Position)
		}
	})
}
