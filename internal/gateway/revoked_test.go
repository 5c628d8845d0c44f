package gateway_test

import (
	"testing"
	"time"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/verdict"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/gateway"
	"portico/internal/identity"
	"portico/internal/testdb"
)

// revocation is a change that takes something away, and what the key answers then.
type revocation struct {
	name string
	do   func(t *testing.T, w *world) error
	want verdict.Code
}

func revocations() []revocation {
	return []revocation{
		{"revoke", func(t *testing.T, w *world) error {
			_, err := w.Portal.Apps.RevokeKey(w.Developer, w.made.Credential.GlobalID(), nil, nil)
			return err
		}, verdict.Revoked},
		{"disable", func(t *testing.T, w *world) error {
			_, err := w.Portal.Apps.DisableKey(w.Admin, w.made.Credential.GlobalID(), nil)
			return err
		}, verdict.Disabled},
		{"suspend the account", func(t *testing.T, w *world) error {
			_, err := w.Portal.Identity.SuspendAccount(w.Admin, w.Account.GlobalID(), nil)
			return err
		}, verdict.AccountSuspended},
		{"delete the app", func(t *testing.T, w *world) error {
			_, err := w.Portal.Apps.DeleteApp(w.Developer, w.made.App.GlobalID(), nil)
			return err
		}, verdict.Revoked},
		{"delete the account", func(t *testing.T, w *world) error {
			_, err := w.Portal.Identity.DeleteAccount(w.Admin, w.Account.GlobalID(), nil)
			return err
		}, verdict.Revoked},
		{"unregister", func(t *testing.T, w *world) error {
			_, err := w.Portal.Apps.Unregister(w.Admin, w.sub.GlobalID(), nil)
			return err
		}, verdict.NotSubscribed},
		{"suspend the subscription", func(t *testing.T, w *world) error {
			_, err := w.Portal.Apps.Suspend(w.Admin, w.sub.GlobalID(), nil)
			return err
		}, verdict.Suspended},
		{"retire the product", func(t *testing.T, w *world) error {
			_, err := w.Portal.Catalog.UpdateProduct(w.Admin, catalog.UpdateProductInput{ProductID: w.product.GlobalID(), Status: set(domain.Retired)})
			return err
		}, verdict.NotSubscribed},
		{"another way to show keys", func(t *testing.T, w *world) error {
			_, err := w.Portal.Catalog.UpdateProduct(w.Admin, catalog.UpdateProductInput{ProductID: w.product.GlobalID(), AuthTypes: set([]access.AuthType{access.Basic})})
			return err
		}, verdict.AuthTypeNotAllowed},
		{"enforce endpoints", func(t *testing.T, w *world) error {
			_, err := w.Portal.Catalog.UpdateProduct(w.Admin, catalog.UpdateProductInput{ProductID: w.product.GlobalID(), EnforceEndpoints: set(true)})
			return err
		}, verdict.EndpointNotAllowed},
		{"narrow the key", func(t *testing.T, w *world) error {
			_, err := w.Portal.Apps.UpdateKey(w.Developer, apps.UpdateKeyInput{CredentialID: w.made.Credential.GlobalID(), Access: set(access.ListedProducts)})
			return err
		}, verdict.NotInAccessList},
		{"other addresses", func(t *testing.T, w *world) error {
			_, err := w.Portal.Apps.UpdateKey(w.Developer, apps.UpdateKeyInput{CredentialID: w.made.Credential.GlobalID(), AllowedAddresses: set([]string{"192.0.2.0/24"})})
			return err
		}, verdict.IPNotAllowed},
		{"a smaller plan", func(t *testing.T, w *world) error {
			_, err := w.updatePlan(catalog.UpdatePlanInput{PlanID: w.plan.GlobalID(), Quota: set(access.Quota{Limit: 1, Per: access.PerDay})})
			return err
		}, verdict.QuotaExceeded},
	}
}

// A revocation is effective on this node as soon as Sync returns, and on others as
// soon as they poll.
func TestRevocationsAreRefused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		for _, c := range revocations() {
			t.Run(c.name, func(t *testing.T) {
				w := newWorld(t, emptyDatabase(t, url))
				here, there := w.verifier(t), w.verifier(t)
				run(t, there)
				a, b := w.caller(t, here), w.caller(t, there)
				r := w.request()
				requireVerdict(t, here, a, r, verdict.Valid)
				requireVerdict(t, there, b, r, verdict.Valid)
				ok(t, 0, c.do(t, w))
				ok(t, 0, here.Sync(t.Context(), w.Organization.ID))
				if c.want == verdict.QuotaExceeded { // the one call that the new plan allows
					requireVerdict(t, here, a, r, verdict.Valid)
				}
				requireVerdict(t, here, a, r, c.want)
				requireSoon(t, "the refusal on the other node", func() bool { return verify(t, there, b, r) == c.want })
			})
		}
	})
}

// emptyDatabase returns a database of its own of the same kind.
func emptyDatabase(t *testing.T, url string) string {
	t.Helper()
	if url[:6] == "sqlite" {
		return testdb.SQLite(t)
	}
	fresh, _ := testdb.Postgres(t)
	return fresh
}

// Grants take effect soon and without a restart: a new key, and each way back from
// a refusal.
func TestGrantsAreAccepted(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.caller(t, g)
		steps := []struct {
			do   func() error
			want verdict.Code
		}{
			{func() error { return errorOf(w.Portal.Apps.DisableKey(w.Admin, w.made.Credential.GlobalID(), nil)) }, verdict.Disabled},
			{func() error { return errorOf(w.Portal.Apps.EnableKey(w.Admin, w.made.Credential.GlobalID(), nil)) }, verdict.Valid},
			{func() error { return errorOf(w.Portal.Identity.SuspendAccount(w.Admin, w.Account.GlobalID(), nil)) }, verdict.AccountSuspended},
			{func() error { return errorOf(w.Portal.Identity.ResumeAccount(w.Admin, w.Account.GlobalID(), nil)) }, verdict.Valid},
			{func() error { return errorOf(w.Portal.Apps.Suspend(w.Admin, w.sub.GlobalID(), nil)) }, verdict.Suspended},
			{func() error { return errorOf(w.Portal.Apps.Resume(w.Admin, w.sub.GlobalID(), nil)) }, verdict.Valid},
			{func() error { return errorOf(w.Portal.Apps.Unregister(w.Admin, w.sub.GlobalID(), nil)) }, verdict.NotSubscribed},
			{func() error { w.sub = w.MustRegister(t, w.Developer, w.made.App, w.product, w.plan); return nil }, verdict.Waiting},
			{func() error { return errorOf(w.Portal.Apps.Approve(w.Admin, w.sub.GlobalID(), nil)) }, verdict.Valid},
		}
		requireVerdict(t, g, c, w.request(), verdict.Valid)
		for _, s := range steps {
			ok(t, 0, s.do())
			ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
			requireVerdict(t, g, c, w.request(), s.want)
		}
	})
}

func errorOf[T any](_ T, err error) error { return err }

// A credential of the account covers apps created later, and no deleted ones.
func TestAnAccountKeyFollowsItsApps(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.caller(t, g)
		credential := w.MustKey(t, w.Admin, apps.GenerateKeyInput{AccountID: ptr(w.Account.GlobalID())})
		r := requestWith(credential.Secret)
		requireVerdict(t, g, c, r, verdict.Valid)
		sync := func() { t.Helper(); ok(t, 0, g.Sync(t.Context(), w.Organization.ID)) }

		other := w.MustApp(t, w.Developer, "Snow")
		w.approved(t, other.App, w.product, w.plan)
		sync()
		requireVerdict(t, g, c, r, verdict.AmbiguousApp)
		named := *r
		named.App = other.App.ReferenceID.String()
		requireVerdict(t, g, c, &named, verdict.Valid)
		for _, a := range []*db.App{other.App, w.made.App} {
			ok(t, "", errorOf(w.Portal.Apps.DeleteApp(w.Developer, a.GlobalID(), nil)))
			sync()
			if a == other.App {
				requireVerdict(t, g, c, r, verdict.Valid)
				requireVerdict(t, g, c, &named, verdict.NotSubscribed)
			}
		}
		requireVerdict(t, g, c, r, verdict.NotSubscribed)
	})
}

// A new token is accepted, and refused once it is revoked.
func TestTokensAreCreatedAndRevoked(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		token := w.token(t, identity.NewGateway{Name: "edge-1"})
		for range 2 {
			if c, err := g.Caller(t.Context(), token); err != nil || c.Organization != w.Organization.ID || c.Name != "edge-1" {
				t.Fatalf("%+v %v", c, err)
			}
		}
		for _, no := range []string{"", "pgw_", token + "x", token[:len(token)-1] + "!", unknownToken(w)} {
			if _, err := g.Caller(t.Context(), no); !isUnauthenticated(err) {
				t.Errorf("an unknown token returned %v", err)
			}
		}
		ok(t, 0, errorOf(w.Portal.Identity.RevokeGateway(t.Context(), "acme", "edge-1")))
		ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
		if _, err := g.Caller(t.Context(), token); !isUnauthenticated(err) {
			t.Errorf("a revoked token gave %v", err)
		}
	})
}

// A token is refused from the moment on at which it expires, also one in memory.
func TestTokensExpire(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		end := w.Clock.Now().Add(time.Minute)
		made, err := w.Portal.Identity.CreateServiceToken(w.Admin, identity.CreateServiceTokenInput{
			Name: "edge-1", Scopes: []domain.ServiceTokenScope{domain.GatewayScope}, ExpiresAt: &end,
		})
		ok(t, made, err)
		g := w.verifier(t)
		for range 2 {
			_, err = g.Caller(t.Context(), made.Secret)
			ok(t, 0, err)
		}
		w.Clock.Advance(time.Minute)
		for _, g := range []*gateway.Verifier{g, w.verifier(t)} {
			if _, err := g.Caller(t.Context(), made.Secret); !isUnauthenticated(err) {
				t.Errorf("an expired token gave %v", err)
			}
		}
	})
}

// Tokens with other scopes are none for the gate.
func TestTokensOfIntegrations(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	made, err := w.Portal.Identity.CreateServiceToken(w.Admin, identity.CreateServiceTokenInput{Name: "erp", Scopes: []domain.ServiceTokenScope{domain.AdminWrite}})
	ok(t, made, err)
	if _, err := w.verifier(t).Caller(t.Context(), made.Secret); !isUnauthenticated(err) {
		t.Errorf("it gave %v", err)
	}
}

func TestTokenRestrictions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.MustProduct(t, w.Admin, "tides")
		g := w.verifier(t)
		bound := func(in identity.NewGateway) *gateway.Caller {
			c, err := g.Caller(t.Context(), w.token(t, in))
			return ok(t, c, err)
		}
		r := w.request()
		requireVerdict(t, g, bound(identity.NewGateway{Products: []string{"tides"}}), r, verdict.NotSubscribed)
		r.Product = ""
		requireVerdict(t, g, bound(identity.NewGateway{Products: []string{"tides"}}), r, verdict.NotSubscribed)
		requireVerdict(t, g, bound(identity.NewGateway{Products: []string{"weather"}}), r, verdict.Valid)
		requireVerdict(t, g, bound(identity.NewGateway{Environment: ptr(access.Production)}), r, verdict.WrongEnvironment)
		requireVerdict(t, g, bound(identity.NewGateway{Environment: ptr(access.Development)}), r, verdict.Valid)
	})
}
