package apps_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db/credential"
	"portico/internal/apps"
	"portico/internal/database"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
)

// waitsFor runs a change while another transaction has locked a row of a table, until the
// change waits for it; during calls what is to be seen meanwhile.
func waitsFor(t *testing.T, d *database.DB, table string, row uuid.UUID, run func() error, during func(ctx context.Context)) {
	t.Helper()
	ctx := t.Context()
	other, err := d.Begin(ctx, nil)
	require.NoError(t, err)
	defer func() { _ = other.Rollback() }()
	_, err = other.ExecContext(ctx, `SELECT 1 FROM `+table+` WHERE id = $1 FOR UPDATE`, row)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- run() }()
	require.Eventually(t, func() bool {
		var n int
		err := d.QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n)
		return err == nil && n > 0
	}, 30*time.Second, 5*time.Millisecond)
	during(ctx)
	require.NoError(t, other.Rollback())
	require.NoError(t, <-done)
}

// lockable returns how many of the credentials nobody has locked.
func lockable(ctx context.Context, t *testing.T, d *database.DB, account uuid.UUID) (n int) {
	t.Helper()
	require.NoError(t, d.InTx(ctx, func(tx *database.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM credentials WHERE account_id = $1 FOR UPDATE SKIP LOCKED) x`, account).Scan(&n)
	}))
	return n
}

// Whatever locks several keys begins with the one whose id is first, wherever its row
// stands: while that one is locked, it has locked no other.
func TestKeysAreLockedInOneOrder(t *testing.T) {
	url, ok := testdb.Postgres(t)
	if !ok {
		t.Skip("SQLite has one writer")
	}
	f := portaltest.New(t, url)
	x := f.MustTenant(t, "one")
	for name, end := range map[string]func(x portaltest.Tenant, key apps.CreatedApp, rotated apps.RotatedCredential) error{
		"deleteApp": func(x portaltest.Tenant, made apps.CreatedApp, _ apps.RotatedCredential) error {
			_, err := f.Portal.Apps.DeleteApp(x.Developer, made.App.GlobalID(), nil)
			return err
		},
		"deleteAccount": func(x portaltest.Tenant, _ apps.CreatedApp, _ apps.RotatedCredential) error {
			_, err := f.Portal.Identity.DeleteAccount(x.Admin, x.Account.GlobalID(), nil)
			return err
		},
		"revokeKey": func(x portaltest.Tenant, _ apps.CreatedApp, rotated apps.RotatedCredential) error {
			_, err := f.Portal.Apps.RevokeKey(x.Developer, rotated.Credential.GlobalID(), nil, nil)
			return err
		},
		"revokeKeys": func(x portaltest.Tenant, _ apps.CreatedApp, rotated apps.RotatedCredential) error {
			_, err := f.Portal.Apps.RevokeKeys(x.Developer, apps.RevokeKeysInput{CredentialIDs: []string{rotated.Credential.GlobalID(), rotated.Predecessor.GlobalID()}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			acc := f.MustAccount(t, x.Admin, name)
			y := portaltest.Tenant{Organization: x.Organization, Account: acc, Admin: x.Admin, Developer: f.MustDeveloper(t, x.Admin, acc)}
			whole := f.MustKey(t, y.Developer, apps.GenerateKeyInput{AccountID: new(acc.GlobalID())})
			made := f.MustApp(t, y.Developer, "App")
			rotated, err := f.Portal.Apps.RotateKey(y.Developer, apps.RotateKeyInput{CredentialID: made.Credential.GlobalID()})
			require.NoError(t, err)
			first := made.Credential.ID
			if name == "deleteAccount" {
				first = whole.Credential.ID
			}
			// Postgres reads the row that was written last as the last one.
			for range 3 {
				require.NoError(t, f.Client.Credential.UpdateOneID(first).SetLastUsedAt(f.Clock.Now()).Exec(portaltest.System(t)))
			}
			waitsFor(t, f.Database, "credentials", first, func() error { return end(y, made, rotated) }, func(ctx context.Context) {
				require.Equal(t, 2, lockable(ctx, t, f.Database, acc.ID), "all three but the first")
			})
		})
	}
}

// Whatever ends a key, or makes one in its place, begins with the key's app, which counts
// its keys: while that is locked, it has locked no key.
func TestAppsAreLockedBeforeTheirKeys(t *testing.T) {
	url, ok := testdb.Postgres(t)
	if !ok {
		t.Skip("SQLite has one writer")
	}
	f := portaltest.New(t, url)
	x := f.MustTenant(t, "one")
	for name, end := range map[string]func(key apps.CreatedApp) error{
		"deleteApp": func(made apps.CreatedApp) error {
			_, err := f.Portal.Apps.DeleteApp(x.Developer, made.App.GlobalID(), nil)
			return err
		},
		"revokeKey": func(made apps.CreatedApp) error {
			_, err := f.Portal.Apps.RevokeKey(x.Developer, made.Credential.GlobalID(), nil, nil)
			return err
		},
		"revokeKeys": func(made apps.CreatedApp) error {
			_, err := f.Portal.Apps.RevokeKeys(x.Admin, apps.RevokeKeysInput{CredentialIDs: []string{made.Credential.GlobalID()}})
			return err
		},
		"rotateKey": func(made apps.CreatedApp) error {
			_, err := f.Portal.Apps.RotateKey(x.Developer, apps.RotateKeyInput{CredentialID: made.Credential.GlobalID()})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			acc := f.MustAccount(t, x.Admin, name)
			made := f.MustApp(t, f.MustDeveloper(t, x.Admin, acc), "App")
			f.MustKey(t, x.Admin, apps.GenerateKeyInput{AppID: new(made.App.GlobalID())})
			as := x.Developer
			x.Developer = f.MustDeveloper(t, x.Admin, acc)
			defer func() { x.Developer = as }()
			waitsFor(t, f.Database, "apps", made.App.ID, func() error { return end(made) }, func(ctx context.Context) {
				require.Equal(t, 2, lockable(ctx, t, f.Database, acc.ID), "both keys")
			})
		})
	}
}

// Deletions, revocations of many and rotations meet on the same keys, in every order in
// which people name them: nobody is told of a deadlock.
func TestRace_DeleteRevokeAndRotate(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		acc := h.MustAccount(t, x.Admin, "Short-lived")
		dev := h.MustDeveloper(t, x.Admin, acc)
		var made []apps.CreatedApp
		var keys []string
		for range 4 {
			a := h.MustApp(t, dev, "App")
			rotated, err := h.Portal.Apps.RotateKey(dev, apps.RotateKeyInput{CredentialID: a.Credential.GlobalID()})
			require.NoError(t, err)
			made = append(made, a)
			keys = append(keys, rotated.Credential.GlobalID(), h.MustKey(t, dev, apps.GenerateKeyInput{AccountID: new(acc.GlobalID())}).Credential.GlobalID(), a.Credential.GlobalID())
		}
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (any, error) {
			from := n % len(keys)
			switch n % 8 {
			case 0:
				return p.Apps.DeleteApp(dev, made[n/8%len(made)].App.GlobalID(), nil)
			case 1, 2, 3:
				return p.Apps.RevokeKeys(dev, apps.RevokeKeysInput{CredentialIDs: append(append([]string{}, keys[from:]...), keys[:from]...)})
			case 4, 5:
				return p.Apps.RevokeKey(dev, keys[from], nil, nil)
			case 6:
				return p.Apps.RotateKey(dev, apps.RotateKeyInput{CredentialID: keys[from]})
			}
			if n > racetest.Requests/2 {
				return p.Identity.DeleteAccount(x.Admin, acc.GlobalID(), nil)
			}
			return p.Apps.RotateKey(dev, apps.RotateKeyInput{CredentialID: keys[len(keys)-1-from]})
		})
		racetest.RequireOnly(t, outcomes, racetest.OK, "NOT_FOUND", "WRONG_STATUS", "KEY_REVOKED", "FORBIDDEN", "UNAUTHENTICATED")
		left, err := h.Client.Credential.Query().Where(credential.AccountID(acc.ID), credential.StatusNEQ(access.CredentialRevoked)).Count(portaltest.System(t))
		require.NoError(t, err)
		require.Zero(t, left)
	})
}
