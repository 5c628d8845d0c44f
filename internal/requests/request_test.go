package requests_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/requests"
	"portico/internal/viewer"
)

// A developer asks for two products and a key. Staff approve it as a whole; the key has no
// secret until the developer collects it, once.
func TestStory_AskApproveCollect(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		in := s.both()
		in.Environment = new(access.Staging)
		k := s.ask(t, s.Developer, in)
		require.Equal(t, domain.KeyRequestPending, k.Status)
		require.Equal(t, []uuid.UUID{s.weather.ID, s.maps.ID}, k.ProductIds)
		require.Equal(t, viewer.Current(s.Developer).UserID, *k.RequestedBy)
		require.Nil(t, k.CredentialID)
		s.requireMade(t, k, access.SubscriptionWaiting, access.SubscriptionWaiting)
		// None of its subscriptions is decided about singly.
		one := s.made(t, k)[0].GlobalID()
		for _, err := range []error{
			errOf(s.Portal.Apps.UpdateSubscriptionEndpoints(s.Developer, apps.UpdateSubscriptionEndpointsInput{SubscriptionID: one})),
			errOf(s.Portal.Apps.Unregister(s.Admin, one, nil)), errOf(s.Portal.Apps.Withdraw(s.Developer, one, nil)), errOf(s.Portal.Apps.Unregister(s.Developer, one, nil)),
		} {
			portaltest.RequireProblems(t, err, "WRONG_STATUS subscriptionId")
		}
		decided, err := s.Portal.Apps.DecideSubscriptions(s.Admin, apps.DecideSubscriptionsInput{SubscriptionIDs: []string{one}, Decision: domain.ApproveSubscription})
		require.NoError(t, err)
		require.Equal(t, fault.WrongStatus, decided[0].UserError.Code)
		portaltest.RequireProblems(t, errOf(s.Portal.Requests.Collect(s.Developer, k.GlobalID())), "WRONG_STATUS keyRequestId")

		k, err = s.approve(s.Admin, k)
		require.NoError(t, err)
		require.Equal(t, domain.KeyRequestApproved, k.Status)
		require.Equal(t, viewer.Current(s.Admin).UserID, *k.DecidedBy)
		require.True(t, s.Clock.Now().Add(7*24*time.Hour).Equal(*k.CollectUntil))
		s.requireMade(t, k, access.SubscriptionApproved, access.SubscriptionApproved)
		key := s.key(t, k)
		require.Equal(t, access.CredentialUncollected, key.Status)
		require.Equal(t, access.Staging, key.Environment)
		require.Equal(t, "Shop key", key.Name)
		require.Empty(t, *key.SecretHash)
		require.Empty(t, key.SecretHint)
		require.Equal(t, []uuid.UUID{s.weather.ID, s.maps.ID}, s.reaches(t, key.ID))
		again, err := s.approve(s.Admin, k) // which does no harm
		require.NoError(t, err)
		require.Equal(t, k.Version, again.Version)
		portaltest.RequireProblems(t, errOf(s.reject(s.Admin, k)), "WRONG_STATUS keyRequestId")
		require.Equal(t, []string{"KEY_REQUEST_CREATED", "KEY_REQUEST_APPROVED"}, s.EventTypes(t, k.ID))
		require.Equal(t, []string{"CREDENTIAL_CREATED"}, s.EventTypes(t, key.ID))

		portaltest.RequireCode(t, errOf(s.Portal.Requests.Collect(s.Admin, k.GlobalID())), fault.CodeForbidden)
		other := s.MustDeveloper(t, s.Admin, s.MustAccount(t, s.Admin, "Other"))
		portaltest.RequireCode(t, errOf(s.Portal.Requests.Collect(other, k.GlobalID())), fault.CodeNotFound)
		got, err := s.Portal.Requests.Collect(s.Developer, k.GlobalID())
		require.NoError(t, err)
		require.Equal(t, access.CredentialActive, got.Credential.Status)
		require.Equal(t, key.Username, got.Secret.Username)
		require.Equal(t, apikey.Hint(got.Secret.Password), got.Credential.SecretHint)
		require.True(t, s.Clock.Now().Equal(*got.Request.CollectedAt))
		held, ok := apikey.Parse(got.Secret.RawKey)
		require.True(t, ok)
		require.Equal(t, []uuid.UUID{got.Secret.Username, got.Secret.Password}, []uuid.UUID{held.Username, held.Password})
		found, err := s.Portal.Apps.CredentialIDByKey(s.Developer, got.Secret.RawKey)
		require.NoError(t, err)
		require.Equal(t, key.ID, found)
		portaltest.RequireProblems(t, errOf(s.Portal.Requests.Collect(s.Developer, k.GlobalID())), "WRONG_STATUS keyRequestId")
		require.Equal(t, []string{"CREDENTIAL_CREATED", "CREDENTIAL_COLLECTED"}, s.EventTypes(t, key.ID))
	})
}

// The life of a key begins when it is collected.
func TestCollect_LongestKeyLife(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		k := s.ask(t, s.Admin, s.both())
		_, err := s.Portal.Identity.UpdateOrganization(s.Admin, identity.UpdateOrganizationInput{LongestKeyLife: input.Patch[domain.KeyLife]{Set: true, Value: &domain.KeyLife{Development: new(30)}}})
		require.NoError(t, err)
		s.Clock.Advance(3 * 24 * time.Hour)
		developer := s.Enter(t, s.Client.User.GetX(s.Admin, viewer.Current(s.Developer).UserID))
		got, err := s.Portal.Requests.Collect(developer, k.GlobalID())
		require.NoError(t, err)
		require.True(t, s.Clock.Now().Add(30*24*time.Hour).Equal(*got.Credential.ExpiresAt))
	})
}

// What needs no approval is approved at once, and so is what an administrator asks for; with
// what waits, everything waits.
func TestRequestKey_AtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		in := requests.RequestKeyInput{AppID: s.app.GlobalID(), Plans: []requests.Plan{{ProductID: s.news.GlobalID()}}} // its only plan
		k := s.ask(t, s.Developer, in)
		require.Equal(t, domain.KeyRequestApproved, k.Status)
		s.requireMade(t, k, access.SubscriptionApproved)
		require.Equal(t, access.CredentialUncollected, s.key(t, k).Status)
		require.Nil(t, k.DecidedBy, "nobody has decided")
		require.Nil(t, s.made(t, k)[0].DecidedBy)
		require.Equal(t, []string{"SUBSCRIPTION_REGISTERED"}, s.EventTypes(t, s.made(t, k)[0].ID))
		// Once more: the subscription is there, and only a key is made.
		again := s.ask(t, s.Developer, in)
		require.Equal(t, domain.KeyRequestApproved, again.Status)
		s.requireMade(t, again)
		require.NotEqual(t, k.CredentialID, again.CredentialID)

		mixed := in
		mixed.AppID = s.MustApp(t, s.Developer, "Mixed").App.GlobalID()
		mixed.Plans = append(mixed.Plans, plan(s.weather, s.forecast))
		waits := s.ask(t, s.Developer, mixed)
		require.Equal(t, domain.KeyRequestPending, waits.Status)
		s.requireMade(t, waits, access.SubscriptionWaiting, access.SubscriptionWaiting)

		byAdmin := s.both()
		done := s.ask(t, s.Admin, byAdmin)
		require.Equal(t, viewer.Current(s.Admin).UserID, *done.DecidedBy)
		require.Equal(t, viewer.Current(s.Admin).UserID, *s.made(t, done)[0].DecidedBy)
		require.Equal(t, domain.KeyRequestApproved, done.Status)
		_, err := s.Portal.Requests.Collect(s.Developer, done.GlobalID())
		require.NoError(t, err)
	})
}

// Nothing is made of a request that has a fault, and each fault names its place.
func TestRequestKey_Refusals(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		retired, old := s.MustProduct(t, s.Admin, "old")
		_, err := s.Portal.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: retired.GlobalID(), Status: input.Patch[domain.ProductStatus]{Set: true, Value: new(domain.Retired)}})
		require.NoError(t, err)
		other := s.MustTenant(t, "other")
		theirs, _ := s.MustProduct(t, other.Admin, "theirs")
		key := s.MustKey(t, s.Developer, apps.GenerateKeyInput{AppID: new(s.app.GlobalID())}).Credential
		elsewhere := s.MustApp(t, s.Developer, "Elsewhere").Credential
		revoked := s.MustKey(t, s.Developer, apps.GenerateKeyInput{AppID: new(s.app.GlobalID())}).Credential
		require.NoError(t, errOf(s.Portal.Apps.RevokeKey(s.Developer, revoked.GlobalID(), nil, nil)))
		for name, c := range map[string]struct {
			change func(in *requests.RequestKeyInput)
			want   string
		}{
			"nothing":         {func(in *requests.RequestKeyInput) { in.Plans = nil }, "REQUIRED plans"},
			"twice":           {func(in *requests.RequestKeyInput) { in.Plans[1] = in.Plans[0] }, "INVALID plans.1"},
			"too many":        {func(in *requests.RequestKeyInput) { in.Plans = make([]requests.Plan, 21) }, "TOO_MANY plans"},
			"second retired":  {func(in *requests.RequestKeyInput) { in.Plans[1] = plan(retired, old) }, "UNKNOWN_REFERENCE plans.1.productId"},
			"foreign product": {func(in *requests.RequestKeyInput) { in.Plans[0].ProductID = theirs.GlobalID() }, "UNKNOWN_REFERENCE plans.0.productId"},
			"no product":      {func(in *requests.RequestKeyInput) { in.Plans[1].ProductID = "nonsense" }, "UNKNOWN_REFERENCE plans.1.productId"},
			"another's plan":  {func(in *requests.RequestKeyInput) { in.Plans[0].PlanID = new(s.tiles.GlobalID()) }, "UNKNOWN_REFERENCE plans.0.planId"},
			"unasked": {func(in *requests.RequestKeyInput) {
				in.Plans[0].Answers = []domain.AnswerInput{{Name: "x", Value: "y"}}
			}, "UNKNOWN_REFERENCE plans.0.answers.0.name"},
			"long name":        {func(in *requests.RequestKeyInput) { in.Name = new(strings.Repeat("x", 256)) }, "TOO_LONG name"},
			"removes of none":  {func(in *requests.RequestKeyInput) { in.RemoveProductIDs = []string{s.news.GlobalID()} }, "NOT_ALLOWED removeProductIds"},
			"name of existing": {func(in *requests.RequestKeyInput) { in.ExistingCredentialID = new(key.GlobalID()) }, "NOT_ALLOWED existingCredentialId"},
			"no such key":      {func(in *requests.RequestKeyInput) { in.Name, in.ExistingCredentialID = nil, new("nonsense") }, "UNKNOWN_REFERENCE existingCredentialId"},
			"another app's":    {func(in *requests.RequestKeyInput) { in.Name, in.ExistingCredentialID = nil, new(elsewhere.GlobalID()) }, "UNKNOWN_REFERENCE existingCredentialId"},
			"revoked":          {func(in *requests.RequestKeyInput) { in.Name, in.ExistingCredentialID = nil, new(revoked.GlobalID()) }, "KEY_REVOKED existingCredentialId"},
			"removes of all": {func(in *requests.RequestKeyInput) {
				in.Name, in.ExistingCredentialID, in.RemoveProductIDs = nil, new(key.GlobalID()), []string{s.news.GlobalID()}
			}, "INVALID removeProductIds"},
			"removes what it asks for": {func(in *requests.RequestKeyInput) {
				in.Name, in.ExistingCredentialID, in.RemoveProductIDs = nil, new(key.GlobalID()), []string{s.maps.GlobalID()}
			}, "INVALID removeProductIds"},
			"removes the unknown": {func(in *requests.RequestKeyInput) {
				in.Name, in.ExistingCredentialID, in.RemoveProductIDs = nil, new(key.GlobalID()), []string{theirs.GlobalID()}
			}, "UNKNOWN_REFERENCE removeProductIds.0"},
		} {
			in := s.both()
			c.change(&in)
			got, err := s.Portal.Requests.RequestKey(s.Developer, in)
			require.Nil(t, got.Request, name)
			portaltest.RequireProblems(t, err, c.want)
		}
		in := s.both()
		in.AppID = s.MustApp(t, other.Developer, "Theirs").App.GlobalID()
		portaltest.RequireCode(t, errOf(s.Portal.Requests.RequestKey(s.Developer, in)), fault.CodeNotFound)
		require.Zero(t, s.Rows(t, "key_requests"))
		require.Zero(t, s.Rows(t, "subscriptions"))

		// What is registered otherwise is in the way.
		sub := s.register(t, s.weather, s.forecast)
		other2 := s.MustPlan(t, s.Admin, s.weather, "gold")
		in = s.both()
		in.Plans[0] = plan(s.weather, other2)
		portaltest.RequireProblems(t, errOf(s.Portal.Requests.RequestKey(s.Developer, in)), "ALREADY_REGISTERED plans.0.productId")
		in.Plans[0] = plan(s.weather, s.forecast)
		in.Plans[0].Answers = []domain.AnswerInput{}
		portaltest.RequireProblems(t, errOf(s.Portal.Requests.RequestKey(s.Developer, in)), "NOT_ALLOWED plans.0.answers")
		require.NoError(t, errOf(s.Portal.Apps.Suspend(s.Admin, sub.GlobalID(), nil)))
		in.Plans[0].Answers = nil
		portaltest.RequireProblems(t, errOf(s.Portal.Requests.RequestKey(s.Developer, in)), "ALREADY_REGISTERED plans.0.productId")
	})
}

// The organization may allow developers one product at a time, and leave keys for production
// to owners.
func TestRequestKey_Policies(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		_, err := s.Portal.Identity.UpdateOrganization(s.Admin, identity.UpdateOrganizationInput{
			MultiProductRequests: input.Patch[bool]{Set: true, Value: new(false)}, CollectKeysWithinDays: input.Patch[int]{Set: true, Value: new(2)},
			ProductionKeys: input.Patch[domain.ProductionKeys]{Set: true, Value: new(domain.OwnersOnly)},
		})
		require.NoError(t, err)
		portaltest.RequireProblems(t, errOf(s.Portal.Requests.RequestKey(s.Developer, s.both())), "NOT_ALLOWED plans")
		member := s.Enter(t, s.MustUser(t, s.Admin, s.Account, domain.Member))
		one := s.both()
		one.Plans = one.Plans[:1]
		one.Environment = new(access.Production)
		portaltest.RequireCode(t, errOf(s.Portal.Requests.RequestKey(member, one)), fault.CodeForbidden)
		k := s.ask(t, s.Enter(t, s.Client.User.GetX(s.Admin, viewer.Current(s.Developer).UserID)), one)
		k, err = s.approve(s.Admin, k)
		require.NoError(t, err)
		require.True(t, s.Clock.Now().Add(2*24*time.Hour).Equal(*k.CollectUntil))
		portaltest.RequireCode(t, errOf(s.Portal.Requests.Collect(member, k.GlobalID())), fault.CodeForbidden)
		require.Equal(t, domain.KeyRequestApproved, s.ask(t, s.Admin, requests.RequestKeyInput{
			AppID: s.MustApp(t, s.Developer, "Staff's").App.GlobalID(), Plans: s.both().Plans,
		}).Status)
	})
}

// The same key with the same input makes one request.
func TestRequestKey_IdempotencyKey(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		in := s.both()
		in.IdempotencyKey = new("once")
		first, err := s.Portal.Requests.RequestKey(s.Developer, in)
		require.NoError(t, err)
		again, err := s.Portal.Requests.RequestKey(s.Developer, in)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Equal(t, first.Request.ID, again.Request.ID)
		in.Name = new("Another")
		portaltest.RequireCode(t, errOf(s.Portal.Requests.RequestKey(s.Developer, in)), fault.CodeConflict)
		require.Equal(t, 1, s.Rows(t, "key_requests"))
	})
}

// A key that exists gets products and loses others, when the request is approved.
func TestRequestKey_Existing(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		listed := s.MustKey(t, s.Developer, apps.GenerateKeyInput{AppID: new(s.app.GlobalID()), AccessControlList: []string{s.news.GlobalID()}}).Credential
		in := requests.RequestKeyInput{
			AppID: s.app.GlobalID(), Plans: s.both().Plans, ExistingCredentialID: new(listed.GlobalID()), RemoveProductIDs: []string{s.news.GlobalID()},
		}
		k := s.ask(t, s.Developer, in)
		require.True(t, k.ChangesKey)
		require.Equal(t, []uuid.UUID{s.news.ID}, s.reaches(t, listed.ID))
		k, err := s.approve(s.Admin, k)
		require.NoError(t, err)
		require.Nil(t, k.CollectUntil)
		require.Equal(t, []uuid.UUID{s.weather.ID, s.maps.ID}, s.reaches(t, listed.ID))
		require.Equal(t, []string{"CREDENTIAL_CREATED", "CREDENTIAL_UPDATED"}, s.EventTypes(t, listed.ID))
		portaltest.RequireProblems(t, errOf(s.Portal.Requests.Collect(s.Developer, k.GlobalID())), "WRONG_STATUS keyRequestId")

		// One that is revoked before the decision keeps it from being approved: nothing is half done.
		in = requests.RequestKeyInput{AppID: s.MustApp(t, s.Developer, "Second").App.GlobalID(), Plans: s.both().Plans}
		second := s.MustKey(t, s.Developer, apps.GenerateKeyInput{AppID: &in.AppID, AccessControlList: []string{s.news.GlobalID()}}).Credential
		in.ExistingCredentialID = new(second.GlobalID())
		k = s.ask(t, s.Developer, in)
		require.NoError(t, errOf(s.Portal.Apps.RevokeKey(s.Developer, second.GlobalID(), nil, nil)))
		portaltest.RequireProblems(t, errOf(s.approve(s.Admin, k)), "KEY_REVOKED keyRequestId")
		s.requireMade(t, k, access.SubscriptionWaiting, access.SubscriptionWaiting)
		require.NoError(t, errOf(s.reject(s.Admin, k)))
		s.requireMade(t, k, access.SubscriptionRejected, access.SubscriptionRejected)
	})
}

// The answers to the forms go with the subscriptions, and stay with those that an update
// leaves as they are.
func TestUpdate(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		form := []domain.Question{{Name: "why", Label: "Why?", Kind: domain.QuestionText, Required: true}}
		require.NoError(t, errOf(s.Portal.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: s.weather.GlobalID(), RequestForm: input.Patch[[]domain.Question]{Set: true, Value: &form}})))
		in := s.both()
		portaltest.RequireProblems(t, errOf(s.Portal.Requests.RequestKey(s.Developer, in)), "REQUIRED plans.0.answers")
		in.Plans[0].Answers = []domain.AnswerInput{{Name: "why", Value: "Rain."}}
		k := s.ask(t, s.Developer, in)
		update := func(in requests.UpdateInput) (*db.KeyRequest, error) {
			in.KeyRequestID = k.GlobalID()
			return s.Portal.Requests.Update(s.Developer, in)
		}
		plans := func(all ...requests.Plan) input.Patch[[]requests.Plan] {
			return input.Patch[[]requests.Plan]{Set: true, Value: &all}
		}
		after, err := update(requests.UpdateInput{Plans: plans(plan(s.weather, s.forecast), plan(s.news, s.daily)), Name: input.Patch[string]{Set: true, Value: new("New")}})
		require.NoError(t, err)
		require.Equal(t, "New", after.Name)
		require.Equal(t, k.Version+1, after.Version)
		require.Equal(t, []uuid.UUID{s.weather.ID, s.news.ID}, after.ProductIds)
		s.requireMade(t, k, access.SubscriptionWaiting, access.SubscriptionWaiting)
		same, err := update(requests.UpdateInput{Plans: plans(plan(s.news, s.daily), plan(s.weather, s.forecast)), Name: input.Patch[string]{Set: true, Value: new("New")}})
		require.NoError(t, err)
		require.Equal(t, after.Version, same.Version, "nothing differs")
		require.Equal(t, "Rain.", s.made(t, k)[0].Answers.Answers[0].Value)
		portaltest.RequireCode(t, errOf(update(requests.UpdateInput{Version: &k.Version})), fault.CodeConflict)
		portaltest.RequireCode(t, errOf(s.Portal.Requests.Approve(s.Admin, requests.DecideInput{KeyRequestID: k.GlobalID(), Version: &k.Version})), fault.CodeConflict)

		better := plan(s.weather, s.forecast)
		better.Answers = []domain.AnswerInput{{Name: "why", Value: "Snow."}}
		_, err = update(requests.UpdateInput{Plans: plans(better)})
		require.NoError(t, err)
		s.requireMade(t, k, access.SubscriptionWaiting)
		require.Equal(t, "Snow.", s.made(t, k)[0].Answers.Answers[0].Value)
		portaltest.RequireProblems(t, errOf(update(requests.UpdateInput{RemoveProductIDs: input.Patch[[]string]{Set: true, Value: &[]string{s.news.GlobalID()}}})), "NOT_ALLOWED removeProductIds")
		portaltest.RequireCode(t, errOf(s.Portal.Requests.Update(s.Admin, requests.UpdateInput{KeyRequestID: k.GlobalID()})), fault.CodeForbidden)

		// What is left needs no approval: it is approved at once.
		done, err := update(requests.UpdateInput{Plans: plans(plan(s.news, s.daily))})
		require.NoError(t, err)
		require.Equal(t, domain.KeyRequestApproved, done.Status)
		require.Equal(t, []uuid.UUID{s.news.ID}, s.reaches(t, s.key(t, done).ID))
		require.Nil(t, done.DecidedBy)
		require.Nil(t, s.made(t, done)[0].DecidedBy)
		portaltest.RequireProblems(t, errOf(update(requests.UpdateInput{})), "WRONG_STATUS keyRequestId")
	})
}

// What could never be approved is refused when the request is changed, too.
func TestUpdate_Existing(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		all := s.MustKey(t, s.Developer, apps.GenerateKeyInput{AppID: new(s.app.GlobalID())}).Credential
		k := s.ask(t, s.Developer, requests.RequestKeyInput{AppID: s.app.GlobalID(), Plans: s.both().Plans, ExistingCredentialID: new(all.GlobalID())})
		remove := func() error {
			return errOf(s.Portal.Requests.Update(s.Developer, requests.UpdateInput{KeyRequestID: k.GlobalID(), RemoveProductIDs: input.SetTo([]string{s.news.GlobalID()})}))
		}
		portaltest.RequireProblems(t, remove(), "INVALID removeProductIds")
		require.NoError(t, errOf(s.Portal.Apps.RevokeKey(s.Developer, all.GlobalID(), nil, nil)))
		portaltest.RequireProblems(t, remove(), "KEY_REVOKED keyRequestId")
		require.Equal(t, []string{"KEY_REQUEST_CREATED"}, s.EventTypes(t, k.ID))
	})
}

// A subscription that the key needs, and that has ended meanwhile, keeps the request from being
// approved.
func TestApprove_WithoutASubscription(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		had := s.register(t, s.news, s.daily)
		in := s.both()
		in.Plans = append(in.Plans, plan(s.news, s.daily))
		k := s.ask(t, s.Developer, in)
		require.NoError(t, errOf(s.Portal.Apps.Unregister(s.Admin, had.GlobalID(), nil)))
		portaltest.RequireProblems(t, errOf(s.approve(s.Admin, k)), "WRONG_STATUS keyRequestId")
		s.requireMade(t, k, access.SubscriptionWaiting, access.SubscriptionWaiting)
		require.Equal(t, domain.KeyRequestPending, s.now(t, k).Status)
	})
}
