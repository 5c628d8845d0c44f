package identity_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

const newPassword = "another battery, and a staple"

// askFor asks for a new password, and does what follows the answer.
func askFor(t *testing.T, f *portaltest.Fixture, email string, organization ...string) {
	t.Helper()
	in := identity.RequestPasswordResetInput{Email: address.ParseEmail(email)}
	if len(organization) == 1 {
		in.Organization = &organization[0]
	}
	require.NoError(t, f.Portal.Identity.RequestPasswordReset(from(t, "192.0.2.1"), in))
	require.NoError(t, f.Portal.Identity.AnswerResetRequests(t.Context()))
	require.Zero(t, f.Rows(t, "password_reset_requests"))
}

// linkOf returns the token of a user's link that was made now; "" if there is none.
func linkOf(t *testing.T, f *portaltest.Fixture, u *db.User) string {
	t.Helper()
	token, expires, ok, err := f.Portal.Identity.ResetToken(t.Context(), u.ID, f.Clock.Now())
	require.NoError(t, err)
	if ok {
		require.Equal(t, f.Clock.Now().Add(30*time.Minute), expires)
	}
	return token
}

// mustLink asks for a new password of a user, and returns the token of the link.
func mustLink(t *testing.T, f *portaltest.Fixture, u *db.User) string {
	t.Helper()
	askFor(t, f, u.Email)
	token := linkOf(t, f, u)
	require.NotEmpty(t, token)
	return token
}

// A forgotten password is replaced by the link of a letter, which ends what went on
// under the old one.
func TestStory_ResetPassword(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		u := mustStaff(t, f, "one", portaltest.Password)
		session := f.MustSession(t, u).ID
		mustFail(t, f.Portal, "192.0.2.1", auth.PairFailures)
		f.Clock.Advance(time.Second)
		requireLimited(t, f.Portal, "192.0.2.1", portaltest.Password)

		token := mustLink(t, f, u)
		require.True(t, isAccepted(t, f, u, session), "that somebody asks changes nothing")
		err := f.Portal.Identity.ResetByLink(from(t, "192.0.2.9"), token, "short")
		portaltest.RequireProblems(t, err, "WEAK_PASSWORD newPassword")
		err = f.Portal.Identity.ResetByLink(from(t, "192.0.2.9"), token, "  "+orhan)
		portaltest.RequireProblems(t, err, "WEAK_PASSWORD newPassword")
		require.NoError(t, f.Portal.Identity.ResetByLink(from(t, "192.0.2.9"), token, newPassword), "a refused password leaves the link valid")
		require.False(t, isAccepted(t, f, u, session), "sessions have ended")
		require.Equal(t, []string{"USER_CREATED", "USER_PASSWORD_RESET_REQUESTED", "USER_PASSWORD_RESET"}, f.EventTypes(t, u.ID), "nobody is signed in")

		_, err = signIn(from(t, "192.0.2.1"), f.Portal, portaltest.Password)
		require.True(t, fault.Is(err, fault.CodeUnauthenticated), "failures are forgiven: %v", err)
		_, err = signIn(from(t, "192.0.2.1"), f.Portal, newPassword)
		require.NoError(t, err)
		changed := f.Client.User.GetX(portaltest.System(t), u.ID)
		require.Equal(t, f.Clock.Now(), changed.PasswordChangedAt.UTC())
		require.Equal(t, u.Version+1, changed.Version)
	})
}

// Every link that sets no password gets the same answer.
func TestResetPassword_ErrTokenInvalidLink(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant, u *db.User, token string) string{
		"Used": func(t *testing.T, f *portaltest.Fixture, _ portaltest.Tenant, _ *db.User, token string) string {
			require.NoError(t, f.Portal.Identity.ResetByLink(from(t, "192.0.2.9"), token, "yet another battery"))
			return token
		},
		"Expired": func(_ *testing.T, f *portaltest.Fixture, _ portaltest.Tenant, _ *db.User, token string) string {
			f.Clock.Advance(30 * time.Minute)
			return token
		},
		"Superseded": func(t *testing.T, f *portaltest.Fixture, _ portaltest.Tenant, u *db.User, token string) string {
			f.Clock.Advance(time.Minute)
			require.NotEqual(t, token, mustLink(t, f, u))
			return token
		},
		"SupersededByAnAdministrator": func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant, u *db.User, token string) string {
			_, err := f.Portal.Identity.SendPasswordReset(x.Admin, u.GlobalID(), nil)
			require.NoError(t, err)
			return token
		},
		"ChangedByTheOwner": func(t *testing.T, f *portaltest.Fixture, _ portaltest.Tenant, u *db.User, token string) string {
			_, err := f.Portal.Identity.ChangePassword(f.Enter(t, u), portaltest.Password, "yet another battery")
			require.NoError(t, err)
			return token
		},
		"ChangedByAnOperator": func(t *testing.T, f *portaltest.Fixture, _ portaltest.Tenant, u *db.User, token string) string {
			_, err := f.Portal.Identity.ResetPassword(t.Context(), "one", u.EmailFolded, "yet another battery")
			require.NoError(t, err)
			return token
		},
		"Disabled": func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant, u *db.User, token string) string {
			_, err := f.Portal.Identity.DisableUser(x.Admin, u.GlobalID(), nil)
			require.NoError(t, err)
			return token
		},
		"DisabledAndEnabledAgain": func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant, u *db.User, token string) string {
			_, err := f.Portal.Identity.DisableUser(x.Admin, u.GlobalID(), nil)
			require.NoError(t, err)
			_, err = f.Portal.Identity.EnableUser(x.Admin, u.GlobalID(), nil)
			require.NoError(t, err)
			return token
		},
		"NoPasswordSignIn": func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant, _ *db.User, token string) string {
			_, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{PasswordSignIn: input.SetTo(false)})
			require.NoError(t, err)
			return token
		},
		"Unknown": func(_ *testing.T, f *portaltest.Fixture, x portaltest.Tenant, _ *db.User, _ string) string {
			return auth.NewLinks(f.Ring).Issue(identity.LinkPasswordReset, x.Account.ID)
		},
		"OfAnotherPurpose": func(_ *testing.T, f *portaltest.Fixture, _ portaltest.Tenant, _ *db.User, token string) string {
			id, _ := auth.NewLinks(f.Ring).Parse(identity.LinkPasswordReset, token)
			return auth.NewLinks(f.Ring).Issue("inv_", id)
		},
		"Junk": func(*testing.T, *portaltest.Fixture, portaltest.Tenant, *db.User, string) string {
			return "ppr_" + strings.Repeat("x", 200_000)
		},
		"Empty": func(*testing.T, *portaltest.Fixture, portaltest.Tenant, *db.User, string) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, url string) {
				f := portaltest.New(t, url)
				x := f.MustTenant(t, "one")
				u := f.MustUser(t, x.Admin, x.Account, domain.Member)
				token := spoil(t, f, x, u, mustLink(t, f, u))
				hash, events := f.Client.User.GetX(portaltest.System(t), u.ID).PasswordHash, f.EventTypes(t, u.ID)
				for _, password := range []string{newPassword, "short"} {
					err := f.Portal.Identity.ResetByLink(from(t, "192.0.2.9"), token, password)
					require.Equal(t, []fault.Problem{{Code: "INVALID_LINK", Field: []string{"token"}, Message: "This link is not valid any more. Please ask for another."}}, fault.Problems(err))
					if name == "NoPasswordSignIn" {
						break // the link itself is still there, so the password is looked at first
					}
				}
				require.Equal(t, hash, f.Client.User.GetX(portaltest.System(t), u.ID).PasswordHash)
				require.Equal(t, events, f.EventTypes(t, u.ID))
			})
		})
	}
}

// Who has no password to sign in with gets no link, and the answer does not tell.
func TestRequestPasswordReset_NobodyToWriteTo(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		f.MustTenant(t, "two")
		u := f.MustUser(t, x.Admin, x.Account, domain.Member)
		set := func(on bool) {
			_, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{PasswordSignIn: input.SetTo(on)})
			require.NoError(t, err)
		}
		none := func(email string, organization ...string) {
			t.Helper()
			askFor(t, f, email, organization...)
			require.Zero(t, f.Rows(t, "password_resets"))
			f.Clock.Advance(time.Hour)
		}
		none("nobody@example.com")
		none(u.Email, "two")
		none(u.Email, "no such organization"+strings.Repeat("x", 200_000))
		none(strings.Replace(u.Email, "e", "\u0435", 1)) // a Cyrillic letter that looks the same
		set(false)
		none(u.Email)
		none(u.Email, "one")
		set(true)
		require.NoError(t, f.Client.User.UpdateOne(u).SetMadeInDevelopment(true).Exec(portaltest.System(t)))
		none(u.Email)
		require.NoError(t, f.Client.User.UpdateOne(u).SetMadeInDevelopment(false).Exec(portaltest.System(t)))
		arrives, err := f.Portal.Identity.Arrive(t.Context(), mustProvider(t, f, "one", creates), arrival(f, "ada"))
		require.NoError(t, err)
		none(arrives.Email)
		_, err = f.Portal.Identity.DisableUser(x.Admin, u.GlobalID(), nil)
		require.NoError(t, err)
		none(u.Email)
		_, err = f.Portal.Identity.EnableUser(x.Admin, u.GlobalID(), nil)
		require.NoError(t, err)
		mustLink(t, f, u)
	})
}

// A user of several organizations gets a link for each, unless one is named.
func TestRequestPasswordReset_Namesakes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		var all []*db.User
		for _, slug := range []string{"one", "two"} {
			f.MustOrganization(t, slug)
			all = append(all, mustStaff(t, f, slug, portaltest.Password))
		}
		askFor(t, f, "\t "+strings.ToUpper(orhan)+"\r\n", "two")
		require.Empty(t, linkOf(t, f, all[0]))
		require.NotEmpty(t, linkOf(t, f, all[1]))
		f.Clock.Advance(time.Second)
		askFor(t, f, orhan)
		one, two := linkOf(t, f, all[0]), linkOf(t, f, all[1])
		require.NoError(t, f.Portal.Identity.ResetByLink(t.Context(), one, newPassword))
		require.NotEqual(t, one, two)
		_, err := signIn(t.Context(), f.Portal, newPassword, "two")
		require.True(t, fault.Is(err, fault.CodeUnauthenticated), "each link is for its own user")
		require.NoError(t, f.Portal.Identity.ResetByLink(t.Context(), two, newPassword))
	})
}

func TestSendPasswordReset(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, other := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		u := f.MustUser(t, x.Admin, x.Account, domain.Member)
		send := func(as context.Context) error {
			_, err := f.Portal.Identity.SendPasswordReset(as, u.GlobalID(), new("They called."))
			return err
		}
		t.Run("ErrNotFound", func(t *testing.T) { portaltest.RequireCode(t, send(other.Admin), fault.CodeNotFound) })
		t.Run("ErrForbidden", func(t *testing.T) { portaltest.RequireCode(t, send(x.Developer), fault.CodeForbidden) })
		t.Run("ErrReasonTooLong", func(t *testing.T) {
			_, err := f.Portal.Identity.SendPasswordReset(x.Admin, u.GlobalID(), new(strings.Repeat("x", 1001)))
			portaltest.RequireProblems(t, err, "TOO_LONG reason")
		})
		require.Zero(t, f.Rows(t, "password_resets"))
		require.NoError(t, send(x.Admin))
		require.NoError(t, f.Portal.Identity.ResetByLink(t.Context(), linkOf(t, f, u), newPassword))
		t.Run("ErrUserIDNotAllowed", func(t *testing.T) {
			_, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{PasswordSignIn: input.SetTo(false)})
			require.NoError(t, err)
			portaltest.RequireProblems(t, send(x.Admin), "NOT_ALLOWED userId")
			_, err = f.Portal.Identity.PrintPasswordReset(t.Context(), "one", u.EmailFolded)
			portaltest.RequireProblems(t, err, "NOT_ALLOWED email")
		})
		t.Run("ErrUserIDWrongStatus", func(t *testing.T) {
			_, err := f.Portal.Identity.DisableUser(x.Admin, u.GlobalID(), nil)
			require.NoError(t, err)
			portaltest.RequireProblems(t, send(x.Admin), "WRONG_STATUS userId")
			_, err = f.Portal.Identity.PrintPasswordReset(t.Context(), "one", u.EmailFolded)
			portaltest.RequireProblems(t, err, "WRONG_STATUS email")
		})
		requireReason(t, f, "USER_PASSWORD_RESET_REQUESTED", "They called.")
	})
}

// An operator's link works as a letter's, and is as its event says.
func TestPrintPasswordReset(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		u := f.MustUser(t, x.Admin, x.Account, domain.Member)
		link, err := f.Portal.Identity.PrintPasswordReset(t.Context(), "one", u.EmailFolded)
		require.NoError(t, err)
		require.Equal(t, f.Clock.Now().Add(identity.ResetLinkLife), link.ExpiresAt)
		require.Equal(t, []string{"USER_CREATED", "USER_PASSWORD_RESET_PRINTED"}, f.EventTypes(t, u.ID))
		require.NoError(t, f.Portal.Identity.ResetByLink(t.Context(), link.Token, newPassword))
		_, err = f.Portal.Identity.PrintPasswordReset(t.Context(), "one", address.ParseEmail("nobody@example.com"))
		portaltest.RequireProblems(t, err, "UNKNOWN_REFERENCE email")
		_, err = f.Portal.Identity.PrintPasswordReset(t.Context(), "two", u.EmailFolded)
		portaltest.RequireProblems(t, err, "UNKNOWN_REFERENCE organization")
	})
}

// requireReason requires the reason of the one event of a type.
func requireReason(t *testing.T, f *portaltest.Fixture, kind, reason string) {
	t.Helper()
	e, err := f.Client.Event.Query().Where(event.Type(kind)).Only(portaltest.System(t))
	require.NoError(t, err)
	require.Equal(t, reason, e.Reason)
}
