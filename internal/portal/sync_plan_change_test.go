package portal_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/portal"
)

// planChangeMutations are the cases of mutations on a subscription's plan. Only those after
// which another plan's limits apply wait for the key cache.
func planChangeMutations() []mutationCase {
	// asked creates an approved subscription and another plan, for which a developer has
	// asked if asks is set.
	asked := func(asks bool, f func(p *portal.Portal, g *syncedPortal, s *db.Subscription, to *db.Plan) error) func(t *testing.T, g *syncedPortal) func() error {
		return func(t *testing.T, g *syncedPortal) func() error {
			_, _, s := mustUsedApp(t, g)
			to := g.MustPlan(t, g.Admin, g.product, uuid.NewString())
			if asks {
				_, err := g.Portal.Apps.ChangePlan(g.Developer, apps.ChangePlanInput{SubscriptionID: s.GlobalID(), PlanID: to.GlobalID(), When: domain.PlanChangeNow})
				require.NoError(t, err)
			}
			return func() error { return f(g.p, g, s, to) }
		}
	}
	about := func(s *db.Subscription) apps.DecidePlanChangeInput {
		return apps.DecidePlanChangeInput{SubscriptionID: s.GlobalID(), Reason: new("So.")}
	}
	return []mutationCase{
		{"ChangePlan", asked(false, func(p *portal.Portal, g *syncedPortal, s *db.Subscription, to *db.Plan) error {
			return errOf(p.Apps.ChangePlan(g.Admin, apps.ChangePlanInput{SubscriptionID: s.GlobalID(), PlanID: to.GlobalID(), When: domain.PlanChangeNow}))
		}), []eventlog.Type{eventlog.SubscriptionPlanChanged}, true},
		{"MovePlanSubscriptions", func(t *testing.T, g *syncedPortal) func() error {
			_, _, s := mustUsedApp(t, g)
			to := g.MustPlan(t, g.Admin, g.product, uuid.NewString())
			_, err := g.Portal.Apps.ChangePlan(g.Admin, apps.ChangePlanInput{SubscriptionID: s.GlobalID(), PlanID: to.GlobalID(), When: domain.PlanChangeNow})
			require.NoError(t, err)
			_, err = g.Portal.Catalog.UpdatePlan(g.Admin, catalog.UpdatePlanInput{PlanID: to.GlobalID(), Quota: input.SetTo(access.Quota{Limit: 7, Per: access.PerDay})})
			require.NoError(t, err)
			return func() error {
				return errOf(g.p.Apps.MovePlanSubscriptions(g.Admin, apps.MovePlanSubscriptionsInput{PlanID: to.GlobalID()}))
			}
		}, []eventlog.Type{eventlog.SubscriptionPlanChanged}, true},
		{"ApprovePlanChange", asked(true, func(p *portal.Portal, g *syncedPortal, s *db.Subscription, _ *db.Plan) error {
			return errOf(p.Apps.ApprovePlanChange(g.Admin, about(s)))
		}), []eventlog.Type{eventlog.SubscriptionPlanChanged}, true},
		{"RejectPlanChange", asked(true, func(p *portal.Portal, g *syncedPortal, s *db.Subscription, _ *db.Plan) error {
			return errOf(p.Apps.RejectPlanChange(g.Admin, about(s)))
		}), []eventlog.Type{eventlog.SubscriptionPlanRejected}, false},
		{"CancelPlanChange", asked(true, func(p *portal.Portal, g *syncedPortal, s *db.Subscription, _ *db.Plan) error {
			return errOf(p.Apps.CancelPlanChange(g.Developer, about(s)))
		}), []eventlog.Type{eventlog.SubscriptionPlanCancelled}, false},
	}
}
