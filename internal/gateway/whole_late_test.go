package gateway_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/verdict"
	"portico/internal/apps"
	"portico/internal/gateway"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// newCredentials creates two accounts in a tenant's organization, each with an app that
// subscribes to a product named "weather", and returns the apps' credentials and
// one of the first account.
func newCredentials(t *testing.T, w *world, tenant portaltest.Tenant) (keys [3]apps.CreatedCredential) {
	t.Helper()
	product, plan := w.MustProduct(t, tenant.Admin, "weather")
	for i := range 2 {
		account := w.MustAccount(t, tenant.Admin, uuid.NewString())
		developer := w.MustDeveloper(t, tenant.Admin, account)
		a := w.MustApp(t, developer, "Hail")
		s := w.MustRegister(t, developer, a.App, product, plan)
		must(t)(w.Portal.Apps.Approve(tenant.Admin, s.GlobalID(), nil))
		keys[i] = apps.CreatedCredential{Credential: a.Credential, Secret: a.Secret}
		if i == 0 {
			keys[2] = w.MustKey(t, tenant.Admin, apps.GenerateKeyInput{AccountID: ptr(account.GlobalID())})
		}
	}
	return keys
}

func withPreload(o *gateway.Options) { o.Preload = true }

// disableAndEnable changes a credential and leaves it as it was.
func (w *world) disableAndEnable(t *testing.T, admin context.Context, k apps.CreatedCredential) {
	t.Helper()
	ok(t, 0, errorOf(w.Portal.Apps.DisableKey(admin, k.Credential.GlobalID(), nil)))
	ok(t, 0, errorOf(w.Portal.Apps.EnableKey(admin, k.Credential.GlobalID(), nil)))
}

func (w *world) callerOf(t *testing.T, g *gateway.Verifier, slug string) *gateway.Caller {
	t.Helper()
	token, hash, hint := w.tokens.New()
	_, err := w.Portal.Identity.CreateGateway(t.Context(), identity.NewGateway{Organization: slug, Name: uuid.NewString(), Hash: hash, Hint: hint})
	ok(t, 0, err)
	c, err := g.Caller(t.Context(), token)
	return ok(t, c, err)
}

// catchUp reports whether a copy has all it needs for a credential.
func catchUp(g *gateway.Verifier, organization uuid.UUID, k apps.CreatedCredential) bool {
	var c verdict.Facts
	return g.Follows(organization) && g.Copy(organization).Facts(k.Credential.Username, &c) && c.Account != nil && len(c.Apps) == 1
}

// A credential of an organization created after the preload is complete even if it
// changes before the organization is loaded.
func TestCredentialsOfANewOrganizationAreComplete(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t, withPreload)
		late := w.MustTenant(t, "late")
		credentials := newCredentials(t, w, late)
		c := w.callerOf(t, g, "late")
		requireVerdict(t, g, c, requestWith(credentials[0].Secret), verdict.Valid) // readyFollowers from here on
		for _, k := range credentials[1:] {
			w.disableAndEnable(t, late.Admin, k)
		}
		ok(t, 0, g.Sync(t.Context(), late.Organization.ID))
		for _, k := range credentials[1:] {
			requireVerdict(t, g, c, requestWith(k.Secret), verdict.Valid)
		}
	})
}

// Credentials that change during the load stay valid, and after it all are in
// memory, including those of accounts.
func TestKeysThatChangeDuringTheLoad(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t, withPreload)
		g.SetPage(1)
		tenant := w.MustTenant(t, "again")
		credentials := newCredentials(t, w, tenant)
		c := w.callerOf(t, g, "again")
		requireVerdict(t, g, c, requestWith(w.made.Secret), verdict.NotFound) // another organization's: followed, and nothing loaded
		loaded := make(chan error, 1)
		for i := range 5 {
			for _, k := range credentials[1:] {
				w.disableAndEnable(t, tenant.Admin, k)
			}
			ok(t, 0, g.Sync(t.Context(), tenant.Organization.ID))
			for _, k := range credentials[1:] {
				requireVerdict(t, g, c, requestWith(k.Secret), verdict.Valid)
			}
			if i == 0 {
				go func() { loaded <- g.LoadNew(t.Context()) }()
			}
		}
		ok(t, 0, <-loaded)
		for _, k := range credentials {
			if !catchUp(g, tenant.Organization.ID, k) {
				t.Error("a key is not in memory")
			}
		}
	})
}

// A Verifier without Preload is loaded before it runs.
func TestRunWithoutPreload(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	ready := func(g *gateway.Verifier) bool {
		select {
		case <-g.Loaded():
			return true
		default:
			return false
		}
	}
	if !ready(w.verifier(t)) {
		t.Error("a verifier without a preload is not ready")
	}
	if ready(w.verifier(t, withPreload)) {
		t.Error("a verifier that has loaded nothing is ready")
	}
}

// Its keys are loaded too, without a call that asks for them.
func TestANewOrganizationIsPreloaded(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t, withPreload)
		g.SetPage(1)
		run(t, g)
		<-g.Loaded()
		late := w.MustTenant(t, "late")
		for _, k := range newCredentials(t, w, late) {
			requireSoon(t, "the load", func() bool { return catchUp(g, late.Organization.ID, k) })
		}
	})
}

// A copy that cannot be brought up to date, here because the log has a gap, is
// rebuilt with all its credentials.
func TestARebuiltCopyIsComplete(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		again := w.MustTenant(t, "again")
		credentials := newCredentials(t, w, again)
		g := w.verifier(t, withPreload)
		run(t, g)
		<-g.Loaded()
		c := w.callerOf(t, g, "again")
		requireVerdict(t, g, c, requestWith(credentials[0].Secret), verdict.Valid)
		before := g.Copy(again.Organization.ID)
		w.skipPositions(t, g, again)
		requireSoon(t, "the new copy", func() bool {
			return g.Follows(again.Organization.ID) && g.Copy(again.Organization.ID) != before
		})
		for _, k := range credentials[1:] {
			w.disableAndEnable(t, again.Admin, k)
		}
		ok(t, 0, g.Sync(t.Context(), again.Organization.ID))
		for _, k := range credentials[1:] {
			requireVerdict(t, g, c, requestWith(k.Secret), verdict.Valid)
		}
		for _, k := range credentials {
			requireSoon(t, "the load", func() bool { return catchUp(g, again.Organization.ID, k) })
		}
	})
}

// skipPositions leaves a gap in an organization's log, as when what a copy had not read yet was
// purged: the next event does not follow the last.
func (w *world) skipPositions(t *testing.T, g *gateway.Verifier, tenant portaltest.Tenant) {
	t.Helper()
	ok(t, 0, g.Sync(t.Context(), tenant.Organization.ID))
	_, err := w.Database.ExecContext(t.Context(), `UPDATE event_positions SET last = last + 10 WHERE id = $1`, tenant.Organization.ID)
	ok(t, 0, err)
	w.MustAccount(t, tenant.Admin, uuid.NewString())
}
