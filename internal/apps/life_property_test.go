package apps_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/ent/db/event"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
)

// person is somebody who gives commands.
type person struct {
	name string
	ctx  context.Context
	// staff act for the organization; of the others, account is theirs, and owner is set for
	// who owns it.
	staff, owner bool
	account      int
}

// The small model: what is expected of the apps of two accounts, their keys and their
// subscriptions. It is written by hand beside the services and their tables, and knows
// neither of them.
type (
	lifeApp struct {
		id      string
		account int
		deleted bool
		keys    []*lifeKey
		// newest is the newest subscription to each product.
		newest [2]*lifeSubscription
		// offer is the open offer to the other account.
		offer *lifeOffer
	}
	lifeKey struct {
		id         uuid.UUID
		app        *lifeApp
		status     access.CredentialStatus
		byOwner    bool
		production bool
		expires    *time.Time
		successor  *lifeKey
	}
	lifeSubscription struct {
		id      uuid.UUID
		app     *lifeApp
		product int
		status  access.SubscriptionStatus
		plan    int
		pending *lifeChange
		asked   time.Time
	}
	// lifeChange is a change of plan that has not taken effect.
	lifeChange struct {
		plan    int
		waiting bool
		when    domain.PlanChangeTime
		asked   time.Time // or approved
	}
	lifeOffer struct {
		id   string
		app  *lifeApp
		from int
		made time.Time
		// ended is set of accepted ones, too.
		ended, accepted bool
	}
)

// at returns a key's state at a time.
func (k *lifeKey) at(now time.Time) access.CredentialStatus {
	if k.status != access.CredentialRevoked && k.expires != nil && !now.Before(*k.expires) {
		return access.CredentialExpired
	}
	return k.status
}

// life is a world in which random people give random commands.
type life struct {
	*portaltest.Fixture
	t        *testing.T
	products [2]*db.Product
	// plans are two of each product.
	plans    [2][2]*db.Plan
	people   []person
	accounts [2]*db.Account
	apps     []*lifeApp
	keys     []*lifeKey
	all      []*lifeSubscription
	offers   []*lifeOffer
	// events is how many the accounts' objects have, which each command that changes
	// something raises.
	events int
}

// Whatever random people do to the apps, keys and subscriptions of two accounts, in whatever
// order: each command ends as the model says, nothing is in a state that the model does
// not know, no app has two live subscriptions to a product, and each change has its event
// while what changes nothing has none.
func TestLife_AnySequence(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		_, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{ProductionKeys: input.SetTo(domain.OwnersOnly), RequestsExpireAfterDays: input.SetTo(1)})
		require.NoError(t, err)
		w := &life{Fixture: f, t: t}
		for i, name := range []string{"manual", "automatic"} {
			w.products[i], w.plans[i][0] = f.MustProduct(t, x.Admin, name)
			w.plans[i][1], err = f.Portal.Catalog.CreatePlan(x.Admin, catalog.CreatePlanInput{
				ProductID: w.products[i].GlobalID(), Name: "other", Kind: new(domain.PlanSubscription), Price: &domain.Price{Amount: "49.00", Currency: "EUR"},
			})
			require.NoError(t, err)
		}
		_, err = f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: w.products[1].GlobalID(), Approval: input.SetTo(domain.Auto)})
		require.NoError(t, err)
		rapid.Check(t, func(r *rapid.T) {
			w.begin(x.Admin)
			for range rapid.IntRange(1, 40).Draw(r, "commands") {
				w.step(r)
				w.check()
			}
		})
	})
}

// begin gives the world accounts of its own, so that nothing of an earlier sequence
// is left.
func (w *life) begin(admin context.Context) {
	t := w.t
	w.accounts = [2]*db.Account{w.MustAccount(t, admin, "Acme"), w.MustAccount(t, admin, "Another")}
	w.people = []person{
		{name: "administrator", ctx: admin, staff: true},
		{name: "owner", ctx: w.MustDeveloper(t, admin, w.accounts[0]), owner: true},
		{name: "member", ctx: w.Enter(t, w.MustUser(t, admin, w.accounts[0], domain.Member))},
		{name: "stranger", ctx: w.MustDeveloper(t, admin, w.accounts[1]), owner: true, account: 1},
	}
	w.apps, w.keys, w.all, w.offers = nil, nil, nil, nil
	w.events = w.countEvents()
	w.createApp(w.people[1])
}

// step gives one command.
func (w *life) step(r *rapid.T) {
	by := rapid.SampledFrom(w.people).Draw(r, "by")
	switch rapid.IntRange(0, 14).Draw(r, "about") {
	case 0:
		w.Clock.Advance(time.Duration(rapid.IntRange(1, 40).Draw(r, "minutes")) * time.Minute)
	case 1, 2:
		w.stepApp(r, by, rapid.SampledFrom(w.apps).Draw(r, "app"))
	case 3, 4, 5:
		w.stepKey(r, by, rapid.SampledFrom(w.keys).Draw(r, "key"))
	case 10, 11:
		w.stepOffer(r, by)
	case 12, 13:
		if len(w.all) > 0 {
			w.stepPlan(r, by, rapid.SampledFrom(w.all).Draw(r, "subscription"))
		}
	case 14:
		w.Clock.Advance(time.Duration(rapid.IntRange(0, 20).Draw(r, "hours")) * time.Hour)
		w.expireRequests()
	case 6:
		w.register(by, rapid.SampledFrom(w.apps).Draw(r, "app"), rapid.IntRange(0, 1).Draw(r, "product"))
	default:
		if len(w.all) > 0 {
			w.stepSubscription(r, by, rapid.SampledFrom(w.all).Draw(r, "subscription"))
		}
	}
}

// expect requires how a command ended and how many events it had.
func (w *life) expect(by person, what string, err error, want string, events int) bool {
	require.Equal(w.t, want, racetest.Outcome(err), "%s by the %s: %v", what, by.name, err)
	if err == nil {
		w.events += events
	}
	return err == nil
}

// missing returns the outcome for an object that somebody does not see, or "".
func missing(by person, a *lifeApp, there bool) string {
	if !there || !by.staff && by.account != a.account {
		return "NOT_FOUND"
	}
	return ""
}

// either returns the first outcome that is one, and OK if none is.
func either(outcomes ...string) string {
	for _, o := range outcomes {
		if o != "" {
			return o
		}
	}
	return racetest.OK
}

// when returns an outcome if a condition holds.
func when(yes bool, outcome string) string {
	if yes {
		return outcome
	}
	return ""
}

// check compares what is stored with the model.
func (w *life) check() {
	ctx, live := portaltest.System(w.t), map[[2]uuid.UUID]int{}
	subscriptions, err := w.Client.Subscription.Query().Where(subscription.AccountIDIn(w.accounts[0].ID, w.accounts[1].ID)).All(ctx)
	require.NoError(w.t, err)
	require.Len(w.t, subscriptions, len(w.all))
	stored := map[uuid.UUID]*db.Subscription{}
	for _, s := range subscriptions {
		stored[s.ID] = s
		if s.Status.Live() {
			live[[2]uuid.UUID{s.AppID, s.ProductID}]++
		}
	}
	for _, s := range w.all {
		require.Equal(w.t, s.status, stored[s.id].Status)
		require.Equal(w.t, s.app.newest[s.product] == s, stored[s.id].Newest)
		require.Equal(w.t, s.app.deleted, stored[s.id].DeletedAt != nil)
		require.Equal(w.t, w.accounts[s.app.account].ID, stored[s.id].AccountID)
		w.checkPlan(s, stored[s.id])
	}
	for of, n := range live {
		require.Equal(w.t, 1, n, "live subscriptions of %v", of)
	}
	w.checkKeys(ctx)
	w.checkOffers(ctx)
	w.checkLines(ctx)
	require.Equal(w.t, w.events, w.countEvents())
}

func (w *life) checkKeys(ctx context.Context) {
	credentials, err := w.Client.Credential.Query().Where(credential.AccountIDIn(w.accounts[0].ID, w.accounts[1].ID)).All(ctx)
	require.NoError(w.t, err)
	require.Len(w.t, credentials, len(w.keys))
	stored := map[uuid.UUID]*db.Credential{}
	for _, c := range credentials {
		stored[c.ID] = c
	}
	for _, k := range w.keys {
		c := stored[k.id]
		require.Equal(w.t, k.status, c.Status)
		require.Equal(w.t, w.accounts[k.app.account].ID, c.AccountID)
		require.Equal(w.t, k.byOwner, c.DisabledByOwner)
		require.Equal(w.t, k.app.deleted, c.DeletedAt != nil)
		require.Equal(w.t, k.expires == nil, c.ExpiresAt == nil)
		if k.expires != nil {
			require.True(w.t, k.expires.Equal(*c.ExpiresAt), "%v is not %v", c.ExpiresAt, k.expires)
		}
	}
}

func (w *life) countEvents() int {
	return portaltest.Count(w.t, w.Client.Event.Query().Where(event.AccountIDIn(w.accounts[0].ID, w.accounts[1].ID), event.AppIDNotNil()))
}

// createApp makes an app with its first key, for developers alone.
func (w *life) createApp(by person) {
	made, err := w.Portal.Apps.CreateApp(by.ctx, apps.CreateAppInput{Name: "App"})
	if w.expect(by, "create an app", err, racetest.OK, 2) {
		a := &lifeApp{id: made.App.GlobalID(), account: by.account}
		w.apps = append(w.apps, a)
		w.addKey(a, made.Credential, false)
	}
}

func (w *life) addKey(a *lifeApp, c *db.Credential, production bool) *lifeKey {
	k := &lifeKey{id: c.ID, app: a, status: access.CredentialActive, production: production}
	a.keys, w.keys = append(a.keys, k), append(w.keys, k)
	return k
}
