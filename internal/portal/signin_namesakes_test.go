package portal_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// mustNamesakes makes a user of orhan's address in each of so many
// organizations, with a password that names it.
func mustNamesakes(t *testing.T, f *portaltest.Fixture, n int) (all []*db.User) {
	for i := range n {
		slug := fmt.Sprintf("org%d", i)
		f.MustOrganization(t, slug)
		all = append(all, mustStaff(t, f, slug, "password of "+slug))
	}
	return all
}

// TestOldestNamesakesAreTried: of many namesakes the first three are tried, by age and
// then by id, whatever order the database finds them in.
func TestOldestNamesakesAreTried(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		all := mustNamesakes(t, f, 6)
		enters := func(u *db.User) bool {
			at := slices.IndexFunc(all, func(one *db.User) bool { return one.ID == u.ID })
			s, err := try(from(t, "192.0.2.1"), f.Portal, fmt.Sprintf("password of org%d", at))
			f.Clock.Advance(auth.AttemptWindow)
			if err != nil {
				require.True(t, fault.Is(err, fault.CodeUnauthenticated), "%v", err)
				return false
			}
			return s.User.ID == u.ID
		}
		born := func(u *db.User, at time.Time) {
			_, err := f.Database.ExecContext(t.Context(), `UPDATE users SET created_at = $1 WHERE id = $2`, at, u.ID)
			require.NoError(t, err)
		}
		for i, u := range all {
			born(u, portaltest.Start().Add(-time.Duration(i)*time.Hour))
		}
		for i, u := range all {
			require.Equal(t, i >= 3, enters(u), "the last made are the oldest: %d", i)
		}
		for _, u := range all {
			born(u, portaltest.Start())
		}
		byID := slices.SortedFunc(slices.Values(all), func(a, b *db.User) int { return strings.Compare(a.ID.String(), b.ID.String()) })
		for i, u := range byID {
			require.Equal(t, i < 3, enters(u), "as old as the others: %d", i)
		}
	})
}

// TestAGuessCountsForThoseWhoAreTried: it is not noted for the namesakes behind
// them, so that what it costs does not grow with their number.
func TestAGuessCountsForThoseWhoAreTried(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		noted := func() int {
			before := rows(t, f, "sign_in_attempts")
			fail(t, f.Portal, "192.0.2.1", 1)
			return rows(t, f, "sign_in_attempts") - before
		}
		for i := range 6 {
			slug := fmt.Sprintf("org%d", i)
			f.MustOrganization(t, slug)
			mustStaff(t, f, slug, portaltest.Password)
			if i == 2 {
				require.Positive(t, noted())
			}
		}
		of6 := noted()
		for i := range 3 {
			admin := f.MustAdmin(t, f.Client.Organization.Query().Where(organization.Slug(fmt.Sprintf("org%d", i))).OnlyX(portaltest.System(t)))
			u := f.Client.User.Query().Where(user.EmailFolded(address.ParseEmail(orhan))).OnlyX(admin)
			_, err := f.Portal.Identity.DisableUser(admin, u.GlobalID(), nil)
			require.NoError(t, err)
		}
		require.Equal(t, of6, noted(), "three are left")
	})
}

// TestWithoutPasswordsAdministratorsStillSignIn: an organization that wants no
// passwords keeps its developers out, and leaves its administrators the way back.
func TestWithoutPasswordsAdministratorsStillSignIn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		mustStaff(t, f, "one", "the administrator's own")
		dora, err := f.Portal.Identity.CreateUser(x.Admin, identity.CreateUserInput{Name: "Dora", Email: address.ParseEmail("dora@one.example"),
			Password: portaltest.Password, AccountID: ptr(x.Account.GlobalID())})
		require.NoError(t, err)
		in := identity.SignInInput{Email: address.ParseEmail(dora.Email), Password: portaltest.Password}
		for _, passwords := range []bool{true, false} {
			_, err = f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{PasswordSignIn: set(passwords)})
			require.NoError(t, err)
			_, err = try(from(t, "192.0.2.1"), f.Portal, "the administrator's own")
			require.NoError(t, err)
			_, err = f.Portal.Identity.SignIn(from(t, "192.0.2.1"), in)
			require.Equal(t, passwords, err == nil, "%v", err)
		}
		require.Equal(t, fault.ReasonWrongCredentials, fault.From(err).Reason)
	})
}
