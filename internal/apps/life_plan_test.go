package apps_test

import (
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
)

// stepPlan asks for another plan of a subscription, or decides about what was asked for.
func (w *life) stepPlan(r *rapid.T, by person, s *lifeSubscription) {
	there := !s.app.deleted || by.staff && s.status == access.SubscriptionSuspended
	id := nodeid.Encode(nodeid.ProductSubscription, s.id)
	in := apps.DecidePlanChangeInput{SubscriptionID: id, Reason: new("So.")}
	waits := s.pending != nil && s.pending.waiting
	switch rapid.SampledFrom([]string{"change", "change", "approve", "reject", "cancel"}).Draw(r, "command") {
	case "change":
		w.changePlan(r, by, s, there, id)
	case "approve":
		_, err := w.Portal.Apps.ApprovePlanChange(by.ctx, in)
		if w.expect(by, "approve a change of plan", err, either(missing(by, s.app, there), when(!by.staff, "FORBIDDEN"), when(!waits, "WRONG_STATUS")), 1) {
			if s.pending.when == domain.PlanChangeNow {
				s.plan, s.pending = s.pending.plan, nil
			} else {
				s.pending.waiting, s.pending.asked = false, w.Clock.Now()
			}
		}
	case "reject":
		_, err := w.Portal.Apps.RejectPlanChange(by.ctx, in)
		if w.expect(by, "reject a change of plan", err, either(missing(by, s.app, there), when(!by.staff, "FORBIDDEN"), when(!waits, "WRONG_STATUS")), 1) {
			s.pending = nil
		}
	case "cancel":
		_, err := w.Portal.Apps.CancelPlanChange(by.ctx, in)
		if w.expect(by, "cancel a change of plan", err, either(missing(by, s.app, there), when(s.pending == nil, "WRONG_STATUS")), 1) {
			s.pending = nil
		}
	}
}

// changePlan: what a developer asks for waits where a new subscription would.
func (w *life) changePlan(r *rapid.T, by person, s *lifeSubscription, there bool, id string) {
	next := lifeChange{plan: rapid.IntRange(0, 1).Draw(r, "plan"), when: rapid.SampledFrom([]domain.PlanChangeTime{domain.PlanChangeNow, domain.PlanChangePeriodEnd}).Draw(r, "when")}
	_, err := w.Portal.Apps.ChangePlan(by.ctx, apps.ChangePlanInput{SubscriptionID: id, PlanID: w.plans[s.product][next.plan].GlobalID(), When: next.when})
	next.asked = w.Clock.Now()
	next.waiting = !by.staff && (s.product == 0 || w.suspended(s.app.account, s.product))
	events := 1
	if p := s.pending; p != nil && p.plan == next.plan && p.when == next.when && p.waiting == next.waiting &&
		(p.waiting || p.asked.UTC().Month() == next.asked.UTC().Month()) { // else it is another month's end
		events, next.asked = 0, p.asked // it was asked for already
	}
	want := either(missing(by, s.app, there), when(s.status != access.SubscriptionApproved, "WRONG_STATUS"), when(next.plan == s.plan, "ALREADY_REGISTERED"))
	if !w.expect(by, "change the plan", err, want, events) {
		return
	}
	if s.pending = &next; !next.waiting && next.when == domain.PlanChangeNow {
		s.plan, s.pending = next.plan, nil
	}
}

// checkPlan compares the plan of a subscription, and its change, with the model.
func (w *life) checkPlan(s *lifeSubscription, stored *db.Subscription) {
	require.Equal(w.t, w.plans[s.product][s.plan].ID, stored.PlanID)
	require.Equal(w.t, s.pending == nil, stored.PendingPlanID == nil)
	if s.pending != nil {
		require.Equal(w.t, w.plans[s.product][s.pending.plan].ID, *stored.PendingPlanID)
		require.Equal(w.t, s.pending.waiting, *stored.PendingStatus == lifecycle.PlanChangeWaiting)
		require.Equal(w.t, s.pending.when, *stored.PendingWhen)
	}
}

// expireRequests ends what has waited for a day.
func (w *life) expireRequests() {
	_, err := w.Portal.Maintenance.ExpireRequests(w.t.Context())
	require.NoError(w.t, err)
	long := func(asked time.Time) bool { return w.Clock.Now().Sub(asked) >= day }
	for _, s := range w.all {
		switch {
		case s.app.deleted:
		case s.status == access.SubscriptionWaiting && long(s.asked):
			s.status = access.SubscriptionRejected
			w.events++
		case s.pending != nil && s.pending.waiting && long(s.pending.asked):
			s.pending = nil
			w.events++
		}
	}
}
