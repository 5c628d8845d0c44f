package gateway_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/gateway"
	"portico/internal/identity"
	"portico/internal/testdb"
	"portico/internal/usage/intake"
)

// keysOf returns the credentials in some lines.
func keysOf(lines []keycache.Change) (out []keycache.Credential) {
	for _, l := range lines {
		out = append(out, l.Credentials...)
	}
	return out
}

func idsOf(keys []keycache.Credential) (out []uuid.UUID) {
	for _, k := range keys {
		out = append(out, k.ID)
	}
	return out
}

// A token of one environment receives only that environment's credentials, in the
// whole state and in changes; a token of all receives all.
func TestTheFeedKeepsEnvironmentsApart(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		app := w.made.App.GlobalID()
		newCredential := func(e access.Environment) uuid.UUID {
			return w.MustKey(t, w.Developer, apps.GenerateKeyInput{AppID: &app, Environment: &e}).Credential.ID
		}
		production, staging := newCredential(access.Production), newCredential(access.Staging)
		g := w.verifier(t)
		caller := func(in identity.NewGateway) *gateway.Caller {
			c, err := g.Caller(t.Context(), w.token(t, in))
			return ok(t, c, err)
		}
		all, some := caller(identity.NewGateway{}), map[access.Environment]*gateway.Caller{}
		bound := caller(identity.NewGateway{Environment: ptr(access.Staging), Products: []string{"weather"}})
		for _, e := range []access.Environment{access.Production, access.Staging} {
			some[e] = caller(identity.NewGateway{Environment: &e})
		}
		requireFeed := func(after int64, production, staging uuid.UUID) (position int64) {
			t.Helper()
			w.mono.Add(1)
			for c, want := range map[*gateway.Caller][2]bool{all: {true, true}, some[access.Production]: {true, false}, some[access.Staging]: {false, true}, bound: {false, true}} {
				lines, err := w.readFeed(t, g, c, after, 0)
				reported := idsOf(keysOf(ok(t, lines, err)))
				require.Equal(t, want, [2]bool{slices.Contains(reported, production), slices.Contains(reported, staging)}, "%q %v after %d", c.Environment, c.Products, after)
				position = lines[len(lines)-1].Position
			}
			return position
		}
		here := requireFeed(-1, production, staging)
		requireFeed(here, newCredential(access.Production), newCredential(access.Staging))
	})
}

// A token that is bound to products sees no others in access lists, in the
// catalogue or in subscriptions.
func TestTheFeedNamesNoOtherProducts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		tides, plan := w.MustProduct(t, w.Admin, "tides")
		w.approved(t, w.made.App, tides, plan)
		app, list := w.made.App.GlobalID(), []string{w.product.GlobalID(), tides.GlobalID()}
		newCredential := func() uuid.UUID {
			return w.MustKey(t, w.Developer, apps.GenerateKeyInput{AppID: &app, Access: ptr(access.ListedProducts), AccessControlList: list}).Credential.ID
		}
		first := newCredential()
		g := w.verifier(t)
		bound := map[*gateway.Caller][]uuid.UUID{w.caller(t, g): {w.product.ID, tides.ID}}
		for name, p := range map[string]uuid.UUID{"weather": w.product.ID, "tides": tides.ID} {
			c, err := g.Caller(t.Context(), w.token(t, identity.NewGateway{Products: []string{name}}))
			bound[ok(t, c, err)] = []uuid.UUID{p}
		}
		requireFeed := func(after int64, key uuid.UUID) (position int64) {
			t.Helper()
			w.mono.Add(1)
			for c, products := range bound {
				lines, err := w.readFeed(t, g, c, after, 0)
				keys := keysOf(ok(t, lines, err))
				i := slices.Index(idsOf(keys), key)
				require.GreaterOrEqual(t, i, 0)
				require.ElementsMatch(t, products, keys[i].AccessList)
				for _, l := range lines {
					for _, a := range l.Apps {
						require.Len(t, a.Subscriptions, len(products))
					}
					if l.Catalogue != nil {
						require.Len(t, l.Catalogue.Products, len(products))
					}
				}
				position = lines[len(lines)-1].Position
			}
			return position
		}
		here := requireFeed(-1, first)
		requireFeed(here, newCredential())
	})
}

// The feed carries what was used of quotas in the present period, and nothing for
// a plan without a quota.
func TestTheFeedReportsQuotaUse(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		tides, free := w.MustProduct(t, w.Admin, "tides")
		unlimited := w.approved(t, w.made.App, tides, free)
		ok(t, 0, errorOf(w.updatePlan(catalog.UpdatePlanInput{PlanID: w.plan.GlobalID(), Quota: set(access.Quota{Limit: 30, Per: access.PerDay})})))
		var o gateway.Options
		g := w.verifier(t, func(created *gateway.Options) { o = *created })
		c := w.caller(t, g)
		flush := func(n int64) {
			t.Helper()
			r := w.request()
			r.Cost = n
			requireVerdict(t, g, c, r, verdict.Valid)
			ok(t, 0, intake.NewFlusher(intake.FlusherOptions{DB: w.Database, Clock: w.Clock, Counter: o.Counter, Quotas: o.Memory}).Flush(t.Context()))
		}
		requireFeed := func(after, used int64) (position int64) {
			t.Helper()
			w.mono.Add(1)
			lines, err := w.readFeed(t, g, c, after, 0)
			ok(t, 0, err)
			day := w.Clock.Now().UTC().Truncate(24 * time.Hour)
			reported := 0
			for _, l := range lines {
				for _, a := range l.Apps {
					for _, s := range a.Subscriptions {
						if s.ID == unlimited.ID {
							require.Nil(t, s.QuotaUsed)
							require.Nil(t, s.QuotaStart)
							continue
						}
						reported++
						require.NotNil(t, s.QuotaUsed)
						require.NotNil(t, s.QuotaStart)
						require.Equal(t, used, *s.QuotaUsed)
						require.True(t, day.Equal(*s.QuotaStart), "%v", s.QuotaStart)
					}
				}
			}
			require.Equal(t, 1, reported)
			return lines[len(lines)-1].Position
		}
		here := requireFeed(-1, 0)
		flush(7)
		requireFeed(-1, 7)
		ok(t, 0, errorOf(w.Portal.Apps.UpdateApp(w.Developer, apps.UpdateAppInput{AppID: w.made.App.GlobalID(), Name: set("Rain again")})))
		here = requireFeed(here, 7)
		w.Clock.Advance(24 * time.Hour)
		ok(t, 0, errorOf(w.Portal.Apps.UpdateApp(w.Developer, apps.UpdateAppInput{AppID: w.made.App.GlobalID(), Name: set("Rain tomorrow")})))
		requireFeed(here, 0) // another day
	})
}
