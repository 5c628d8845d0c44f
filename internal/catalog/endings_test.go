package catalog_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
)

func deprecate(p *portal.Portal, as context.Context, x *db.Product, at *time.Time) (*db.Product, error) {
	return p.Catalog.DeprecateProduct(as, catalog.DeprecateProductInput{ProductID: x.GlobalID(), At: at})
}

func retire(p *portal.Portal, as context.Context, x *db.Product, at *time.Time) (*db.Product, error) {
	return p.Catalog.RetireProduct(as, catalog.RetireProductInput{ProductID: x.GlobalID(), At: at})
}

func cancel(p *portal.Portal, as context.Context, x *db.Product) (*db.Product, error) {
	return p.Catalog.CancelProductEnding(as, catalog.CancelProductEndingInput{ProductID: x.GlobalID()})
}

// A product is deprecated and retired at once where no time is given.
func TestEndProductNow(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, plan := f.MustAutomaticProduct(t, x.Admin, "weather")
		sub := f.MustRegister(t, x.Developer, f.MustApp(t, x.Developer, "Map").App, prod, plan)
		got, err := deprecate(f.Portal, x.Admin, prod, nil)
		require.NoError(t, err)
		require.Equal(t, domain.Deprecated, got.Status)
		require.Equal(t, f.Clock.Now(), *got.DeprecatesAt)
		deprecated := f.Clock.Now()
		f.Clock.Advance(time.Hour)
		again, err := deprecate(f.Portal, x.Admin, prod, nil)
		require.NoError(t, err)
		require.Equal(t, got.Version, again.Version, "it is so already")

		got, err = f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: prod.GlobalID(), Status: input.SetTo(domain.Published)})
		require.NoError(t, err)
		require.Nil(t, got.DeprecatesAt)
		got, err = f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: prod.GlobalID(), Status: input.SetTo(domain.Deprecated)})
		require.NoError(t, err)
		require.Equal(t, deprecated.Add(time.Hour), *got.DeprecatesAt)

		got, err = retire(f.Portal, x.Admin, prod, nil)
		require.NoError(t, err)
		require.Equal(t, domain.Retired, got.Status)
		require.Equal(t, f.Clock.Now(), *got.RetiresAt)
		ended, err := f.Client.Subscription.Get(portaltest.System(t), sub.ID)
		require.NoError(t, err)
		require.Equal(t, "UNSUBSCRIBED", string(ended.Status))
		require.Equal(t, []string{"PRODUCT_CREATED", "PRODUCT_UPDATED", "PRODUCT_UPDATED", "PRODUCT_UPDATED", "PRODUCT_UPDATED", "PRODUCT_UPDATED", "PRODUCT_UPDATED"}, f.EventTypes(t, prod.ID),
			"retiring at once is not announced")
		_, err = retire(f.Portal, x.Admin, prod, nil)
		portaltest.RequireProblems(t, err, "WRONG_STATUS productId")
		_, err = cancel(f.Portal, x.Admin, prod)
		portaltest.RequireProblems(t, err, "WRONG_STATUS productId")
	})
}

// What is set for a time can be moved and called off until then; each time of a retirement is
// announced.
func TestEndProductAtATime(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		prod, _ := f.MustProduct(t, x.Admin, "weather")
		in := func(days int) *time.Time { return new(f.Clock.Now().AddDate(0, 0, days)) }
		got, err := deprecate(f.Portal, x.Admin, prod, in(10))
		require.NoError(t, err)
		require.Equal(t, domain.Published, got.Status)
		got, err = retire(f.Portal, x.Admin, prod, in(40))
		require.NoError(t, err)
		require.Equal(t, domain.Published, got.Status)
		require.Equal(t, in(10), got.DeprecatesAt)
		require.Equal(t, in(40), got.RetiresAt)
		require.Equal(t, 90, *got.EndingNotice, "the notice of 90 days is not given late")
		got, err = retire(f.Portal, x.Admin, prod, in(200))
		require.NoError(t, err)
		require.Nil(t, got.EndingNotice)
		version := got.Version
		got, err = retire(f.Portal, x.Admin, prod, in(200))
		require.NoError(t, err)
		require.Equal(t, version, got.Version, "it is that time already")
		got, err = cancel(f.Portal, x.Admin, prod)
		require.NoError(t, err)
		require.Nil(t, got.DeprecatesAt)
		require.Nil(t, got.RetiresAt)
		got, err = cancel(f.Portal, x.Admin, prod)
		require.NoError(t, err)
		require.Equal(t, version+1, got.Version, "nothing was set any more")
		types := f.EventTypes(t, prod.ID)
		require.Equal(t, []string{"PRODUCT_ENDING_ANNOUNCED", "PRODUCT_UPDATED", "PRODUCT_ENDING_ANNOUNCED", "PRODUCT_UPDATED", "PRODUCT_UPDATED"}, types[len(types)-5:])

		got, err = deprecate(f.Portal, x.Admin, prod, nil)
		require.NoError(t, err)
		_, err = retire(f.Portal, x.Admin, prod, in(30))
		require.NoError(t, err)
		kept, err := cancel(f.Portal, x.Admin, prod)
		require.NoError(t, err)
		require.Equal(t, got.DeprecatesAt, kept.DeprecatesAt, "what has happened stays")
		require.Equal(t, domain.Deprecated, kept.Status)
		require.Nil(t, kept.RetiresAt)

		_, err = deprecate(f.Portal, x.Admin, mustOther(t, f, x.Admin), in(20))
		require.NoError(t, err)
		over, err := retire(f.Portal, x.Admin, mustOther(t, f, x.Admin), nil)
		require.NoError(t, err)
		require.Nil(t, over.DeprecatesAt, "it was not deprecated before")
	})
}

// mustOther returns the product "other".
func mustOther(t *testing.T, f *portaltest.Fixture, admin context.Context) *db.Product {
	t.Helper()
	all, err := f.Client.Product.Query().All(admin)
	require.NoError(t, err)
	for _, x := range all {
		if x.Name == "other" {
			return x
		}
	}
	x, _ := f.MustProduct(t, admin, "other")
	return x
}

func TestEndProductRefuses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, other := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		prod, _ := f.MustProduct(t, x.Admin, "weather")
		draft, err := f.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "draft"})
		require.NoError(t, err)
		now := f.Clock.Now()
		in := func(days int) *time.Time { return new(now.AddDate(0, 0, days)) }
		for _, at := range []*time.Time{in(-1), &now} {
			_, err = deprecate(f.Portal, x.Admin, prod, at)
			portaltest.RequireProblems(t, err, "MUST_BE_FUTURE at")
			_, err = retire(f.Portal, x.Admin, prod, at)
			portaltest.RequireProblems(t, err, "MUST_BE_FUTURE at")
		}
		far := now.AddDate(5, 0, 0).Add(time.Second)
		_, err = deprecate(f.Portal, x.Admin, prod, &far)
		portaltest.RequireProblems(t, err, "TOO_FAR at")
		_, err = retire(f.Portal, x.Admin, prod, &far)
		portaltest.RequireProblems(t, err, "TOO_FAR at")
		_, err = deprecate(f.Portal, x.Admin, draft, nil)
		portaltest.RequireProblems(t, err, "WRONG_STATUS productId")
		_, err = deprecate(f.Portal, x.Admin, draft, in(1))
		portaltest.RequireProblems(t, err, "WRONG_STATUS productId")
		_, err = retire(f.Portal, x.Admin, draft, in(1))
		portaltest.RequireProblems(t, err, "WRONG_STATUS productId")
		_, err = retire(f.Portal, x.Developer, prod, nil)
		portaltest.RequireCode(t, err, fault.CodeForbidden)
		_, err = retire(f.Portal, other.Admin, prod, nil)
		portaltest.RequireCode(t, err, fault.CodeNotFound)
		_, err = f.Portal.Catalog.RetireProduct(x.Admin, catalog.RetireProductInput{ProductID: prod.GlobalID(), Version: new(1)})
		portaltest.RequireCode(t, err, fault.CodeConflict)

		_, err = deprecate(f.Portal, x.Admin, prod, in(10))
		require.NoError(t, err)
		_, err = retire(f.Portal, x.Admin, prod, new(in(10).Add(-time.Second)))
		portaltest.RequireProblems(t, err, "INVALID at")
		_, err = retire(f.Portal, x.Admin, prod, in(10))
		require.NoError(t, err, "both at once are fine")
		_, err = deprecate(f.Portal, x.Admin, prod, new(in(10).Add(time.Second)))
		portaltest.RequireProblems(t, err, "INVALID at")

		// What is due has happened, before anything has stored it.
		f.Clock.Advance(10 * 24 * time.Hour)
		_, err = cancel(f.Portal, x.Admin, prod)
		portaltest.RequireProblems(t, err, "WRONG_STATUS productId")
		_, err = f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: prod.GlobalID(), Title: input.SetTo("Still here")})
		portaltest.RequireProblems(t, err, "WRONG_STATUS productId")
		_, err = f.Portal.Apps.Register(x.Developer, apps.RegisterInput{AppID: f.MustApp(t, x.Developer, "Late").App.GlobalID(), ProductID: prod.GlobalID()})
		portaltest.RequireProblems(t, err, "NOT_AVAILABLE productId")
	})
}

// Of many who set a time, call it off and retire at once, the retirement stands, and happens
// once.
func TestRace_RetireProduct(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		prod, plan := h.MustAutomaticProduct(t, x.Admin, "weather")
		sub := h.MustRegister(t, x.Developer, h.MustApp(t, x.Developer, "Map").App, prod, plan)
		at := h.Clock.Now().AddDate(0, 1, 0)
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Product, error) {
			switch n % 3 {
			case 0:
				return retire(p, x.Admin, prod, nil)
			case 1:
				return retire(p, x.Admin, prod, new(at.Add(time.Duration(n)*time.Hour)))
			}
			return cancel(p, x.Admin, prod)
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "WRONG_STATUS")
		got, err := h.Client.Product.Get(portaltest.System(t), prod.ID)
		require.NoError(t, err)
		require.Equal(t, domain.Retired, got.Status)
		require.Equal(t, h.Clock.Now(), *got.RetiresAt)
		require.Len(t, h.Events(t, sub.ID, eventlog.SubscriptionUnregistered), 1)
		retired := 0
		for _, e := range h.Events(t, prod.ID, eventlog.ProductUpdated) {
			for _, c := range e.Changes {
				if c.Field == "status" && *c.After == "RETIRED" {
					retired++
				}
			}
		}
		require.Equal(t, 1, retired)
	})
}
