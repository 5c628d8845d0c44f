package apps_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/apps"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// Allowed addresses are stored in one spelling, each once.
func TestCredential_AllowedAddresses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		app := f.MustApp(t, x.Developer, "App").App.GlobalID()
		for given, want := range map[string]string{
			"":                     "",
			"192.0.2.1":            "192.0.2.1/32",
			"192.0.2.77/24":        "192.0.2.0/24",
			"0.0.0.0/0 ::/0":       "0.0.0.0/0 ::/0",
			"2001:DB8::1":          "2001:db8::1/128",
			"2001:db8:0:0::ff/32":  "2001:db8::/32",
			"::ffff:192.0.2.1":     "192.0.2.1/32",
			"::ffff:192.0.2.1/120": "192.0.2.0/24",
			"10.0.0.1/8 10.2.3.4/8 10.0.0.0/8 10.0.0.0/9": "10.0.0.0/8 10.0.0.0/9",
		} {
			created := f.MustKey(t, x.Developer, apps.GenerateKeyInput{AppID: &app, AllowedAddresses: strings.Fields(given)}).Credential
			require.Equal(t, want, strings.Join(created.AllowedAddresses, " "), given)
			changed, err := f.Portal.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: created.GlobalID(), AllowedAddresses: input.SetTo(strings.Fields(given))})
			require.NoError(t, err)
			require.Equal(t, 1, changed.Version, "the same again is no change: %s", given)
		}
	})
}

// A problem names the place of the address that is none.
func TestCredential_AllowedAddressesErrors(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	created := f.MustApp(t, x.Developer, "App")
	app := created.App.GlobalID()
	try := func(t *testing.T, list []string) error {
		t.Helper()
		_, err := f.Portal.Apps.GenerateKey(x.Developer, apps.GenerateKeyInput{AppID: &app, AllowedAddresses: list})
		_, same := f.Portal.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: created.Credential.GlobalID(), AllowedAddresses: input.SetTo(list)})
		require.Equal(t, fmt.Sprint(err), fmt.Sprint(same))
		return err
	}
	t.Run("ErrAllowedAddressesInvalid", func(t *testing.T) {
		for _, bad := range []string{"", " 10.0.0.1", "10.0.0.1 ", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/", "/8",
			"::1/129", "fe80::1%eth0", "fe80::1%eth0/64", "::ffff:10.0.0.0/95", "localhost", "10.0.0.1:80", "[::1]", "*", "10.0.0.1\x00"} {
			portaltest.RequireProblems(t, try(t, []string{"10.0.0.1", bad}), "INVALID allowedAddresses.1")
		}
		portaltest.RequireProblems(t, try(t, []string{"?", "10.0.0.1", "!"}), "INVALID allowedAddresses.0", "INVALID allowedAddresses.2")
	})
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprintf("10.0.0.%d", i)
	}
	t.Run("ErrAllowedAddressesTooMany", func(t *testing.T) {
		portaltest.RequireProblems(t, try(t, many), "TOO_MANY allowedAddresses")
	})
	t.Run("OK", func(t *testing.T) { require.NoError(t, try(t, many[:100])) })
}

// A credential's own rate limit is set, updated and cleared, by its owner and by
// administrators; that of a revoked one is not changed.
func TestCredential_RateLimit(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		account := x.Account.GlobalID()
		credential := f.MustKey(t, x.Developer, apps.GenerateKeyInput{AccountID: &account, RateLimit: &access.RateLimit{Limit: 5, Per: access.PerMinute}}).Credential
		require.Equal(t, &access.RateLimit{Limit: 5, Per: access.PerMinute, Burst: 5}, credential.RateLimit, "a burst of the limit unless said")
		id := credential.GlobalID()
		credential, err := f.Portal.Apps.UpdateKey(x.Admin, apps.UpdateKeyInput{CredentialID: id, RateLimit: input.SetTo(access.RateLimit{Limit: 1, Per: access.PerHour, Burst: 9}), AllowedAddresses: input.SetTo([]string{"10.0.0.1"})})
		require.NoError(t, err)
		require.Equal(t, &access.RateLimit{Limit: 1, Per: access.PerHour, Burst: 9}, credential.RateLimit)
		credential, err = f.Portal.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: id, Name: input.SetTo("named")})
		require.NoError(t, err)
		require.NotNil(t, credential.RateLimit, "what is left out stays")
		require.Len(t, credential.AllowedAddresses, 1)
		credential, err = f.Portal.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: id, RateLimit: input.Patch[access.RateLimit]{Set: true}, AllowedAddresses: input.Patch[[]string]{Set: true}})
		require.NoError(t, err)
		require.Nil(t, credential.RateLimit)
		require.Empty(t, credential.AllowedAddresses)
		t.Run("ErrRateLimitLimitInvalid", func(t *testing.T) {
			for _, r := range []access.RateLimit{{Limit: 0}, {Limit: -1}, {Limit: 1_000_001}} {
				_, err := f.Portal.Apps.UpdateKey(x.Developer, apps.UpdateKeyInput{CredentialID: id, RateLimit: input.SetTo(r)})
				portaltest.RequireProblems(t, err, "INVALID rateLimit.limit")
			}
		})
		t.Run("ErrRateLimitBurstInvalid", func(t *testing.T) {
			for _, burst := range []int{-1, 1_000_001} {
				_, err := f.Portal.Apps.GenerateKey(x.Developer, apps.GenerateKeyInput{AccountID: &account, RateLimit: &access.RateLimit{Limit: 1, Per: access.PerSecond, Burst: burst}})
				portaltest.RequireProblems(t, err, "INVALID rateLimit.burst")
			}
		})
		t.Run("ErrCredentialIdKeyRevoked", func(t *testing.T) {
			_, err := f.Portal.Apps.RevokeKey(x.Developer, id, nil, nil)
			require.NoError(t, err)
			_, err = f.Portal.Apps.UpdateKey(x.Admin, apps.UpdateKeyInput{CredentialID: id, AllowedAddresses: input.SetTo([]string{"10.0.0.1"})})
			portaltest.RequireProblems(t, err, "KEY_REVOKED credentialId")
		})
	})
}

// Limits belong to the input that an idempotency key stands for.
func TestGenerateKey_AgainWithLimits(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	account := x.Account.GlobalID()
	in := apps.GenerateKeyInput{AccountID: &account, AllowedAddresses: []string{"10.0.0.1"}, IdempotencyKey: new("once")}
	created := f.MustKey(t, x.Developer, in)
	again := f.MustKey(t, x.Developer, in)
	require.True(t, again.Replayed)
	require.Equal(t, created.Credential.ID, again.Credential.ID)
	in.AllowedAddresses = nil
	_, err := f.Portal.Apps.GenerateKey(x.Developer, in)
	portaltest.RequireCode(t, err, fault.CodeConflict)
}
