package apps_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/apptransfer"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/listing"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
)

// another offers a new app of the account to the receiver.
func (s *transferScene) another(t *testing.T) (*db.AppTransfer, error) {
	t.Helper()
	a := s.MustApp(t, s.Developer, "Another").App
	out, err := s.Portal.Apps.TransferApp(s.Developer, apps.TransferAppInput{AppID: a.GlobalID(), ToAccountID: s.to.GlobalID()})
	return out.Transfer, err
}

// An account makes so many offers, to whomever, until somebody has accepted or a day is
// over; to take one back gives no room.
func TestTransferApp_ErrTooMany(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		refused := func() {
			t.Helper()
			_, err := s.another(t)
			portaltest.RequireProblems(t, err, "TOO_MANY appId")
		}
		var all []*db.AppTransfer
		for range apps.MaxOffers {
			x, err := s.another(t)
			require.NoError(t, err)
			all = append(all, x)
		}
		refused()
		_, err := s.offer(s.Admin)
		portaltest.RequireProblems(t, err, "TOO_MANY appId")
		for _, x := range all[:2] {
			_, err := s.Portal.Apps.CancelAppTransfer(s.Developer, x.GlobalID(), nil)
			require.NoError(t, err)
		}
		_, err = s.Portal.Apps.DeclineAppTransfer(s.receiver, all[2].GlobalID(), nil)
		require.NoError(t, err)
		refused()
		_, err = s.Portal.Apps.DeleteApp(s.Developer, s.Client.App.GetX(s.Developer, all[3].AppID).GlobalID(), nil)
		require.NoError(t, err)
		refused()

		// What is wanted does not count.
		_, err = s.Portal.Apps.AcceptAppTransfer(s.receiver, all[4].GlobalID())
		require.NoError(t, err)
		_, err = s.another(t)
		require.NoError(t, err)
		refused()

		// The offers of others are their own.
		theirs := s.MustApp(t, s.receiver, "Theirs").App
		_, err = s.Portal.Apps.TransferApp(s.receiver, apps.TransferAppInput{AppID: theirs.GlobalID(), ToAccountID: s.Account.GlobalID()})
		require.NoError(t, err)

		// After a day, only those count that are still open.
		s.Clock.Advance(apps.OfferWindow)
		for range 4 {
			_, err = s.another(t)
			require.NoError(t, err)
		}
		refused()
		s.Clock.Advance(apps.TransferLife - apps.OfferWindow)
		_, err = s.another(t)
		require.NoError(t, err, "whose time is over, recorded or not")
	})
}

// A request that is sent again answers with the same offer, also when there are too many.
func TestTransferApp_ReplayedAtTheBound(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		for range apps.MaxOffers - 1 {
			_, err := s.another(t)
			require.NoError(t, err)
		}
		in := apps.TransferAppInput{AppID: s.app.GlobalID(), ToAccountID: s.to.GlobalID(), IdempotencyKey: new("the last one")}
		first, err := s.Portal.Apps.TransferApp(s.Developer, in)
		require.NoError(t, err)
		again, err := s.Portal.Apps.TransferApp(s.Developer, in)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Equal(t, first.Transfer.ID, again.Transfer.ID)
	})
}

// Of many offers at once, of an app each, so many are made as there is room for.
func TestRace_TransferApps(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newTransferScene(t, h.Fixture, "one")
		const open = apps.MaxOffers - 5
		for range open {
			_, err := s.another(t)
			require.NoError(t, err)
		}
		var all []string
		for range racetest.Requests {
			all = append(all, s.MustApp(t, s.Developer, "One of many").App.GlobalID())
		}
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (apps.OfferedApp, error) {
			return p.Apps.TransferApp(s.Developer, apps.TransferAppInput{AppID: all[n], ToAccountID: s.to.GlobalID()})
		})
		require.Equal(t, map[string]int{racetest.OK: 5, "TOO_MANY": racetest.Requests - 5}, racetest.Tally(outcomes))
		n := portaltest.Count(t, h.Client.AppTransfer.Query().Where(apptransfer.FromAccountID(s.Account.ID), apptransfer.StatusEQ(domain.TransferPending)))
		require.Equal(t, apps.MaxOffers, n)
		for _, of := range []*db.Account{s.Account, s.to} {
			require.Len(t, s.types(t, of), apps.MaxOffers, "an event of each, for each side")
		}
	})
}

// Whoever knows the ids of others' apps does not learn by them which app an offer is of:
// the list is narrowed by apps that the viewer sees, as the offer itself shows them.
func TestAppTransfers_ByApp(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		found := func(as context.Context) int {
			page, err := s.Portal.Apps.AppTransfers(as, apps.AppTransferFilter{AppIDs: []string{s.app.GlobalID()}}, listing.Order{}, listing.Request{})
			require.NoError(t, err)
			return len(page.Nodes)
		}
		who := func() []int { return []int{found(s.Developer), found(s.receiver), found(s.Admin)} }
		offered := s.mustOffer(t)
		require.Equal(t, []int{1, 0, 1}, who())
		_, err := s.Portal.Apps.AcceptAppTransfer(s.receiver, offered.GlobalID())
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 1}, who())
		s.Clock.Advance(time.Minute)
		_, err = s.Portal.Apps.DeleteApp(s.receiver, s.app.GlobalID(), nil)
		require.NoError(t, err)
		require.Equal(t, []int{0, 0, 1}, who())
	})
}
