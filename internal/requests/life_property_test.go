package requests_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/requests"
	"portico/internal/testdb"
)

// The small model: what is expected of the requests of one account. It is written by hand
// beside the services and their tables, and knows neither of them.
type (
	lifeRequest struct {
		id     string
		app    *lifeApp
		status domain.KeyRequestStatus
		// products are all that it asks for, sorted.
		products []int
		// waits are the products whose subscriptions wait with it.
		waits []int
		// key is the state of the key that it has made; "" for none.
		key   access.CredentialStatus
		asked time.Time
		until time.Time // of collecting
		// collected is set if somebody had its secret.
		collected, deleted bool
		events             int
	}
	lifeApp struct {
		id   string
		gone bool
		// uses is the state of the live subscription to each product; "" for none.
		uses [3]access.SubscriptionStatus
	}
)

// life is a world in which random people give random commands.
type life struct {
	*scene
	t        *testing.T
	owner    *db.User
	narrow   *db.User // approves the first product alone
	products [3]*db.Product
	plans    [3]*db.Plan
	apps     []*lifeApp
	all      []*lifeRequest
}

// Whatever random people do with requests for keys, in whatever order: each command ends as
// the model says; no approved request is without its key; what waits of a request waits with
// it alone; and each change of a request has its one event, while what changes nothing has
// none.
func TestLife_AnySequence(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := newScene(t, portaltest.New(t, url))
		_, err := s.Portal.Identity.UpdateOrganization(s.Admin, identity.UpdateOrganizationInput{RequestsExpireAfterDays: input.SetTo(2), CollectKeysWithinDays: input.SetTo(1)})
		require.NoError(t, err)
		narrow := s.MustApprover(t, s.Admin, s.weather)
		rapid.Check(t, func(r *rapid.T) {
			l := &life{scene: s, t: t, products: [3]*db.Product{s.weather, s.maps, s.news}, plans: [3]*db.Plan{s.forecast, s.tiles, s.daily}}
			account := s.MustAccount(t, s.Admin, "Account "+uuid.NewString())
			l.narrow = narrow
			l.owner = s.MustUser(t, s.Admin, account, domain.Owner)
			for _, name := range []string{"One", "Two"} {
				l.apps = append(l.apps, &lifeApp{id: s.MustApp(t, l.developer(), name).App.GlobalID()})
			}
			r.Repeat(map[string]func(*rapid.T){
				"ask": l.ask, "update": l.update, "withdraw": l.withdraw, "approve": l.approveOne, "reject": l.rejectOne, "collect": l.collect,
				"delete": l.delete, "revoke": l.revoke, "delete app": l.deleteApp, "single": l.decideSingly, "time": l.pass, "": l.check,
			})
		})
	})
}

// developer signs in anew, because time passes.
func (l *life) developer() context.Context { return l.Enter(l.t, l.owner) }

// some draws a request; it skips the command if there is none.
func (l *life) some(r *rapid.T) *lifeRequest {
	if len(l.all) == 0 {
		r.Skip("there is none")
	}
	return rapid.SampledFrom(l.all).Draw(r, "request")
}

// draw draws 1–3 products.
func (l *life) draw(r *rapid.T) (products []int, plans []requests.Plan) {
	products = rapid.SliceOfNDistinct(rapid.IntRange(0, 2), 1, 3, rapid.ID[int]).Draw(r, "products")
	for _, p := range products {
		plans = append(plans, plan(l.products[p], l.plans[p]))
	}
	return products, plans
}

// ended requires an error if the command was not to succeed, and none else.
func (l *life) ended(err error, allowed bool) {
	l.t.Helper()
	if !allowed {
		require.Error(l.t, err)
		return
	}
	require.NoError(l.t, err)
}

func (l *life) ask(r *rapid.T) {
	a := rapid.SampledFrom(l.apps).Draw(r, "app")
	products, plans := l.draw(r)
	staff := rapid.Bool().Draw(r, "staff")
	as := l.developer()
	if staff {
		as = l.Admin
	}
	got, err := l.Portal.Requests.RequestKey(as, requests.RequestKeyInput{AppID: a.id, Plans: plans})
	possible := !a.gone
	for _, p := range products {
		possible = possible && a.uses[p] != access.SubscriptionWaiting
	}
	l.ended(err, possible)
	if !possible {
		return
	}
	slices.Sort(products)
	k := &lifeRequest{id: got.Request.GlobalID(), app: a, products: products, status: domain.KeyRequestPending, asked: l.Clock.Now(), events: 1}
	l.all = append(l.all, k)
	l.wants(k, products)
	if staff || !l.needsDecision(k) {
		l.approved(k)
	}
}

// wants lets a request wait for the products that its app does not use.
func (l *life) wants(k *lifeRequest, products []int) {
	for _, p := range k.waits {
		k.app.uses[p] = ""
	}
	k.waits = nil
	for _, p := range products {
		if k.app.uses[p] == "" {
			k.app.uses[p] = access.SubscriptionWaiting
			k.waits = append(k.waits, p)
		}
	}
}

// needsDecision reports whether a product that it waits for is not automatic.
func (l *life) needsDecision(k *lifeRequest) bool {
	return slices.ContainsFunc(k.waits, func(p int) bool { return p < 2 })
}

func (l *life) approved(k *lifeRequest) {
	k.status, k.key, k.until = domain.KeyRequestApproved, access.CredentialUncollected, l.Clock.Now().Add(day)
	k.events++
	for _, p := range k.waits {
		k.app.uses[p] = access.SubscriptionApproved
	}
	k.waits = nil
}

// closed ends a request that waits.
func (l *life) closed(k *lifeRequest, s domain.KeyRequestStatus) {
	for _, p := range k.waits {
		k.app.uses[p] = ""
	}
	k.status, k.waits = s, nil
	k.events++
}

func (l *life) update(r *rapid.T) {
	k := l.some(r)
	products, plans := l.draw(r)
	_, err := l.Portal.Requests.Update(l.developer(), requests.UpdateInput{KeyRequestID: k.id, Plans: input.SetTo(plans)})
	possible := k.status == domain.KeyRequestPending
	for _, p := range products {
		possible = possible && (k.app.uses[p] != access.SubscriptionWaiting || slices.Contains(k.waits, p))
	}
	l.ended(err, possible)
	if !possible {
		return
	}
	if slices.Sort(products); !slices.Equal(products, k.products) {
		k.products = products
		k.events++
	}
	if l.wants(k, products); !l.needsDecision(k) {
		l.approved(k)
	}
}

func (l *life) withdraw(r *rapid.T) {
	k := l.some(r)
	_, err := l.Portal.Requests.Withdraw(l.developer(), k.id, nil)
	l.ended(err, k.status == domain.KeyRequestPending)
	if err == nil {
		l.closed(k, domain.KeyRequestWithdrawn)
	}
}

func (l *life) approveOne(r *rapid.T) {
	k := l.some(r)
	if l.stranger(r, k) {
		return
	}
	_, err := l.Portal.Requests.Approve(l.Admin, requests.DecideInput{KeyRequestID: k.id})
	l.ended(err, k.status == domain.KeyRequestPending || k.status == domain.KeyRequestApproved)
	if k.status == domain.KeyRequestPending {
		l.approved(k)
	}
}

// stranger may let an approver of the first product alone decide, who does not know requests
// that ask for others; it reports whether that was the command.
func (l *life) stranger(r *rapid.T, k *lifeRequest) bool {
	if rapid.IntRange(0, 3).Draw(r, "by") > 0 || len(k.waits) == 1 && k.waits[0] == 0 || k.status != domain.KeyRequestPending {
		return false
	}
	as := l.Enter(l.t, l.narrow)
	portaltest.RequireCode(l.t, errOf(l.Portal.Requests.Approve(as, requests.DecideInput{KeyRequestID: k.id})), fault.CodeNotFound)
	portaltest.RequireCode(l.t, errOf(l.Portal.Requests.Reject(as, requests.DecideInput{KeyRequestID: k.id, Reason: new("No.")})), fault.CodeNotFound)
	return true
}

func (l *life) rejectOne(r *rapid.T) {
	k := l.some(r)
	_, err := l.Portal.Requests.Reject(l.Admin, requests.DecideInput{KeyRequestID: k.id, Reason: new("No.")})
	l.ended(err, k.status == domain.KeyRequestPending)
	if err == nil {
		l.closed(k, domain.KeyRequestRejected)
	}
}

// collectable reports whether the key of a request waits to be collected.
func (l *life) collectable(k *lifeRequest) bool {
	return k.status == domain.KeyRequestApproved && k.key == access.CredentialUncollected && l.Clock.Now().Before(k.until)
}

func (l *life) collect(r *rapid.T) {
	k := l.some(r)
	got, err := l.Portal.Requests.Collect(l.developer(), k.id)
	l.ended(err, l.collectable(k))
	require.Equal(l.t, err == nil, got.Secret != nil)
	if err == nil {
		k.key, k.collected = access.CredentialActive, true
	}
}

func (l *life) delete(r *rapid.T) {
	k := l.some(r)
	_, err := l.Portal.Requests.Delete(l.developer(), k.id)
	l.ended(err, k.status != domain.KeyRequestPending && !l.collectable(k))
	if err == nil && !k.deleted {
		k.deleted = true
		k.events++
	}
}

func (l *life) revoke(r *rapid.T) {
	k := l.some(r)
	if k.key == "" || k.app.gone {
		r.Skip("it has no key")
	}
	require.NoError(l.t, errOf(l.Portal.Apps.RevokeKey(l.developer(), l.key(l.t, l.stored(k)).GlobalID(), nil, nil)))
	k.key = access.CredentialRevoked
}

func (l *life) deleteApp(r *rapid.T) {
	a := rapid.SampledFrom(l.apps).Draw(r, "app")
	_, err := l.Portal.Apps.DeleteApp(l.developer(), a.id, nil)
	l.ended(err, !a.gone)
	a.gone = true
	for _, k := range l.all {
		if k.app == a && k.status == domain.KeyRequestPending {
			l.closed(k, domain.KeyRequestWithdrawn)
		}
		if k.app == a && k.key != "" {
			k.key = access.CredentialRevoked
		}
	}
}

// decideSingly tries to decide about a subscription that waits with its request.
func (l *life) decideSingly(r *rapid.T) {
	k := l.some(r)
	waiting := l.waiting(k)
	if len(waiting) == 0 {
		r.Skip("nothing waits")
	}
	id := rapid.SampledFrom(waiting).Draw(r, "subscription").GlobalID()
	portaltest.RequireProblems(l.t, errOf(l.Portal.Apps.Unregister(l.Admin, id, nil)), "WRONG_STATUS subscriptionId")
	portaltest.RequireProblems(l.t, errOf(l.Portal.Apps.Withdraw(l.developer(), id, nil)), "WRONG_STATUS subscriptionId")
	portaltest.RequireProblems(l.t, errOf(l.Portal.Apps.UpdateSubscriptionEndpoints(l.developer(), apps.UpdateSubscriptionEndpointsInput{SubscriptionID: id})), "WRONG_STATUS subscriptionId")
	decided, err := l.Portal.Apps.DecideSubscriptions(l.Admin, apps.DecideSubscriptionsInput{SubscriptionIDs: []string{id}, Decision: domain.ApproveSubscription})
	require.NoError(l.t, err)
	require.NotNil(l.t, decided[0].UserError)
}

// pass lets half a day pass, and the jobs run.
func (l *life) pass(*rapid.T) {
	l.Clock.Advance(day / 2)
	_, err := l.Portal.Maintenance.ExpireRequests(l.t.Context())
	require.NoError(l.t, err)
	_, err = l.Portal.Maintenance.ExpireUncollected(l.t.Context())
	require.NoError(l.t, err)
	now := l.Clock.Now()
	for _, k := range l.all {
		switch {
		case k.status == domain.KeyRequestPending && !now.Before(k.asked.Add(2*day)):
			l.closed(k, domain.KeyRequestExpired)
		case k.status == domain.KeyRequestApproved && !k.collected && !now.Before(k.until):
			k.status, k.key = domain.KeyRequestExpired, access.CredentialRevoked
			k.events++
		}
	}
}

func (l *life) stored(k *lifeRequest) *db.KeyRequest {
	id, err := input.DecodeID(nodeid.KeyRequest, k.id)
	require.NoError(l.t, err)
	return l.Client.KeyRequest.GetX(portaltest.System(l.t), id)
}

func (l *life) waiting(k *lifeRequest) []*db.Subscription {
	return l.Client.Subscription.Query().Where(subscription.KeyRequestID(l.stored(k).ID), subscription.StatusEQ(access.SubscriptionWaiting)).AllX(portaltest.System(l.t))
}

// check compares what is stored with the model.
func (l *life) check(*rapid.T) {
	for _, k := range l.all {
		got := l.stored(k)
		require.Equal(l.t, k.status, got.Status)
		require.Equal(l.t, k.deleted, got.HiddenAt != nil)
		require.Equal(l.t, k.events, portaltest.Count(l.t, l.Client.Event.Query().Where(event.SubjectID(got.ID))))
		require.Len(l.t, l.waiting(k), len(k.waits))
		require.Equal(l.t, k.key != "", got.CredentialID != nil)
		if k.key != "" {
			key := l.key(l.t, got)
			require.Equal(l.t, k.key, key.Status)
			require.Equal(l.t, key.Status == access.CredentialUncollected, len(*key.SecretHash) == 0 && key.Status != access.CredentialRevoked)
		}
	}
}
