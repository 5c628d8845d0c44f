package portal_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
)

// A key that many revoke at once, each with a reason of his own, is revoked
// once; all are told the same.
func TestRaceRevoke(t *testing.T) {
	eachRace(t, func(t *testing.T, a *raceHarness) {
		x := a.MustTenant(t, "one")
		key := a.MustApp(t, x.Developer, "App").Credential
		reasons := []domain.RevocationReason{domain.Unspecified, domain.KeyCompromise, domain.Superseded}
		got, outcomes := race(a, func(n int, p *portal.Portal) (*db.Credential, error) {
			return p.Apps.RevokeKey(x.Developer, key.GlobalID(), &reasons[n%len(reasons)], nil)
		})
		require.Equal(t, map[string]int{won: racers}, tally(outcomes))
		for _, k := range got {
			require.Equal(t, lifecycle.CredentialRevoked, k.Status)
			require.Equal(t, got[0].RevokedReason, k.RevokedReason)
			require.Equal(t, got[0].RevokedAt, k.RevokedAt)
			require.Equal(t, 2, k.Version)
		}
		require.Len(t, a.events(t, key.ID, eventlog.CredentialRevoked), 1)
	})
}

// A revoked key never comes back, whatever comes at the same moment.
func TestRaceRevokeAndEnable(t *testing.T) {
	eachRace(t, func(t *testing.T, a *raceHarness) {
		x := a.MustTenant(t, "one")
		key := a.MustApp(t, x.Developer, "App").Credential
		_, outcomes := race(a, func(n int, p *portal.Portal) (*db.Credential, error) {
			switch n % 4 {
			case 0:
				return p.Apps.DisableKey(x.Admin, key.GlobalID(), nil)
			case 1:
				return p.Apps.EnableKey(x.Admin, key.GlobalID(), nil)
			case 2:
				return p.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: key.GlobalID(), Name: set(uuid.NewString())})
			}
			return p.Apps.RevokeKey(x.Developer, key.GlobalID(), nil, nil)
		})
		requireOnly(t, outcomes, won, "KEY_REVOKED")
		events := a.events(t, key.ID)
		require.Equal(t, string(eventlog.CredentialRevoked), events[len(events)-1].Type)
		require.Len(t, a.events(t, key.ID, eventlog.CredentialRevoked), 1)
		now, err := a.Client.Credential.Get(portaltest.System(t), key.ID)
		require.NoError(t, err)
		require.Equal(t, lifecycle.CredentialRevoked, now.Status)
		require.Len(t, events, now.Version)
	})
}

// The same request sent many times at once under one idempotency key makes one
// thing; all but one are told of it without its secret.
func TestRaceIdempotencyKey(t *testing.T) {
	eachRace(t, func(t *testing.T, a *raceHarness) {
		x := a.MustTenant(t, "one")
		prod, plan := a.MustProduct(t, x.Admin, "weather")
		owner := a.MustApp(t, x.Developer, "Owner").App
		t.Run("createApp", func(t *testing.T) { a.createAppAgain(t, x, apps.CreateAppInput{Name: "Same"}) })
		t.Run("createApp with a reference id", func(t *testing.T) {
			a.createAppAgain(t, x, apps.CreateAppInput{Name: "Same reference", ReferenceID: ptr(uuid.NewString())})
		})
		t.Run("generateKey", func(t *testing.T) {
			got, outcomes := race(a, func(_ int, p *portal.Portal) (apps.CreatedCredential, error) {
				return p.Apps.GenerateKey(x.Developer, apps.GenerateKeyInput{AppID: ptr(owner.GlobalID()), IdempotencyKey: ptr("once")})
			})
			require.Equal(t, map[string]int{won: racers}, tally(outcomes))
			fresh := 0
			for _, m := range got {
				require.Equal(t, got[0].Credential.ID, m.Credential.ID)
				require.Equal(t, m.Replayed, m.Secret == nil)
				if !m.Replayed {
					fresh++
				}
			}
			require.Equal(t, 1, fresh)
			require.Len(t, a.events(t, got[0].Credential.ID), 1)
		})
		t.Run("register", func(t *testing.T) {
			got, outcomes := race(a, func(_ int, p *portal.Portal) (apps.CreatedSubscription, error) {
				return p.Apps.Register(x.Developer, apps.RegisterInput{AppID: owner.GlobalID(), ProductID: prod.GlobalID(),
					PlanID: ptr(plan.GlobalID()), IdempotencyKey: ptr("once")})
			})
			require.Equal(t, map[string]int{won: racers}, tally(outcomes))
			fresh := 0
			for _, m := range got {
				require.Equal(t, got[0].Subscription.ID, m.Subscription.ID)
				if !m.Replayed {
					fresh++
				}
			}
			require.Equal(t, 1, fresh)
			require.Len(t, a.events(t, got[0].Subscription.ID), 1)
		})
	})
}

func (a *raceHarness) createAppAgain(t *testing.T, x portaltest.Tenant, in apps.CreateAppInput) {
	t.Helper()
	in.IdempotencyKey = ptr("once " + in.Name)
	got, outcomes := race(a, func(_ int, p *portal.Portal) (apps.CreatedApp, error) { return p.Apps.CreateApp(x.Developer, in) })
	require.Equal(t, map[string]int{won: racers}, tally(outcomes))
	fresh := 0
	for _, m := range got {
		require.Equal(t, got[0].App.ID, m.App.ID)
		require.Equal(t, got[0].Credential.ID, m.Credential.ID)
		require.Equal(t, m.Replayed, m.Secret == nil)
		if !m.Replayed {
			fresh++
		}
	}
	require.Equal(t, 1, fresh)
	ids, err := a.Client.App.Query().Where(app.Name(in.Name)).IDs(portaltest.System(t))
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{got[0].App.ID}, ids)
	keys, err := a.Client.Credential.Query().Where(credential.AppID(ids[0])).Count(portaltest.System(t))
	require.NoError(t, err)
	require.Equal(t, 1, keys)
	require.Len(t, a.events(t, ids[0]), 1)
}

// Another input under the same idempotency key is a conflict for all but the
// first.
func TestRaceIdempotencyKeyWithOtherInput(t *testing.T) {
	eachRace(t, func(t *testing.T, a *raceHarness) {
		x := a.MustTenant(t, "one")
		_, outcomes := race(a, func(n int, p *portal.Portal) (apps.CreatedApp, error) {
			return p.Apps.CreateApp(x.Developer, apps.CreateAppInput{Name: "App " + uuid.NewString(), IdempotencyKey: ptr("once")})
		})
		requireOne(t, outcomes, "CONFLICT")
		count, err := a.Client.App.Query().Count(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, 1, count)
	})
}
