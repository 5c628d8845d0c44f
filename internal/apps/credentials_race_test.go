package apps_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
)

// A credential that many requests revoke at once, with different reasons, is revoked
// once; all are answered alike.
func TestRace_RevokeKey(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		credential := h.MustApp(t, x.Developer, "App").Credential
		reasons := []domain.RevocationReason{domain.Unspecified, domain.KeyCompromise, domain.Superseded}
		got, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Credential, error) {
			return p.Apps.RevokeKey(x.Developer, credential.GlobalID(), &reasons[n%len(reasons)], nil)
		})
		require.Equal(t, map[string]int{racetest.OK: racetest.Requests}, racetest.Tally(outcomes))
		for _, c := range got {
			require.Equal(t, access.CredentialRevoked, c.Status)
			require.Equal(t, got[0].RevokedReason, c.RevokedReason)
			require.Equal(t, got[0].RevokedAt, c.RevokedAt)
			require.Equal(t, 2, c.Version)
		}
		require.Len(t, h.Events(t, credential.ID, eventlog.CredentialRevoked), 1)
	})
}

// A credential that many revoke by holding its key, while its owner revokes it, is revoked
// once.
func TestRace_RevokeHeldKey(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		key := h.MustApp(t, x.Developer, "App")
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Credential, error) {
			if n%4 == 0 {
				return p.Apps.RevokeKey(x.Developer, key.Credential.GlobalID(), nil, nil)
			}
			return nil, p.Apps.RevokeHeldKey(t.Context(), apps.RevokeHeldKeyInput{Key: apikey.Held{Secret: *key.Secret}})
		})
		require.Equal(t, map[string]int{racetest.OK: racetest.Requests}, racetest.Tally(outcomes))
		require.Len(t, h.Events(t, key.Credential.ID, eventlog.CredentialRevoked), 1)
	})
}

// A revoked credential stays revoked, whatever requests arrive at the same moment.
func TestRace_RevokeAndEnableKey(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		credential := h.MustApp(t, x.Developer, "App").Credential
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Credential, error) {
			switch n % 4 {
			case 0:
				return p.Apps.DisableKey(x.Admin, credential.GlobalID(), nil)
			case 1:
				return p.Apps.EnableKey(x.Admin, credential.GlobalID(), nil)
			case 2:
				return p.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: credential.GlobalID(), Name: input.SetTo(uuid.NewString())})
			}
			return p.Apps.RevokeKey(x.Developer, credential.GlobalID(), nil, nil)
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "KEY_REVOKED")
		events := h.Events(t, credential.ID)
		require.Equal(t, string(eventlog.CredentialRevoked), events[len(events)-1].Type)
		require.Len(t, h.Events(t, credential.ID, eventlog.CredentialRevoked), 1)
		now, err := h.Client.Credential.Get(portaltest.System(t), credential.ID)
		require.NoError(t, err)
		require.Equal(t, access.CredentialRevoked, now.Status)
		require.Len(t, events, now.Version)
	})
}

// The same request, sent many times at once under one idempotency key, creates one
// object; the secret is in one answer alone.
func TestRace_IdempotencyKey(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		prod, plan := h.MustProduct(t, x.Admin, "weather")
		owner := h.MustApp(t, x.Developer, "Owner").App
		t.Run("createApp", func(t *testing.T) { requireCreatedOnce(t, h, x, apps.CreateAppInput{Name: "Same"}) })
		t.Run("createApp with a reference id", func(t *testing.T) {
			requireCreatedOnce(t, h, x, apps.CreateAppInput{Name: "Same reference", ReferenceID: new(uuid.NewString())})
		})
		t.Run("generateKey", func(t *testing.T) {
			got, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (apps.CreatedCredential, error) {
				return p.Apps.GenerateKey(x.Developer, apps.GenerateKeyInput{AppID: new(owner.GlobalID()), IdempotencyKey: new("once")})
			})
			require.Equal(t, map[string]int{racetest.OK: racetest.Requests}, racetest.Tally(outcomes))
			fresh := 0
			for _, m := range got {
				require.Equal(t, got[0].Credential.ID, m.Credential.ID)
				require.Equal(t, m.Replayed, m.Secret == nil)
				if !m.Replayed {
					fresh++
				}
			}
			require.Equal(t, 1, fresh)
			require.Len(t, h.Events(t, got[0].Credential.ID), 1)
		})
		t.Run("register", func(t *testing.T) {
			got, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (apps.CreatedSubscription, error) {
				return p.Apps.Register(x.Developer, apps.RegisterInput{AppID: owner.GlobalID(), ProductID: prod.GlobalID(),
					PlanID: new(plan.GlobalID()), IdempotencyKey: new("once")})
			})
			require.Equal(t, map[string]int{racetest.OK: racetest.Requests}, racetest.Tally(outcomes))
			fresh := 0
			for _, m := range got {
				require.Equal(t, got[0].Subscription.ID, m.Subscription.ID)
				if !m.Replayed {
					fresh++
				}
			}
			require.Equal(t, 1, fresh)
			require.Len(t, h.Events(t, got[0].Subscription.ID), 1)
		})
	})
}

// requireCreatedOnce creates an app by many requests under one idempotency key, and
// requires that one created it.
func requireCreatedOnce(t *testing.T, h *racetest.Harness, x portaltest.Tenant, in apps.CreateAppInput) {
	t.Helper()
	in.IdempotencyKey = new("once " + in.Name)
	got, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (apps.CreatedApp, error) { return p.Apps.CreateApp(x.Developer, in) })
	require.Equal(t, map[string]int{racetest.OK: racetest.Requests}, racetest.Tally(outcomes))
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
	ids, err := h.Client.App.Query().Where(app.Name(in.Name)).IDs(portaltest.System(t))
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{got[0].App.ID}, ids)
	keys, err := h.Client.Credential.Query().Where(credential.AppID(ids[0])).Count(portaltest.System(t))
	require.NoError(t, err)
	require.Equal(t, 1, keys)
	require.Len(t, h.Events(t, ids[0]), 1)
}

// Under one idempotency key, all requests but the first conflict if their inputs
// differ.
func TestRace_IdempotencyKeyErrConflict(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (apps.CreatedApp, error) {
			return p.Apps.CreateApp(x.Developer, apps.CreateAppInput{Name: "App " + uuid.NewString(), IdempotencyKey: new("once")})
		})
		racetest.RequireOne(t, outcomes, "CONFLICT")
		count, err := h.Client.App.Query().Count(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, 1, count)
	})
}
