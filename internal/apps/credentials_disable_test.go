package apps_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// A developer pauses a key and goes on; what staff have disabled only they enable, also
// what the developer had paused before.
func TestDisableKey(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		id := f.MustApp(t, x.Developer, "App").Credential.GlobalID()
		disabledBy := func(who *domain.DisabledBy, version int) func(*db.Credential, error) {
			return func(c *db.Credential, err error) {
				t.Helper()
				require.NoError(t, err)
				require.Equal(t, who, c.DisabledBy())
				require.Equal(t, version, c.Version)
				if who == nil {
					require.Equal(t, access.CredentialActive, c.Status)
				}
			}
		}
		developer, staff := new(domain.DisabledByOwner), new(domain.DisabledByStaff)
		disabledBy(developer, 2)(f.Portal.Apps.DisableKey(x.Developer, id, new("On holiday.")))
		disabledBy(developer, 2)(f.Portal.Apps.DisableKey(x.Developer, id, nil))
		disabledBy(nil, 3)(f.Portal.Apps.EnableKey(x.Developer, id, nil))
		disabledBy(nil, 3)(f.Portal.Apps.EnableKey(x.Developer, id, nil))
		disabledBy(developer, 4)(f.Portal.Apps.DisableKey(x.Developer, id, nil))
		disabledBy(staff, 5)(f.Portal.Apps.DisableKey(x.Admin, id, new("Abuse.")))
		disabledBy(staff, 5)(f.Portal.Apps.DisableKey(x.Admin, id, nil))
		disabledBy(staff, 5)(f.Portal.Apps.DisableKey(x.Developer, id, nil))

		_, err := f.Portal.Apps.EnableKey(x.Developer, id, nil)
		problems := fault.Problems(err)
		require.Len(t, problems, 1)
		require.Equal(t, fault.WrongStatus, problems[0].Code)
		require.Equal(t, []string{"credentialId"}, problems[0].Field)
		disabledBy(nil, 6)(f.Portal.Apps.EnableKey(x.Admin, id, nil))

		all, err := f.Client.Event.Query().All(portaltest.System(t))
		require.NoError(t, err)
		taken := all[len(all)-2]
		require.Equal(t, string(eventlog.CredentialDisabled), taken.Type)
		require.Equal(t, "Abuse.", taken.Reason)
		require.Equal(t, []domain.Change{{Field: "disabledBy", Before: new("OWNER"), After: new("STAFF")}}, taken.Changes)
	})
}

// Members who may not make keys for production do not enable them either.
func TestEnableKey_ProductionKeys(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	app := f.MustApp(t, x.Developer, "App").App.GlobalID()
	id := f.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: &app, Environment: new(access.Production)}).Credential.GlobalID()
	v := viewer.Current(x.Developer)
	v.AccountOwner, v.Policy.ProductionKeys = false, domain.OwnersOnly
	member := portaltest.As(t, v)
	paused, err := f.Portal.Apps.DisableKey(member, id, nil)
	require.NoError(t, err)
	may := f.Portal.Apps.CredentialPermissions(member, paused, false).Enable
	require.False(t, may.Allowed)
	require.Equal(t, "POLICY", string(*may.Code))
	_, err = f.Portal.Apps.EnableKey(member, id, nil)
	require.Equal(t, fault.ReasonPolicy, fault.From(err).Reason)
	_, err = f.Portal.Apps.EnableKey(x.Developer, id, nil)
	require.NoError(t, err)
}

// The database knows no active credential that somebody has disabled; of a revoked one
// nothing remains.
func TestDisabledByIsOfDisabledCredentials(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		c := f.MustApp(t, x.Developer, "App").Credential
		system := portaltest.System(t)
		require.Error(t, f.Client.Credential.Update().Where(credential.ID(c.ID)).SetDisabledByOwner(true).Exec(system))
		_, err := f.Portal.Apps.DisableKey(x.Developer, c.GlobalID(), nil)
		require.NoError(t, err)
		revoked, err := f.Portal.Apps.RevokeKey(x.Developer, c.GlobalID(), nil, nil)
		require.NoError(t, err)
		require.False(t, revoked.DisabledByOwner)
		require.Nil(t, revoked.DisabledBy())
	})
}

// A key that many pause at once is paused once.
func TestRace_DisableKey(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		c := h.MustApp(t, x.Developer, "App").Credential
		got, outcomes := racetest.Run(h, func(_ int, p *portal.Portal) (*db.Credential, error) {
			return p.Apps.DisableKey(x.Developer, c.GlobalID(), nil)
		})
		require.Equal(t, map[string]int{racetest.OK: racetest.Requests}, racetest.Tally(outcomes))
		for _, one := range got {
			require.Equal(t, 2, one.Version)
		}
		require.Len(t, h.Events(t, c.ID, eventlog.CredentialDisabled), 1)
	})
}

// Whatever its owner does at the same moment, a key that staff have disabled stays so.
func TestRace_DisableKeyByStaff(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		c := h.MustApp(t, x.Developer, "App").Credential
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Credential, error) {
			switch n % 3 {
			case 0:
				return p.Apps.DisableKey(x.Developer, c.GlobalID(), nil)
			case 1:
				return p.Apps.EnableKey(x.Developer, c.GlobalID(), nil)
			}
			return p.Apps.DisableKey(x.Admin, c.GlobalID(), nil)
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "WRONG_STATUS")
		now, err := h.Client.Credential.Get(portaltest.System(t), c.ID)
		require.NoError(t, err)
		require.Equal(t, new(domain.DisabledByStaff), now.DisabledBy())
		events := h.Events(t, c.ID)
		require.Len(t, events, now.Version)
		last := events[len(events)-1]
		require.Equal(t, string(eventlog.CredentialDisabled), last.Type)
		require.Equal(t, new("STAFF"), last.Changes[len(last.Changes)-1].After)
	})
}

// Labels of keys follow the rules of those of apps.
func TestCredential_Labels(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		created, err := f.Portal.Apps.CreateApp(x.Developer, apps.CreateAppInput{Name: "App", FirstKey: &apps.FirstKeyInput{
			Labels: []domain.Label{{Key: "team", Value: "maps"}, {Key: "host", Value: "a"}}}})
		require.NoError(t, err)
		require.Equal(t, []domain.Label{{Key: "host", Value: "a"}, {Key: "team", Value: "maps"}}, created.Credential.Labels)
		id := created.Credential.GlobalID()
		update := func(labels ...domain.Label) (*db.Credential, error) {
			return f.Portal.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: id, Labels: input.SetTo(labels)})
		}
		same, err := update(domain.Label{Key: "team", Value: "maps"}, domain.Label{Key: "host", Value: "a"})
		require.NoError(t, err)
		require.Equal(t, 1, same.Version)
		_, err = update(domain.Label{Key: "team"}, domain.Label{Key: "team"})
		require.Equal(t, fault.Taken, fault.Problems(err)[0].Code)
		cleared, err := f.Portal.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: id, Labels: input.Patch[[]domain.Label]{Set: true}})
		require.NoError(t, err)
		require.Empty(t, cleared.Labels)
		require.Equal(t, 2, cleared.Version)
		again, err := update()
		require.NoError(t, err)
		require.Equal(t, 2, again.Version)
	})
}

// A key that staff disable, its owner pauses or resumes and somebody revokes, all at
// once, ends revoked.
func TestRace_DisableEnableRevokeKey(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		c := h.MustApp(t, x.Developer, "App").Credential
		who := []context.Context{x.Developer, x.Admin}
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Credential, error) {
			switch n % 8 {
			case 0, 1, 2:
				return p.Apps.DisableKey(who[n%2], c.GlobalID(), nil)
			case 3, 4, 5:
				return p.Apps.EnableKey(who[n%2], c.GlobalID(), nil)
			case 6:
				return p.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: c.GlobalID(), Name: input.SetTo(uuid.NewString())})
			}
			return p.Apps.RevokeKey(who[n%2], c.GlobalID(), nil, nil)
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "KEY_REVOKED", "WRONG_STATUS")
		now, err := h.Client.Credential.Get(portaltest.System(t), c.ID)
		require.NoError(t, err)
		require.Equal(t, access.CredentialRevoked, now.Status)
		require.False(t, now.DisabledByOwner)
		require.Len(t, h.Events(t, c.ID), now.Version)
		require.Len(t, h.Events(t, c.ID, eventlog.CredentialRevoked), 1)
	})
}
