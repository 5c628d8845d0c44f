package requests_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/portal/portaltest"
	"portico/internal/requests"
)

const day = 24 * time.Hour

// A developer takes a request back, and staff refuse one; both end its subscriptions. What is
// closed can be left out of lists, and what is open cannot.
func TestWithdrawRejectDelete(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		list := func(f requests.Filter) (ids []string) {
			page, err := s.Portal.Requests.KeyRequests(s.Developer, f, listing.Order{}, listing.Request{})
			require.NoError(t, err)
			for _, k := range page.Nodes {
				ids = append(ids, k.GlobalID())
			}
			return ids
		}
		back := s.ask(t, s.Developer, s.both())
		portaltest.RequireProblems(t, errOf(s.Portal.Requests.Delete(s.Developer, back.GlobalID())), "WRONG_STATUS keyRequestId")
		portaltest.RequireCode(t, errOf(s.Portal.Requests.Withdraw(s.Admin, back.GlobalID(), nil)), fault.CodeForbidden)
		portaltest.RequireCode(t, errOf(s.approve(s.Developer, back)), fault.CodeForbidden)
		back, err := s.Portal.Requests.Withdraw(s.Developer, back.GlobalID(), new("Not needed."))
		require.NoError(t, err)
		require.Equal(t, domain.KeyRequestWithdrawn, back.Status)
		require.Equal(t, "Not needed.", back.Reason)
		s.requireMade(t, back, access.SubscriptionEnded, access.SubscriptionEnded)
		for _, err := range []error{errOf(s.approve(s.Admin, back)), errOf(s.reject(s.Admin, back)), errOf(s.Portal.Requests.Withdraw(s.Developer, back.GlobalID(), nil))} {
			portaltest.RequireProblems(t, err, "WRONG_STATUS keyRequestId")
		}

		refused := s.ask(t, s.Developer, s.both())
		for _, reason := range []*string{nil, new(""), new("  ")} {
			_, err := s.Portal.Requests.Reject(s.Admin, requests.DecideInput{KeyRequestID: refused.GlobalID(), Reason: reason})
			portaltest.RequireProblems(t, err, "REQUIRED reason")
		}
		refused, err = s.reject(s.Admin, refused)
		require.NoError(t, err)
		require.Equal(t, domain.KeyRequestRejected, refused.Status)
		s.requireMade(t, refused, access.SubscriptionRejected, access.SubscriptionRejected)
		require.Equal(t, []string{back.GlobalID(), refused.GlobalID()}, list(requests.Filter{}))
		require.Equal(t, []string{refused.GlobalID()}, list(requests.Filter{Status: []domain.KeyRequestStatus{domain.KeyRequestRejected}, ProductIDs: []string{s.maps.GlobalID()}}))
		require.Empty(t, list(requests.Filter{PlanIDs: []string{s.daily.GlobalID()}}))
		counts, err := s.Portal.Requests.Count(s.Developer, requests.Filter{})
		require.NoError(t, err)
		require.Equal(t, &requests.Counts{Total: 2, Withdrawn: 1, Rejected: 1}, counts)

		for range 2 {
			id, err := s.Portal.Requests.Delete(s.Developer, back.GlobalID())
			require.NoError(t, err)
			require.Equal(t, back.GlobalID(), id)
		}
		require.Equal(t, []string{refused.GlobalID()}, list(requests.Filter{}))
		require.Equal(t, []string{back.GlobalID(), refused.GlobalID()}, list(requests.Filter{Deleted: true}))
		require.Equal(t, []string{"KEY_REQUEST_CREATED", "KEY_REQUEST_WITHDRAWN", "KEY_REQUEST_DELETED"}, s.EventTypes(t, back.ID))
	})
}

// An approver decides about requests that ask for no product but the approver's own; all
// others are unknown, also while one of their products is.
func TestApprover(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		one := s.Enter(t, s.MustApprover(t, s.Admin, s.weather))
		all := s.Enter(t, s.MustApprover(t, s.Admin, s.weather, s.maps))
		k := s.ask(t, s.Developer, s.both())
		portaltest.RequireCode(t, errOf(s.approve(one, k)), fault.CodeNotFound)
		portaltest.RequireCode(t, errOf(s.reject(one, k)), fault.CodeNotFound)
		weather := s.made(t, k)[0]
		portaltest.RequireProblems(t, errOf(s.Portal.Apps.Unregister(s.Admin, weather.GlobalID(), nil)), "WRONG_STATUS subscriptionId")
		decided, err := s.Portal.Apps.DecideSubscriptions(one, apps.DecideSubscriptionsInput{SubscriptionIDs: []string{weather.GlobalID()}, Decision: domain.ApproveSubscription})
		require.NoError(t, err)
		require.Equal(t, fault.WrongStatus, decided[0].UserError.Code)
		for as, want := range map[bool]int{false: 0, true: 1} {
			who := one
			if as {
				who = all
			}
			page, err := s.Portal.Requests.KeyRequests(who, requests.Filter{}, listing.Order{}, listing.Request{})
			require.NoError(t, err)
			require.Len(t, page.Nodes, want)
		}
		// What it asks for no more shuts nobody out.
		onlyWeather := []requests.Plan{plan(s.weather, s.forecast)}
		own := s.ask(t, s.Developer, requests.RequestKeyInput{AppID: s.MustApp(t, s.Developer, "Own").App.GlobalID(), Plans: s.both().Plans})
		portaltest.RequireCode(t, errOf(s.approve(one, own)), fault.CodeNotFound)
		require.NoError(t, errOf(s.Portal.Requests.Update(s.Developer, requests.UpdateInput{KeyRequestID: own.GlobalID(), Plans: input.SetTo(onlyWeather)})))
		require.NoError(t, errOf(s.approve(one, own)))

		k, err = s.approve(all, k)
		require.NoError(t, err)
		require.Equal(t, domain.KeyRequestApproved, k.Status)
		s.requireMade(t, k, access.SubscriptionApproved, access.SubscriptionApproved)
		require.Equal(t, access.CredentialUncollected, s.key(t, k).Status)
		portaltest.RequireCode(t, errOf(s.Portal.Requests.Collect(all, k.GlobalID())), fault.CodeForbidden)
	})
}

// Nobody decides in time: the request expires with its subscriptions, as a whole.
func TestExpireUndecided(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		_, err := s.Portal.Identity.UpdateOrganization(s.Admin, identity.UpdateOrganizationInput{RequestsExpireAfterDays: input.Patch[int]{Set: true, Value: new(3)}})
		require.NoError(t, err)
		k := s.ask(t, s.Developer, s.both())
		s.Clock.Advance(3*day - time.Second)
		expire := func(want int) {
			n, err := s.Portal.Maintenance.ExpireRequests(t.Context())
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		expire(0)
		s.Clock.Advance(time.Second)
		expire(1)
		expire(0)
		now := s.now(t, k)
		require.Equal(t, domain.KeyRequestExpired, now.Status)
		require.Equal(t, "Nobody decided within 3 days.", now.Reason)
		require.Nil(t, now.DecidedBy)
		s.requireMade(t, k, access.SubscriptionRejected, access.SubscriptionRejected)
		require.Equal(t, []string{"SUBSCRIPTION_REGISTERED", "SUBSCRIPTION_EXPIRED"}, s.EventTypes(t, s.made(t, k)[0].ID))
	})
}

// Nobody collects the key in time: it is revoked, and can be asked for again.
func TestExpireUncollected(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		k := s.ask(t, s.Admin, s.both())
		expire := func(want int) {
			n, err := s.Portal.Maintenance.ExpireUncollected(t.Context())
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		s.Clock.Advance(7*day - time.Second)
		expire(0)
		s.Clock.Advance(time.Second)
		portaltest.RequireProblems(t, errOf(s.Portal.Requests.Collect(s.Developer, k.GlobalID())), "WRONG_STATUS keyRequestId") // before the job, too
		expire(1)
		expire(0)
		now, key := s.now(t, k), s.key(t, k)
		require.Equal(t, domain.KeyRequestExpired, now.Status)
		require.Equal(t, "Nobody collected the key in time.", now.Reason)
		require.Equal(t, access.CredentialRevoked, key.Status)
		require.Equal(t, domain.Unspecified, *key.RevokedReason)
		s.requireMade(t, k, access.SubscriptionApproved, access.SubscriptionApproved)
		require.Equal(t, []string{"KEY_REQUEST_CREATED", "KEY_REQUEST_APPROVED", "KEY_REQUEST_EXPIRED"}, s.EventTypes(t, k.ID))

		again := s.ask(t, s.Developer, s.both()) // which needs no decision: the app has the subscriptions
		require.Equal(t, domain.KeyRequestApproved, again.Status)
		got, err := s.Portal.Requests.Collect(s.Developer, again.GlobalID())
		require.NoError(t, err)
		s.Clock.Advance(8 * day)
		expire(0)
		require.Equal(t, access.CredentialActive, s.Client.Credential.GetX(s.Admin, got.Credential.ID).Status)

		// One that was revoked by hand cannot be collected, and is closed.
		third := s.ask(t, s.Developer, s.both())
		require.NoError(t, errOf(s.Portal.Apps.RevokeKey(s.Developer, s.key(t, third).GlobalID(), nil, nil)))
		portaltest.RequireProblems(t, errOf(s.Portal.Requests.Collect(s.Developer, third.GlobalID())), "WRONG_STATUS keyRequestId")
		require.NoError(t, errOf(s.Portal.Requests.Delete(s.Developer, third.GlobalID())))
		s.Clock.Advance(7 * day)
		expire(1)
		require.Equal(t, "The key was revoked before anybody collected it.", s.now(t, third).Reason)
	})
}

// An uncollected key can be revoked, and nothing else.
func TestUncollectedKey(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		key := s.key(t, s.ask(t, s.Admin, s.both()))
		for _, err := range []error{
			errOf(s.Portal.Apps.UpdateKey(s.Developer, apps.UpdateKeyInput{CredentialID: key.GlobalID(), Name: input.Patch[string]{Set: true, Value: new("x")}})),
			errOf(s.Portal.Apps.RotateKey(s.Developer, apps.RotateKeyInput{CredentialID: key.GlobalID()})),
			errOf(s.Portal.Apps.DisableKey(s.Admin, key.GlobalID(), nil)),
			errOf(s.Portal.Apps.EnableKey(s.Admin, key.GlobalID(), nil)),
		} {
			portaltest.RequireProblems(t, err, "WRONG_STATUS credentialId")
		}
		counts, err := s.Portal.Apps.KeyCountsOfApps(s.Developer, []uuid.UUID{s.app.ID})
		require.NoError(t, err)
		require.Equal(t, &apps.KeyCounts{Total: 2, Active: 1, Uncollected: 1}, counts[s.app.ID])
		page, err := s.Portal.Apps.Credentials(s.Developer, apps.CredentialFilter{Status: []access.CredentialStatus{access.CredentialUncollected}}, listing.Order{}, listing.Request{})
		require.NoError(t, err)
		require.Len(t, page.Nodes, 1)
		page, err = s.Portal.Apps.Credentials(s.Developer, apps.CredentialFilter{Status: []access.CredentialStatus{access.CredentialRevoked}}, listing.Order{}, listing.Request{})
		require.NoError(t, err)
		require.Empty(t, page.Nodes)
	})
}

// Where the key is gone, as the purge of its app leaves it, there is none to collect.
func TestCollect_KeyIsGone(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		k := s.ask(t, s.Admin, s.both())
		s.Client.KeyRequest.UpdateOneID(k.ID).ClearCredentialID().ExecX(s.Admin)
		portaltest.RequireProblems(t, errOf(s.Portal.Requests.Collect(s.Developer, k.GlobalID())), "WRONG_STATUS keyRequestId")
	})
}

// What a request depends on ends: so does the request, and nothing of it is left.
func TestEndsWithWhatItDependsOn(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		retire := func(p *db.Product) {
			_, err := s.Portal.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: p.GlobalID(), Status: input.Patch[domain.ProductStatus]{Set: true, Value: new(domain.Retired)}})
			require.NoError(t, err)
		}
		k := s.ask(t, s.Developer, s.both())
		deleted := s.ask(t, s.Admin, requests.RequestKeyInput{AppID: s.app.GlobalID(), Plans: []requests.Plan{plan(s.news, s.daily)}})
		require.NoError(t, errOf(s.Portal.Apps.DeleteApp(s.Developer, s.app.GlobalID(), nil)))
		require.Equal(t, domain.KeyRequestWithdrawn, s.now(t, k).Status)
		s.requireMade(t, k, access.SubscriptionEnded, access.SubscriptionEnded)
		require.Equal(t, access.CredentialRevoked, s.key(t, s.now(t, deleted)).Status)
		portaltest.RequireProblems(t, errOf(s.approve(s.Admin, k)), "WRONG_STATUS keyRequestId")
		portaltest.RequireProblems(t, errOf(s.Portal.Requests.Collect(s.Developer, deleted.GlobalID())), "WRONG_STATUS keyRequestId")

		s.app = s.MustApp(t, s.Developer, "Again").App
		k = s.ask(t, s.Developer, s.both())
		uninvolved := s.ask(t, s.Developer, requests.RequestKeyInput{AppID: s.MustApp(t, s.Developer, "Third").App.GlobalID(), Plans: []requests.Plan{plan(s.maps, s.tiles)}})
		retire(s.weather)
		require.Equal(t, domain.KeyRequestRejected, s.now(t, k).Status)
		require.Contains(t, s.now(t, k).Reason, s.weather.Title)
		s.requireMade(t, k, access.SubscriptionEnded, access.SubscriptionRejected)
		require.Equal(t, domain.KeyRequestPending, s.now(t, uninvolved).Status)
		// What a request asks for no more does not end it; what it needs without having asked does.
		snow, flakes := s.MustProduct(t, s.Admin, "snow")
		s.register(t, s.news, s.daily)
		changed := s.ask(t, s.Developer, requests.RequestKeyInput{AppID: s.app.GlobalID(), Plans: []requests.Plan{plan(s.news, s.daily), plan(snow, flakes), plan(s.maps, s.tiles)}})
		plans := []requests.Plan{plan(s.maps, s.tiles), plan(s.news, s.daily)}
		require.NoError(t, errOf(s.Portal.Requests.Update(s.Developer, requests.UpdateInput{KeyRequestID: changed.GlobalID(), Plans: input.SetTo(plans)})))
		retire(snow)
		require.Equal(t, domain.KeyRequestPending, s.now(t, changed).Status)
		retire(s.news)
		require.Equal(t, domain.KeyRequestRejected, s.now(t, changed).Status)

		require.NoError(t, errOf(s.Portal.Identity.DeleteAccount(s.Admin, s.Account.GlobalID(), nil)))
		require.Equal(t, domain.KeyRequestWithdrawn, s.now(t, uninvolved).Status)
		s.Clock.Advance(31 * day)
		_, err := s.Portal.Maintenance.Purge(t.Context())
		require.NoError(t, err)
		require.Zero(t, s.Rows(t, "key_requests"))
		require.Zero(t, s.Rows(t, "subscriptions"))
		require.Zero(t, s.Rows(t, "credentials"))
	})
}

// With a transfer, what is not decided about is taken back, and what nobody has collected is
// revoked: neither was for the new account.
func TestTransfer(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		account := s.MustAccount(t, s.Admin, "Buyer")
		buyer := s.MustDeveloper(t, s.Admin, account)
		k := s.ask(t, s.Developer, s.both())
		made := s.ask(t, s.Developer, requests.RequestKeyInput{AppID: s.app.GlobalID(), Plans: []requests.Plan{plan(s.news, s.daily)}})
		offer, err := s.Portal.Apps.TransferApp(s.Developer, apps.TransferAppInput{AppID: s.app.GlobalID(), ToAccountID: account.GlobalID()})
		require.NoError(t, err)
		subs := s.made(t, k)
		require.NoError(t, errOf(s.Portal.Apps.AcceptAppTransfer(buyer, offer.Transfer.GlobalID())))
		require.Equal(t, domain.KeyRequestWithdrawn, s.now(t, k).Status)
		require.Equal(t, s.Account.ID, s.now(t, k).AccountID)
		// The former account learns which account that was, and none of its people.
		require.Nil(t, s.now(t, k).DecidedBy)
		for _, of := range []uuid.UUID{k.ID, subs[0].ID, *made.CredentialID} {
			e := s.Client.Event.Query().Where(event.SubjectID(of)).Order(db.Desc(event.FieldPosition)).FirstX(portaltest.System(t))
			require.Nil(t, e.ActorID, e.Type)
			require.Equal(t, "Buyer", e.ActorName, e.Type)
		}
		for _, one := range subs {
			now := s.Client.Subscription.GetX(buyer, one.ID)
			require.Equal(t, access.SubscriptionEnded, now.Status)
			require.Nil(t, now.KeyRequestID)
		}
		require.Equal(t, access.CredentialRevoked, s.key(t, s.now(t, made)).Status)
		for _, as := range []struct {
			err  error
			code fault.Code
		}{{errOf(s.Portal.Requests.Collect(buyer, made.GlobalID())), fault.CodeNotFound}, {errOf(s.Portal.Requests.Delete(buyer, k.GlobalID())), fault.CodeNotFound}} {
			portaltest.RequireCode(t, as.err, as.code)
		}
		portaltest.RequireProblems(t, errOf(s.Portal.Requests.Collect(s.Developer, made.GlobalID())), "WRONG_STATUS keyRequestId")
		require.NoError(t, errOf(s.Portal.Requests.Delete(s.Developer, made.GlobalID())))
	})
}

// A product whose time has come is retired to who decides, before the job has said so.
func TestApprove_AfterTheRetirement(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		k := s.ask(t, s.Developer, s.both())
		at := s.Clock.Now().Add(time.Hour)
		require.NoError(t, errOf(s.Portal.Catalog.RetireProduct(s.Admin, catalog.RetireProductInput{ProductID: s.maps.GlobalID(), At: &at})))
		s.Clock.Advance(time.Hour)
		portaltest.RequireProblems(t, errOf(s.approve(s.Admin, k)), "WRONG_STATUS keyRequestId")
		require.Equal(t, domain.KeyRequestPending, s.now(t, k).Status)
		require.NoError(t, s.Portal.Maintenance.EndProducts(t.Context(), func(catalog.EndingStep) {}))
		require.Equal(t, domain.KeyRequestRejected, s.now(t, k).Status)
		for _, one := range s.made(t, k) { // whoever decides about one product alone learns of no other
			require.NotContains(t, one.Reason, s.maps.Title)
		}
	})
}
