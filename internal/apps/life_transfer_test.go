package apps_test

import (
	"context"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"portico/clients/go/gate/access"
	"portico/ent/db/apptransfer"
	"portico/internal/apps"
	"portico/internal/domain"
)

// stepOffer offers an app to the other account, or answers an offer, also one that has ended.
func (w *life) stepOffer(r *rapid.T, by person) {
	command := rapid.SampledFrom([]string{"offer", "offer", "accept", "accept", "decline", "cancel"}).Draw(r, "command")
	if command == "offer" || len(w.offers) == 0 {
		w.offerApp(by, rapid.SampledFrom(w.apps).Draw(r, "app"))
		return
	}
	x := rapid.SampledFrom(w.offers).Draw(r, "offer")
	switch command {
	case "accept":
		w.acceptOffer(by, x)
	case "decline":
		_, err := w.Portal.Apps.DeclineAppTransfer(by.ctx, x.id, nil)
		w.endedBy(by, "decline an offer", x, err, answerer(by, 1-x.from))
	case "cancel":
		_, err := w.Portal.Apps.CancelAppTransfer(by.ctx, x.id, nil)
		w.endedBy(by, "cancel an offer", x, err, answerer(by, x.from))
	}
}

// answerer returns the outcome for who may not act for one of the sides: people of the other
// one, who see the offer, and members who do not own it.
func answerer(by person, side int) string {
	return when(!by.staff && (by.account != side || !by.owner), "FORBIDDEN")
}

// hindrance returns what stands in the way of an app's going to an account, as staff are
// told: a suspended subscription of the app, or one of the account for a product that the app
// may use.
func (w *life) hindrance(a *lifeApp, to int) string {
	for _, s := range w.all {
		if s.app == a && s.status == access.SubscriptionSuspended {
			return "WRONG_STATUS"
		}
	}
	for _, s := range a.newest {
		if s != nil && s.status == access.SubscriptionApproved && w.suspended(to, s.product) {
			return "NOT_AVAILABLE"
		}
	}
	return ""
}

func (w *life) offerApp(by person, a *lifeApp) {
	to := 1 - a.account
	made, err := w.Portal.Apps.TransferApp(by.ctx, apps.TransferAppInput{AppID: a.id, ToAccountID: w.accounts[to].GlobalID()})
	want := either(missing(by, a, !a.deleted), when(!by.staff && !by.owner, "FORBIDDEN"), when(a.offer != nil, "WRONG_STATUS"), when(w.counted(a.account) >= apps.MaxOffers, "TOO_MANY"), w.hindrance(a, to))
	if w.expect(by, "offer an app", err, want, 1) {
		a.offer = &lifeOffer{id: made.Transfer.GlobalID(), app: a, from: a.account, made: w.Clock.Now()}
		w.offers = append(w.offers, a.offer)
	}
}

// counted returns how many offers of an account count against further ones.
func (w *life) counted(from int) (n int) {
	for _, x := range w.offers {
		if x.from == from && !x.accepted && (!x.ended || w.Clock.Now().Sub(x.made) < apps.OfferWindow) {
			n++
		}
	}
	return n
}

// acceptOffer: the app goes over, and no change of plan with it.
func (w *life) acceptOffer(by person, x *lifeOffer) {
	_, err := w.Portal.Apps.AcceptAppTransfer(by.ctx, x.id)
	a, to := x.app, 1-x.from
	hindered := ""
	if !x.ended {
		if hindered = w.hindrance(a, to); hindered != "" && !by.staff {
			hindered = "NOT_AVAILABLE"
		}
	}
	if !w.expect(by, "accept an offer", err, either(answerer(by, to), when(x.ended, "WRONG_STATUS"), hindered), 2) {
		return
	}
	x.ended, x.accepted, a.offer, a.account = true, true, nil, to
	for _, s := range a.newest {
		if s != nil && s.pending != nil {
			s.pending = nil
			w.events++
		}
	}
}

// endedBy notes that an offer has ended without effect, if it has.
func (w *life) endedBy(by person, what string, x *lifeOffer, err error, refused string) {
	if w.expect(by, what, err, either(refused, when(x.ended, "WRONG_STATUS")), 0) {
		w.endOffer(x)
	}
}

// endOffer notes that an open offer has ended.
func (w *life) endOffer(x *lifeOffer) {
	if x != nil {
		x.ended, x.app.offer = true, nil
		w.events++
	}
}

// checkOffers compares the offers with the model: none is open that should not be.
func (w *life) checkOffers(ctx context.Context) {
	open := 0
	for _, x := range w.offers {
		if !x.ended {
			open++
		}
	}
	n, err := w.Client.AppTransfer.Query().Where(apptransfer.StatusEQ(domain.TransferPending), apptransfer.FromAccountIDIn(w.accounts[0].ID, w.accounts[1].ID)).Count(ctx)
	require.NoError(w.t, err)
	require.Equal(w.t, open, n)
}
