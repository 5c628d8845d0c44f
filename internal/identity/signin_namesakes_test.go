package identity_test

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
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// mustNamesakes creates a user of orhan's address in each of n organizations, whose
// password contains the organization's slug.
func mustNamesakes(t *testing.T, f *portaltest.Fixture, n int) (all []*db.User) {
	for i := range n {
		slug := fmt.Sprintf("org%d", i)
		f.MustOrganization(t, slug)
		all = append(all, mustStaff(t, f, slug, "password of "+slug))
	}
	return all
}

// Of many namesakes the first three are tried, by age and then by id, in whatever
// order the database returns them.
func TestSignIn_OldestNamesakesAreTried(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		all := mustNamesakes(t, f, 6)
		enters := func(u *db.User) bool {
			at := slices.IndexFunc(all, func(one *db.User) bool { return one.ID == u.ID })
			s, err := signIn(from(t, "192.0.2.1"), f.Portal, fmt.Sprintf("password of org%d", at))
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

// A failure is recorded for the namesakes that were tried and for no others, so that
// its cost does not grow with their number.
func TestSignIn_FailuresCountForTriedNamesakes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		noted := func() int {
			before := f.Rows(t, "sign_in_attempts")
			mustFail(t, f.Portal, "192.0.2.1", 1)
			return f.Rows(t, "sign_in_attempts") - before
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

// An organization without passwordSignIn refuses its developers' passwords, and
// still accepts its administrators'.
func TestSignIn_WithoutPasswordSignIn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		mustStaff(t, f, "one", "the administrator's own")
		dora, err := f.Portal.Identity.CreateUser(x.Admin, identity.CreateUserInput{Name: "Dora", Email: address.ParseEmail("dora@one.example"),
			Password: portaltest.Password, AccountID: new(x.Account.GlobalID())})
		require.NoError(t, err)
		in := identity.SignInInput{Email: address.ParseEmail(dora.Email), Password: portaltest.Password}
		for _, passwords := range []bool{true, false} {
			_, err = f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{PasswordSignIn: input.SetTo(passwords)})
			require.NoError(t, err)
			_, err = signIn(from(t, "192.0.2.1"), f.Portal, "the administrator's own")
			require.NoError(t, err)
			_, err = f.Portal.Identity.SignIn(from(t, "192.0.2.1"), in)
			require.Equal(t, passwords, err == nil, "%v", err)
		}
		require.Equal(t, fault.ReasonWrongCredentials, fault.From(err).Reason)
	})
}

// A namesake in another organization neither breaks nor slows a sign-in, and adds to
// no one's failures.
func TestSignIn_NamesakesCostNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		p, hashes := countHashes(f)
		cost := func(want string, password string, organization ...string) int64 {
			hashes.Store(0)
			s, err := signIn(from(t, "192.0.2.1"), p, password, organization...)
			if want == "" {
				require.True(t, fault.Is(err, fault.CodeUnauthenticated), "%v", err)
			} else {
				require.NoError(t, err)
				require.Equal(t, want, s.Organization.Slug)
			}
			return hashes.Load()
		}
		for i := range 5 {
			f.MustOrganization(t, fmt.Sprintf("org%d", i))
		}
		alone, named := cost("", "orhan's own password"), cost("", "orhan's own password", "org0")
		mustStaff(t, f, "org0", "orhan's own password")
		for i := range 4 {
			require.Equal(t, alone, cost("org0", "orhan's own password"), "%d namesakes", i)
			require.Equal(t, alone, cost("", "a wrong password"), "%d namesakes", i)
			require.Equal(t, named, cost("org0", "orhan's own password", "org0"))
			f.Clock.Advance(time.Hour)
			mustStaff(t, f, fmt.Sprintf("org%d", i+1), fmt.Sprintf("password of org%d", i+1))
		}
		require.Equal(t, alone, cost("org2", "password of org2"))
		require.Equal(t, alone, cost("", "password of org4"), "it is tried for so many only")
		require.Equal(t, named, cost("org4", "password of org4", "org4"))
		for range 2 * auth.PairFailures {
			cost("org0", "orhan's own password")
		}
	})
}

// A password that is right in two organizations asks for the organization, which is
// no failure.
func TestSignIn_ErrOrganizationRequired(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		for _, slug := range []string{"one", "two"} {
			f.MustOrganization(t, slug)
			mustStaff(t, f, slug, portaltest.Password)
		}
		for range 2 * auth.PairFailures {
			_, err := signIn(from(t, "192.0.2.1"), f.Portal, portaltest.Password)
			require.Equal(t, [][]string{{"organization"}}, fields(err), "%v", err)
		}
		s, err := signIn(from(t, "192.0.2.1"), f.Portal, portaltest.Password, "two")
		require.NoError(t, err, "what was asked for the organization did not fail")
		require.Equal(t, "two", s.Organization.Slug)
		_, err = signIn(from(t, "192.0.2.1"), f.Portal, "a wrong password")
		require.True(t, fault.Is(err, fault.CodeUnauthenticated), "%v", err)
	})
}

// Disabled namesakes do not count among the three whose password is tried.
func TestSignIn_DisabledNamesakesAreNotTried(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		for i := range 5 {
			o := f.MustOrganization(t, fmt.Sprintf("org%d", i))
			u := mustStaff(t, f, o.Slug, portaltest.Password)
			if i < 4 {
				_, err := f.Portal.Identity.DisableUser(f.MustAdmin(t, o), u.GlobalID(), nil)
				require.NoError(t, err)
			}
			f.Clock.Advance(time.Second)
		}
		s, err := signIn(from(t, "192.0.2.1"), f.Portal, portaltest.Password)
		require.NoError(t, err)
		require.Equal(t, "org4", s.Organization.Slug)
	})
}
