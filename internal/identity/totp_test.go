package identity_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// begin sends the right password, and returns what a second factor is asked for with.
func begin(t *testing.T, f *portaltest.Fixture, u *db.User) *identity.SignInChallenge {
	t.Helper()
	in, err := f.Portal.Identity.SignIn(from(t, "192.0.2.1"), identity.SignInInput{Email: address.ParseEmail(u.Email), Password: portaltest.Password})
	require.NoError(t, err)
	require.NotNil(t, in.Challenge)
	require.Empty(t, in.AccessToken)
	require.Empty(t, in.RefreshToken)
	require.Empty(t, in.DeviceToken)
	require.Nil(t, in.User)
	return in.Challenge
}

func complete(t *testing.T, f *portaltest.Fixture, challenge, code string) (identity.SignedIn, error) {
	t.Helper()
	return f.Portal.Identity.CompleteSignIn(from(t, "192.0.2.1"), identity.CompleteSignInInput{Challenge: challenge, Code: code})
}

// codeOf returns the code of the only thing that is wrong with an input.
func codeOf(t *testing.T, err error) fault.ProblemCode {
	t.Helper()
	require.Len(t, fault.Problems(err), 1, "%v", err)
	return fault.Problems(err)[0].Code
}

func userOf(t *testing.T, f *portaltest.Fixture, ctx context.Context) *db.User {
	t.Helper()
	u, err := f.Client.User.Get(portaltest.System(t), viewer.Current(ctx).UserID)
	require.NoError(t, err)
	return u
}

// A person sets up an app, signs in with it, and turns it off again.
func TestSecondFactor(t *testing.T) {
	testdb.Each(t, func(t *testing.T, database string) {
		f := portaltest.New(t, database)
		developer := f.MustTenant(t, "one").Developer
		svc, u := f.Portal.Identity, userOf(t, f, developer)

		_, err := svc.EnableTotp(developer, "another password")
		require.Equal(t, fault.WrongPassword, codeOf(t, err))
		_, _, err = svc.ConfirmTotp(developer, "123456")
		require.Equal(t, fault.WrongStatus, codeOf(t, err), "nothing was begun")
		first, err := svc.EnableTotp(developer, portaltest.Password)
		require.NoError(t, err)
		require.Regexp(t, `^otpauth://totp/The%20one%20organization:[^?]+\?algorithm=SHA1&digits=6&issuer=The%20one%20organization&period=30&secret=[A-Z2-7]{32}$`, first.URI)
		second, err := svc.EnableTotp(developer, portaltest.Password)
		require.NoError(t, err)
		require.NotEqual(t, first.Secret, second.Secret)
		_, _, err = svc.ConfirmTotp(developer, f.App(t, *first).Code())
		require.Equal(t, fault.WrongCode, codeOf(t, err), "it was begun anew")
		app := f.App(t, *second)
		now, codes, err := svc.ConfirmTotp(developer, " "+app.Code()[:3]+" "+app.Code()[3:])
		require.NoError(t, err)
		require.Equal(t, f.Clock.Now(), now.TotpEnabledAt.UTC())
		require.Len(t, codes, 10)
		_, err = svc.EnableTotp(developer, portaltest.Password)
		require.Equal(t, fault.WrongStatus, codeOf(t, err))

		asked := begin(t, f, u)
		require.Nil(t, asked.Setup)
		_, err = complete(t, f, asked.Token, app.Code())
		require.Equal(t, fault.WrongCode, codeOf(t, err), "it was used to set the app up")
		f.Clock.Advance(30 * time.Second)
		in, err := complete(t, f, asked.Token, app.Code())
		require.NoError(t, err)
		require.Equal(t, u.ID, in.User.ID)
		require.NotEmpty(t, in.DeviceToken)
		_, err = complete(t, f, asked.Token, app.Code())
		require.Equal(t, fault.WrongCode, codeOf(t, err), "each code is good once")
		_, err = complete(t, f, asked.Token, app.CodeAt(-30*time.Second))
		require.Equal(t, fault.WrongCode, codeOf(t, err), "and none before it is any more")
		_, err = complete(t, f, asked.Token, app.CodeAt(30*time.Second))
		require.NoError(t, err, "the phone's clock may be ahead")
		f.Clock.Advance(2 * time.Minute)
		_, err = complete(t, f, asked.Token, app.CodeAt(60*time.Second))
		require.Equal(t, fault.WrongCode, codeOf(t, err), "but not by that much")

		_, err = svc.DisableTotp(developer, "000000")
		require.Equal(t, fault.WrongCode, codeOf(t, err))
		now, err = svc.DisableTotp(developer, app.Code())
		require.NoError(t, err)
		require.Nil(t, now.TotpEnabledAt)
		require.Zero(t, f.Rows(t, "totp_factors"))
		require.Zero(t, f.Rows(t, "recovery_codes"))
		_, err = signInAs(t, f, u)
		require.NoError(t, err, "no code is asked for")
		_, err = svc.DisableTotp(developer, app.Code())
		require.Equal(t, fault.WrongStatus, codeOf(t, err))
		require.Subset(t, f.EventTypes(t, u.ID), []string{"USER_TOTP_ENABLED", "USER_TOTP_DISABLED"})
	})
}

func signInAs(t *testing.T, f *portaltest.Fixture, u *db.User) (identity.SignedIn, error) {
	t.Helper()
	in, err := f.Portal.Identity.SignIn(from(t, "192.0.2.1"), identity.SignInInput{Email: address.ParseEmail(u.Email), Password: portaltest.Password})
	if err == nil {
		require.Nil(t, in.Challenge)
	}
	return in, err
}

// A recovery code takes the place of the app, once.
func TestRecoveryCodes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, database string) {
		f := portaltest.New(t, database)
		developer := f.MustTenant(t, "one").Developer
		u := userOf(t, f, developer)
		app, codes := f.MustTotp(t, developer)

		_, err := complete(t, f, begin(t, f, u).Token, strings.ToLower(codes[0]))
		require.NoError(t, err)
		_, err = complete(t, f, begin(t, f, u).Token, codes[0])
		require.Equal(t, fault.WrongCode, codeOf(t, err))
		require.Contains(t, f.EventTypes(t, u.ID), "USER_RECOVERY_CODE_USED")

		other := f.MustTenant(t, "two").Developer
		_, foreign := f.MustTotp(t, other)
		_, err = complete(t, f, begin(t, f, u).Token, foreign[0])
		require.Equal(t, fault.WrongCode, codeOf(t, err), "it is somebody else's")

		fresh, err := f.Portal.Identity.ReplaceRecoveryCodes(developer, app.Code())
		require.NoError(t, err)
		require.Len(t, fresh, 10)
		_, err = complete(t, f, begin(t, f, u).Token, codes[1])
		require.Equal(t, fault.WrongCode, codeOf(t, err), "the old ones are refused")
		_, err = f.Portal.Identity.DisableTotp(developer, fresh[9])
		require.NoError(t, err)
	})
}

// What a challenge is no longer good for has one error.
func TestCompleteSignIn_ErrChallengeExpired(t *testing.T) {
	testdb.Each(t, func(t *testing.T, database string) {
		f := portaltest.New(t, database)
		tenant := f.MustTenant(t, "one")
		svc, u := f.Portal.Identity, userOf(t, f, tenant.Developer)
		app, _ := f.MustTotp(t, tenant.Developer)
		id := nodeid.Encode(nodeid.User, u.ID)
		refused := func(t *testing.T, token string) {
			t.Helper()
			_, err := complete(t, f, token, app.Code())
			require.Equal(t, fault.ReasonChallengeExpired, fault.From(err).Reason, "%v", err)
		}
		for name, prepare := range map[string]func(t *testing.T, token string) string{
			"junk":      func(*testing.T, string) string { return "pch_junk" },
			"very long": func(*testing.T, string) string { return strings.Repeat("p", 200_000) },
			"changed": func(_ *testing.T, token string) string {
				return token[:10] + strings.Map(func(r rune) rune { return r ^ 1 }, token[10:11]) + token[11:]
			},
			"late": func(_ *testing.T, token string) string {
				f.Clock.Advance(identity.ChallengeLife)
				return token
			},
			"after the password has changed": func(t *testing.T, token string) string {
				_, err := svc.ChangePassword(tenant.Developer, portaltest.Password, "another battery, and a staple")
				require.NoError(t, err)
				_, err = svc.ChangePassword(tenant.Developer, "another battery, and a staple", portaltest.Password)
				require.NoError(t, err)
				return token
			},
			"disabled": func(t *testing.T, token string) string {
				_, err := svc.DisableUser(tenant.Admin, id, nil)
				require.NoError(t, err)
				t.Cleanup(func() {
					_, err := svc.EnableUser(tenant.Admin, id, nil)
					require.NoError(t, err)
				})
				return token
			},
		} {
			t.Run(name, func(t *testing.T) { refused(t, prepare(t, begin(t, f, u).Token)) })
		}
		t.Run("after the factor was removed", func(t *testing.T) {
			token := begin(t, f, u).Token
			session := f.MustSession(t, u).ID
			_, err := svc.ResetTotp(tenant.Admin, id, nil)
			require.NoError(t, err)
			refused(t, token)
			require.False(t, isAccepted(t, f, u, session), "sessions have ended")
			_, err = signInAs(t, f, u)
			require.NoError(t, err)
		})
	})
}

// Codes are short, so few of them may be tried; an administrator forgives.
func TestCompleteSignIn_ErrSignInFailures(t *testing.T) {
	testdb.Each(t, func(t *testing.T, database string) {
		f := portaltest.New(t, database)
		tenant := f.MustTenant(t, "one")
		u := userOf(t, f, tenant.Developer)
		app, codes := f.MustTotp(t, tenant.Developer)
		for i := range auth.PairFailures {
			in := identity.CompleteSignInInput{Challenge: begin(t, f, u).Token, Code: "00000" + string(rune('0'+i))}
			_, err := f.Portal.Identity.CompleteSignIn(from(t, "192.0.2."+string(rune('1'+i))), in)
			require.Equal(t, fault.WrongCode, codeOf(t, err))
		}
		token := begin(t, f, u).Token
		for _, code := range []string{app.Code(), codes[0]} {
			_, err := complete(t, f, token, code)
			require.Equal(t, fault.ReasonSignInFailures, fault.From(err).Reason, "%v", err)
		}
		_, err := f.Portal.Identity.DisableTotp(tenant.Developer, app.Code())
		require.Equal(t, fault.ReasonSignInFailures, fault.From(err).Reason, "nor elsewhere")
		f.Clock.Advance(time.Second)
		_, err = f.Portal.Identity.ResetPassword(t.Context(), "one", u.EmailFolded, portaltest.Password)
		require.NoError(t, err)
		token = begin(t, f, u).Token
		_, err = complete(t, f, token, app.Code())
		require.Equal(t, fault.ReasonSignInFailures, fault.From(err).Reason, "nor after the password was reset")
		f.Clock.Advance(time.Second)
		program := portaltest.As(t, viewer.Viewer{Role: viewer.Admin, OrganizationID: u.OrganizationID, TokenID: uuid.New(), Scopes: domain.NewScopes(domain.AdminWrite)})
		_, err = f.Portal.Identity.UnlockUser(program, nodeid.Encode(nodeid.User, u.ID), nil)
		require.NoError(t, err)
		_, err = complete(t, f, token, app.Code())
		require.Equal(t, fault.ReasonSignInFailures, fault.From(err).Reason, "nor by a service token")
		f.Clock.Advance(time.Second)
		_, err = f.Portal.Identity.UnlockUser(tenant.Admin, nodeid.Encode(nodeid.User, u.ID), nil)
		require.NoError(t, err)
		_, err = complete(t, f, token, app.Code())
		require.NoError(t, err)
	})
}

// An organization that asks administrators for a second factor gets it.
func TestStaffNeedASecondFactor(t *testing.T) {
	testdb.Each(t, func(t *testing.T, database string) {
		f := portaltest.New(t, database)
		tenant := f.MustTenant(t, "one")
		svc := f.Portal.Identity
		ask := identity.UpdateOrganizationInput{StaffTotp: input.SetTo(true)}
		_, err := svc.UpdateOrganization(tenant.Admin, ask)
		require.Equal(t, fault.NotAllowed, codeOf(t, err), "who asks has one")
		app, _ := f.MustTotp(t, tenant.Admin)

		other := userOf(t, f, f.MustAdmin(t, tenant.Organization))
		theirs, own, developers := f.MustSession(t, other).ID, viewer.Current(tenant.Admin).SessionID, viewer.Current(tenant.Developer).SessionID
		_, err = svc.UpdateOrganization(tenant.Admin, ask)
		require.NoError(t, err)
		require.False(t, isAccepted(t, f, other, theirs), "the session of one without it has ended")
		require.True(t, isAccepted(t, f, userOf(t, f, tenant.Admin), own))
		require.True(t, isAccepted(t, f, userOf(t, f, tenant.Developer), developers))
		_, err = svc.DisableTotp(tenant.Admin, app.Code())
		require.Equal(t, fault.ReasonPolicy, fault.From(err).Reason)

		before := begin(t, f, other)
		asked := begin(t, f, other)
		require.NotNil(t, asked.Setup)
		require.NotEqual(t, before.Setup.Secret, asked.Setup.Secret)
		_, err = complete(t, f, before.Token, f.App(t, *before.Setup).Code())
		require.Equal(t, fault.WrongCode, codeOf(t, err), "somebody else may have seen that one")
		in, err := complete(t, f, asked.Token, f.App(t, *asked.Setup).Code())
		require.NoError(t, err)
		require.Len(t, in.RecoveryCodes, 10)
		require.NotEmpty(t, in.AccessToken)
		_, err = complete(t, f, asked.Token, f.App(t, *asked.Setup).CodeAt(30*time.Second))
		require.Equal(t, fault.ReasonChallengeExpired, fault.From(err).Reason)
		f.Clock.Advance(time.Minute)
		require.Nil(t, begin(t, f, other).Setup)
		_, err = signInAs(t, f, userOf(t, f, tenant.Developer))
		require.NoError(t, err, "developers are not asked")
	})
}

// Only somebody else's second factor is reset by an administrator.
func TestResetTotp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, database string) {
		f := portaltest.New(t, database)
		tenant := f.MustTenant(t, "one")
		svc, u := f.Portal.Identity, userOf(t, f, tenant.Developer)
		_, err := svc.ResetTotp(tenant.Admin, nodeid.Encode(nodeid.User, viewer.Current(tenant.Admin).UserID), nil)
		require.Equal(t, fault.ReasonPolicy, fault.From(err).Reason)
		_, err = svc.ResetTotp(f.MustTenant(t, "two").Admin, nodeid.Encode(nodeid.User, u.ID), nil)
		require.True(t, fault.Is(err, fault.CodeNotFound))
		before, err := svc.ResetTotp(tenant.Admin, nodeid.Encode(nodeid.User, u.ID), nil)
		require.NoError(t, err)
		require.Equal(t, u.Version, before.Version, "there is none")

		f.MustTotp(t, tenant.Developer)
		_, removed, err := svc.ResetTotpByAddress(t.Context(), "one", address.ParseEmail(u.Email))
		require.NoError(t, err)
		require.True(t, removed)
		_, removed, err = svc.ResetTotpByAddress(t.Context(), "one", address.ParseEmail(u.Email))
		require.NoError(t, err)
		require.False(t, removed, "there is none any more")
		require.Nil(t, userOf(t, f, tenant.Developer).TotpEnabledAt)
		require.Zero(t, f.Rows(t, "totp_factors"))
	})
}
