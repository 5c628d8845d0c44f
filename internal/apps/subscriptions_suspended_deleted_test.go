package apps_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/maintenance"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// deletedSuspension is a suspended subscription whose app was deleted.
type deletedSuspension struct {
	*portaltest.Fixture
	portaltest.Tenant
	prod *db.Product
	plan *db.Plan
	app  *db.App
	s    *db.Subscription
}

// mustDeletedSuspension creates one.
func mustDeletedSuspension(t *testing.T, url string) deletedSuspension {
	t.Helper()
	f := portaltest.New(t, url)
	o := deletedSuspension{Fixture: f, Tenant: f.MustTenant(t, "one")}
	o.prod, o.plan = f.MustAutomaticProduct(t, o.Tenant.Admin, "weather")
	o.app = f.MustApp(t, o.Developer, "Secret name").App
	o.s = f.MustRegister(t, o.Developer, o.app, o.prod, o.plan)
	_, err := f.Portal.Apps.Suspend(o.Admin, o.s.GlobalID(), new("Unpaid."))
	require.NoError(t, err)
	_, err = f.Portal.Apps.DeleteApp(o.Developer, o.app.GlobalID(), nil)
	require.NoError(t, err)
	return o
}

// nextStatus returns the status that another app of the account gets for the same
// product.
func (o deletedSuspension) nextStatus(t *testing.T) access.SubscriptionStatus {
	t.Helper()
	return o.MustRegister(t, o.Developer, o.MustApp(t, o.Developer, "Further").App, o.prod, o.plan).Status
}

// suspended returns the suspended subscriptions that a viewer sees.
func (o deletedSuspension) suspended(t *testing.T, who context.Context) []*db.Subscription {
	t.Helper()
	f := apps.SubscriptionFilter{Status: []access.SubscriptionStatus{access.SubscriptionSuspended}, ProductIDs: []string{o.prod.GlobalID()}}
	page, err := o.Portal.Apps.Subscriptions(who, f, listing.Order{}, listing.Request{})
	require.NoError(t, err)
	return page.Nodes
}

func (o deletedSuspension) purge(t *testing.T) {
	t.Helper()
	o.Clock.Advance(30 * 24 * time.Hour)
	got, err := o.Portal.Maintenance.Purge(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, got.Apps)
}

// endings returns the two verbs by which an administrator ends a suspension.
func endings(p *portal.Portal) map[string]func(context.Context, string, *string) (*db.Subscription, error) {
	return map[string]func(context.Context, string, *string) (*db.Subscription, error){"resume": p.Apps.Resume, "unregister": p.Apps.Unregister}
}

// An administrator finds and ends the suspension of an app that was deleted or
// purged since, and nobody else does.
func TestStory_EndSuspensionOfDeletedApp(t *testing.T) {
	for _, way := range []string{"resume", "unregister"} {
		for _, purged := range []bool{false, true} {
			testdb.Each(t, func(t *testing.T, url string) {
				o := mustDeletedSuspension(t, url)
				if purged {
					o.purge(t)
				} else { // another app's purge is none of it
					gone := o.MustAppOf(t, o.Admin, o.Account, "Gone").App
					o.Client.App.UpdateOne(gone).SetDeletedAt(o.Clock.Now()).SetPurgedAt(o.Clock.Now()).ExecX(portaltest.System(t))
				}
				end, id, other := endings(o.Portal)[way], o.s.GlobalID(), o.MustTenant(t, "other")
				for _, who := range []context.Context{o.Developer, other.Admin, other.Developer} {
					require.Empty(t, o.suspended(t, who))
					_, err := o.Portal.Apps.Unregister(who, id, nil)
					portaltest.RequireCode(t, err, fault.CodeNotFound)
				}
				_, err := o.Portal.Apps.Approve(o.Admin, id, nil)
				portaltest.RequireProblems(t, err, "WRONG_STATUS subscriptionId")
				require.Equal(t, access.SubscriptionWaiting, o.nextStatus(t))

				seen := o.suspended(t, o.Admin)
				require.Len(t, seen, 1)
				require.Equal(t, o.s.ID, seen[0].ID)
				ended, err := end(o.Admin, id, new("Paid."))
				require.NoError(t, err)
				require.Equal(t, access.SubscriptionEnded, ended.Status, "its app is gone")
				require.Equal(t, "Paid.", ended.Reason)
				require.Empty(t, o.suspended(t, o.Admin))
				require.Equal(t, access.SubscriptionApproved, o.nextStatus(t))
				_, err = end(o.Admin, id, nil)
				portaltest.RequireCode(t, err, fault.CodeNotFound)
				requireEvents(t, o, way)
				requireAfterRestore(t, o, purged)
			})
		}
	}
}

// requireEvents requires an event for each step.
func requireEvents(t *testing.T, o deletedSuspension, way string) {
	t.Helper()
	want := []string{string(eventlog.SubscriptionRegistered), string(eventlog.SubscriptionSuspended)}
	if way == "resume" {
		want = append(want, string(eventlog.SubscriptionResumed))
	}
	require.Equal(t, append(want, string(eventlog.SubscriptionUnregistered)), o.Fixture.EventTypes(t, o.s.ID))
}

// requireAfterRestore requires an ended subscription to come back with the app as
// history, and to be deleted if the app was purged.
func requireAfterRestore(t *testing.T, o deletedSuspension, purged bool) {
	t.Helper()
	_, err := o.Portal.Apps.RestoreApp(o.Admin, o.app.GlobalID(), nil)
	if purged {
		portaltest.RequireCode(t, err, fault.CodeNotFound)
		require.Zero(t, portaltest.Count(t, o.Client.Subscription.Query().Where(subscription.ID(o.s.ID))))
		return
	}
	require.NoError(t, err)
	back, err := o.Client.Subscription.Get(o.Admin, o.s.ID)
	require.NoError(t, err)
	require.Equal(t, access.SubscriptionEnded, back.Status)
}

// The purge keeps what a suspension needs to stay in force, and nothing of the app
// or of the user who registered it.
func TestStory_PurgeKeepsSuspension(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o := mustDeletedSuspension(t, url)
		require.Equal(t, access.SubscriptionWaiting, o.nextStatus(t))
		said := &domain.Answers{Answers: []domain.Answer{{Name: "purpose", Label: "What for?", Kind: domain.QuestionText, Value: "Maps"}}}
		o.Client.Subscription.UpdateOneID(o.s.ID).SetAnswers(said).ExecX(portaltest.System(t))
		o.purge(t)
		o.Fixture.RequirePurge(t, maintenance.Purged{})
		require.Equal(t, access.SubscriptionWaiting, o.nextStatus(t))
		row, err := o.Client.Subscription.Get(portaltest.System(t), o.s.ID)
		require.NoError(t, err)
		require.Equal(t, access.SubscriptionSuspended, row.Status)
		require.Nil(t, row.RequestedBy)
		require.Nil(t, row.Answers)
		require.NotNil(t, row.DecidedBy, "the administrator who suspended it")
		require.Equal(t, "Unpaid.", row.Reason)
		require.Zero(t, portaltest.Count(t, o.Client.App.Query().Where(app.Name(o.app.Name))))
		o.Fixture.RequirePurged(t, o.Tenant.Admin, o.app)
	})
}

// Retiring a product and deleting an account end the subscriptions of deleted apps,
// too.
func TestStory_SuspensionEndsWithProductOrAccount(t *testing.T) {
	for what, end := range map[string]func(o deletedSuspension) error{
		"product": func(o deletedSuspension) error {
			_, err := o.Portal.Catalog.UpdateProduct(o.Admin, catalog.UpdateProductInput{ProductID: o.prod.GlobalID(), Status: input.SetTo(domain.Retired)})
			return err
		},
		"account": func(o deletedSuspension) error {
			_, err := o.Portal.Identity.DeleteAccount(o.Admin, o.Account.GlobalID(), nil)
			return err
		},
	} {
		for _, purged := range []bool{false, true} {
			testdb.Each(t, func(t *testing.T, url string) {
				o := mustDeletedSuspension(t, url)
				if purged {
					o.purge(t)
				}
				require.NoError(t, end(o), what)
				require.Empty(t, o.suspended(t, o.Admin))
				require.Zero(t, portaltest.Count(t, o.Client.Subscription.Query().Where(subscription.StatusEQ(access.SubscriptionSuspended))))
				kept := 1
				if purged {
					kept = 0
				}
				require.Equal(t, kept, portaltest.Count(t, o.Client.Subscription.Query().Where(subscription.ID(o.s.ID))))
				require.Equal(t, string(eventlog.SubscriptionUnregistered), o.Fixture.EventTypes(t, o.s.ID)[2])
			})
		}
	}
}
