package apps_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db/credential"
	"portico/internal/apps"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
)

// successors counts the keys that take a key's place and are not revoked.
func successors(t *testing.T, h *racetest.Harness, of uuid.UUID) int {
	t.Helper()
	n, err := h.Client.Credential.Query().Where(credential.PredecessorID(of), credential.StatusNEQ(access.CredentialRevoked)).Count(portaltest.System(t))
	require.NoError(t, err)
	return n
}

// Of many rotations of a key at once, one makes a key.
func TestRace_RotateKey(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		key := h.MustApp(t, x.Developer, "App").Credential
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (apps.RotatedCredential, error) {
			return p.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: key.GlobalID(), OverlapMinutes: new(n + 1)})
		})
		racetest.RequireOne(t, outcomes, "WRONG_STATUS")
		require.Len(t, h.Events(t, key.ID, eventlog.CredentialRotated), 1)
		require.Equal(t, 1, successors(t, h, key.ID))
	})
}

// A rotation under one idempotency key makes one key, however often it is sent.
func TestRace_RotateKeyOnce(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		key := h.MustApp(t, x.Developer, "App").Credential
		got, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (apps.RotatedCredential, error) {
			return p.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: key.GlobalID(), IdempotencyKey: new("once")})
		})
		require.Equal(t, map[string]int{racetest.OK: racetest.Requests}, racetest.Tally(outcomes))
		secrets := 0
		for _, one := range got {
			require.Equal(t, got[0].Credential.ID, one.Credential.ID)
			require.Equal(t, key.ID, one.Predecessor.ID)
			if one.Secret != nil {
				secrets++
			}
		}
		require.Equal(t, 1, secrets)
		require.Equal(t, 1, successors(t, h, key.ID))
	})
}

// Whatever meets a rotation, a revoked key is not rotated, and events and versions agree.
// Neither a rotation nor a change lets the key end later than the other said: TOO_FAR.
func TestRace_RotateAndChangeKey(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		key := h.MustApp(t, x.Developer, "App").Credential
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
			switch n % 3 {
			case 0:
				return p.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: key.GlobalID()})
			case 1:
				end := h.Clock.Now().Add(time.Duration(n+1) * time.Minute)
				return p.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: key.GlobalID(), ExpiresAt: input.SetTo(end)})
			}
			return p.Apps.RevokeKey(x.Developer, key.GlobalID(), nil, nil)
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "KEY_REVOKED", "WRONG_STATUS", "TOO_FAR")
		now, err := h.Client.Credential.Get(portaltest.System(t), key.ID)
		require.NoError(t, err)
		events := h.Events(t, key.ID)
		require.Equal(t, access.CredentialRevoked, now.Status)
		require.Len(t, events, now.Version)
		require.Equal(t, string(eventlog.CredentialRevoked), events[len(events)-1].Type)
		require.Equal(t, len(h.Events(t, key.ID, eventlog.CredentialRotated)), successors(t, h, key.ID))
	})
}

// No key outlives its app, also one that a rotation makes at the same moment.
func TestRace_RotateKeyAndDeleteApp(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		app := h.MustApp(t, x.Developer, "App")
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
			if n%2 == 0 {
				return p.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: app.Credential.GlobalID()})
			}
			return p.Apps.DeleteApp(x.Developer, app.App.GlobalID(), nil)
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "NOT_FOUND", "WRONG_STATUS")
		living, err := h.Client.Credential.Query().Where(credential.AppID(app.App.ID), credential.StatusNEQ(access.CredentialRevoked)).Count(portaltest.System(t))
		require.NoError(t, err)
		require.Zero(t, living)
		require.Len(t, h.Events(t, app.App.ID, eventlog.AppDeleted), 1)
	})
}
