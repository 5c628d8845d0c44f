package apps_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// Each key has the result that revokeKey would have had; what is unknown and what is
// another's are alike, and keep no other from being revoked.
func TestRevokeKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, other := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		first, second := f.MustApp(t, x.Developer, "First"), f.MustApp(t, x.Developer, "Second")
		whole := f.MustKey(t, x.Developer, apps.GenerateKeyInput{AccountID: new(x.Account.GlobalID())}).Credential
		foreign := f.MustApp(t, other.Developer, "Theirs").Credential
		before, err := f.Portal.Apps.RevokeKey(x.Admin, second.Credential.GlobalID(), new(domain.Superseded), nil)
		require.NoError(t, err)
		_, err = f.Portal.Apps.DisableKey(x.Admin, whole.GlobalID(), nil)
		require.NoError(t, err)

		ids := []string{whole.GlobalID(), foreign.GlobalID(), second.Credential.GlobalID(), "nonsense", first.Credential.GlobalID(), first.App.GlobalID()}
		in := apps.RevokeKeysInput{CredentialIDs: ids, Reason: new(domain.KeyCompromise), Note: new("Found.")}
		got, err := f.Portal.Apps.RevokeKeys(x.Developer, in)
		require.NoError(t, err)
		require.Len(t, got, len(ids))
		for i, r := range got {
			require.Equal(t, ids[i], r.CredentialID)
			if i%2 == 1 || i == 5 {
				require.Nil(t, r.Credential)
				require.Equal(t, &fault.Kind{Code: fault.CodeNotFound, Reason: fault.ReasonUnknownObject}, r.Error)
				continue
			}
			require.Nil(t, r.Error)
			require.Equal(t, ids[i], r.Credential.GlobalID())
			require.Equal(t, access.CredentialRevoked, r.Credential.Status)
		}
		require.Equal(t, domain.KeyCompromise, *got[0].Credential.RevokedReason)
		require.Equal(t, before.Version, got[2].Credential.Version, "it was revoked before, for another reason")
		require.Equal(t, domain.Superseded, *got[2].Credential.RevokedReason)
		n, err := f.Client.Event.Query().Where(event.Type(string(eventlog.CredentialRevoked))).Count(portaltest.System(t))
		require.NoError(t, err)
		require.Equal(t, 3, n)
		theirs, err := f.Client.Credential.Get(portaltest.System(t), foreign.ID)
		require.NoError(t, err)
		require.Equal(t, access.CredentialActive, theirs.Status)

		again, err := f.Portal.Apps.RevokeKeys(x.Developer, in)
		require.NoError(t, err)
		require.Equal(t, got[4].Credential.Version, again[4].Credential.Version)
	})
}

// What is wrong with the request changes nothing.
func TestRevokeKeys_ErrInput(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	id := f.MustApp(t, x.Developer, "App").Credential.GlobalID()
	many := []string{id}
	for i := range apps.MaxRevokedKeys {
		many = append(many, fmt.Sprint("cred_", i))
	}
	for want, in := range map[string]apps.RevokeKeysInput{
		"REQUIRED":  {},
		"TOO_MANY":  {CredentialIDs: many},
		"INVALID":   {CredentialIDs: []string{id, "x", id}},
		"INVALID ":  {CredentialIDs: []string{id}, Reason: new(domain.AppDeleted)},
		"TOO_LONG ": {CredentialIDs: []string{id}, Note: new(string(make([]byte, 2000)))},
	} {
		_, err := f.Portal.Apps.RevokeKeys(x.Developer, in)
		problems := fault.Problems(err)
		require.NotEmpty(t, problems, want)
		if want[len(want)-1] != ' ' {
			require.Equal(t, want, string(problems[0].Code))
			require.Equal(t, "credentialIds", problems[0].Field[0])
		}
	}
	v := viewer.Current(x.Developer)
	v.AccountSuspended = true
	_, err := f.Portal.Apps.RevokeKeys(portaltest.As(t, v), apps.RevokeKeysInput{CredentialIDs: []string{id}})
	require.Error(t, err, "as revokeKey")
	c, err := f.Client.Credential.Query().Only(portaltest.System(t))
	require.NoError(t, err)
	require.Equal(t, access.CredentialActive, c.Status)
}

// Requests that name the same keys in different orders, the deletion of their app and
// single revocations, all at once: each key is revoked once.
func TestRace_RevokeKeys(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		app := h.MustApp(t, x.Developer, "App")
		ids, keys := []string{app.Credential.GlobalID()}, []*db.Credential{app.Credential}
		for range 7 {
			c := h.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: new(app.App.GlobalID())}).Credential
			ids, keys = append(ids, c.GlobalID()), append(keys, c)
		}
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (bool, error) {
			switch n % 4 {
			case 0:
				_, err := p.Apps.RevokeKey(x.Admin, ids[n%len(ids)], nil, nil)
				return true, err
			case 1:
				_, err := p.Apps.EnableKey(x.Admin, ids[n%len(ids)], nil)
				return true, err
			case 2:
				if n == 34 {
					_, err := p.Apps.DeleteApp(x.Developer, app.App.GlobalID(), nil)
					return true, err
				}
			}
			turned := append(append([]string{}, ids[n%len(ids):]...), ids[:n%len(ids)]...)
			got, err := p.Apps.RevokeKeys(x.Developer, apps.RevokeKeysInput{CredentialIDs: turned})
			for _, r := range got {
				if r.Credential != nil && r.Credential.Status != access.CredentialRevoked {
					t.Errorf("%s is %s", r.CredentialID, r.Credential.Status)
				}
			}
			return true, err
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "KEY_REVOKED", "NOT_FOUND")
		for _, c := range keys {
			require.Len(t, h.Events(t, c.ID, eventlog.CredentialRevoked), 1)
		}
	})
}
