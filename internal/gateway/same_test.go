package gateway_test

import (
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/verdict"
	"portico/ent/db"
	"portico/ent/db/app"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/gateway"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// keys are those that the changes of a property test go on about.
type keys struct {
	mu   sync.Mutex
	made []apps.CreatedCredential
}

func (k *keys) add(m apps.CreatedCredential) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.made = append(k.made, m)
}

func (k *keys) any(r *rand.Rand) apps.CreatedCredential {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.made[r.IntN(len(k.made))]
}

func (k *keys) usernames() (out []uuid.UUID) {
	for _, m := range k.made {
		out = append(out, m.Credential.Username)
	}
	return out
}

// After any interleaving of changes and fills, with keys pushed out or not,
// preloaded or not, begun anew or not, each copy shows what a fresh one would.
func TestCopiesMatchTheDatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		gates := map[string]*gateway.Verifier{
			"roomy": w.verifier(t),
			"tight": w.verifier(t, func(o *gateway.Options) { o.MaxKeys = 3 }),
			"whole": w.verifier(t, func(o *gateway.Options) { o.Preload = true }),
		}
		all := &keys{}
		for range 4 {
			all.add(w.key(t))
		}
		all.add(w.MustKey(t, w.Admin, apps.GenerateKeyInput{AccountID: ptr(w.Account.GlobalID())}))
		asking, stop := context.WithCancel(t.Context())
		var askers sync.WaitGroup
		for name, g := range gates {
			g.SetPage(2)
			run(t, g)
			c := w.caller(t, g)
			for i := range 3 {
				r := rand.New(rand.NewPCG(uint64(i), uint64(len(name))))
				askers.Go(func() {
					for asking.Err() == nil {
						var v verdict.Verdict
						g.Verify(asking, c, requestWith(all.any(r).Secret), &v)
					}
				})
			}
		}
		for i := range 60 {
			w.randomChange(t, rand.New(rand.NewPCG(uint64(i), 7)), all)
			if i%25 == 24 {
				gates["whole"].Forget(w.Organization.ID)
			}
		}
		stop()
		askers.Wait()
		<-gates["whole"].Loaded()
		requireSoon(t, "the load", func() bool { return w.hasAll(gates["whole"], all.usernames()) })
		for name, g := range gates {
			ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
			w.compare(t, name, g, all.usernames())
			// On a machine that was too busy for it there was little to compare: now
			// every key is asked for.
			c := w.caller(t, g)
			for _, created := range all.made {
				require.Eventually(t, func() bool {
					var v verdict.Verdict
					g.Verify(t.Context(), c, requestWith(created.Secret), &v)
					return v.Code != verdict.Unavailable
				}, time.Minute, time.Millisecond)
			}
			if name != "tight" && g.Copy(w.Organization.ID).Len() < len(all.made) {
				t.Errorf("%s: holds %d of %d keys", name, g.Copy(w.Organization.ID).Len(), len(all.made))
			}
			w.compare(t, name, g, all.usernames())
		}
	})
}

// randomChange changes anything. That it may not be allowed just now is part of it.
func (w *world) randomChange(t *testing.T, r *rand.Rand, all *keys) {
	t.Helper()
	credential := all.any(r).Credential.GlobalID()
	switch r.IntN(12) {
	case 0:
		all.add(w.key(t))
	case 1:
		_, _ = w.Portal.Apps.DisableKey(w.Admin, credential, nil)
	case 2:
		_, _ = w.Portal.Apps.EnableKey(w.Admin, credential, nil)
	case 3:
		_, _ = w.Portal.Apps.RevokeKey(w.Admin, credential, nil, nil)
	case 4:
		_, _ = w.Portal.Apps.UpdateKey(w.Admin, apps.UpdateKeyInput{CredentialID: credential, RateLimit: set(access.RateLimit{Limit: 1 + r.IntN(9), Per: access.PerSecond, Burst: 10})})
	case 5:
		_, _ = w.Portal.Apps.Suspend(w.Admin, w.sub.GlobalID(), nil)
	case 6:
		_, _ = w.Portal.Apps.Resume(w.Admin, w.sub.GlobalID(), nil)
	case 7:
		created := w.MustApp(t, w.Developer, "Another")
		all.add(apps.CreatedCredential{Credential: created.Credential, Secret: created.Secret})
		if r.IntN(2) == 0 {
			_, _ = w.Portal.Apps.DeleteApp(w.Developer, created.App.GlobalID(), nil)
		} else {
			w.approved(t, created.App, w.product, w.plan)
		}
	case 8:
		_, _ = w.Portal.Identity.SuspendAccount(w.Admin, w.Account.GlobalID(), nil)
		_, _ = w.Portal.Identity.ResumeAccount(w.Admin, w.Account.GlobalID(), nil)
	case 10, 11: // to and fro, with accounts that come new to a copy
		w.randomTransfer(t, r)
	case 9:
		_, _ = w.Portal.Catalog.UpdatePlan(w.Admin, catalog.UpdatePlanInput{PlanID: w.plan.GlobalID(), RateLimit: set(access.RateLimit{Limit: 1 + r.IntN(9), Per: access.PerSecond, Burst: 10})})
		if r.IntN(2) == 0 { // else the apps keep the terms that they have
			_, _ = w.Portal.Apps.MovePlanSubscriptions(w.Admin, apps.MovePlanSubscriptionsInput{PlanID: w.plan.GlobalID(), First: new(1 + r.IntN(3))})
		}
	}
}

// randomTransfer lets any app go to another account, which has a key of its own or has not.
func (w *world) randomTransfer(t *testing.T, r *rand.Rand) {
	t.Helper()
	ctx := portaltest.As(t, viewer.Viewer{Role: viewer.System, OrganizationID: w.Organization.ID})
	all := w.Client.App.Query().Where(app.DeletedAtIsNil()).Order(app.ByID()).AllX(ctx)
	a := all[r.IntN(len(all))]
	to := w.Account
	if a.AccountID == to.ID {
		to = w.MustAccount(t, w.Admin, "To")
		if r.IntN(2) == 0 {
			w.MustKey(t, w.Admin, apps.GenerateKeyInput{AccountID: ptr(to.GlobalID())})
		}
	}
	if w.transfer(t, a, to) && a.ID == w.made.App.ID { // for which the developer makes keys
		require.True(t, w.transfer(t, a, w.Account))
	}
}

// transfer lets an app go to an account, if it may.
func (w *world) transfer(t *testing.T, a *db.App, to *db.Account) bool {
	t.Helper()
	offered, err := w.Portal.Apps.TransferApp(w.Admin, apps.TransferAppInput{AppID: a.GlobalID(), ToAccountID: to.GlobalID()})
	if err == nil {
		_, err = w.Portal.Apps.AcceptAppTransfer(w.Admin, offered.Transfer.GlobalID())
	}
	return err == nil
}

// hasAll reports whether a copy knows all keys.
func (w *world) hasAll(g *gateway.Verifier, usernames []uuid.UUID) bool {
	if !g.Follows(w.Organization.ID) {
		return false
	}
	store := g.Copy(w.Organization.ID)
	return !slices.ContainsFunc(usernames, func(u uuid.UUID) bool { return !store.Facts(u, new(verdict.Facts)) })
}

// compare compares a copy with a fresh one, for each credential that it has.
func (w *world) compare(t *testing.T, name string, g *gateway.Verifier, usernames []uuid.UUID) {
	t.Helper()
	fresh, err := g.FreshCopy(t.Context(), w.Organization.ID, usernames)
	ok(t, 0, err)
	store, seen := g.Copy(w.Organization.ID), 0
	for _, u := range usernames {
		var have, want verdict.Facts
		if !store.Facts(u, &have) {
			continue
		}
		seen++
		if !fresh.Facts(u, &want) {
			t.Fatal("a fresh copy misses a key")
		}
		for _, c := range []*verdict.Facts{&have, &want} {
			slices.SortFunc(c.Apps, func(a, b *verdict.App) int { return slices.Compare(a.ID[:], b.ID[:]) })
			c.Catalogue = nil
		}
		for _, a := range have.Apps {
			for i := range a.Subscriptions {
				s := &a.Subscriptions[i]
				if h, f := terms(store.Catalogue().PlanOf(s)), terms(fresh.Catalogue().PlanOf(s)); h != f {
					t.Errorf("%s: a subscription goes by %+v, want %+v", name, h, f)
				}
			}
		}
		if !reflect.DeepEqual(have, want) {
			t.Errorf("%s: have %+v %+v, want %+v %+v", name, have.Credential, have.Apps, want.Credential, want.Apps)
		}
	}
	if !reflect.DeepEqual(withoutRevisions(store.Catalogue().Product("weather")), withoutRevisions(fresh.Catalogue().Product("weather"))) {
		t.Errorf("%s: the catalogue differs", name)
	}
	if name == "whole" && seen != len(usernames) || name == "tight" && store.Len() > 3 {
		t.Errorf("%s: holds %d of %d keys", name, seen, len(usernames))
	}
}
