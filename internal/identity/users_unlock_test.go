package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/auth"
	"portico/internal/fault"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// Failures from one address lock out that address; an administrator unlocks the
// users of the own organization alone.
func TestStory_UnlockUser(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		one, two := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		mine := mustStaff(t, f, "one", "the password of one")
		f.Clock.Advance(time.Second)
		theirs := mustStaff(t, f, "two", "the password of two")
		for _, organization := range [][]string{nil, {"one"}, {"two"}} {
			mustFail(t, f.Portal, "192.0.2.1", auth.PairFailures, organization...)
			requireLimited(t, f.Portal, "192.0.2.1", "the password of one", organization...)
			_, err := signIn(from(t, "192.0.2.2"), f.Portal, "the password of one", "one")
			require.NoError(t, err, "elsewhere")
			f.Clock.Advance(auth.AttemptWindow)
		}
		mustFail(t, f.Portal, "192.0.2.1", auth.PairFailures)
		f.Clock.Advance(time.Second)
		_, err := f.Portal.Identity.UnlockUser(one.Admin, theirs.GlobalID(), nil)
		require.True(t, fault.Is(err, fault.CodeNotFound), "%v", err)
		_, err = f.Portal.Identity.UnlockUser(two.Admin, theirs.GlobalID(), nil)
		require.NoError(t, err)
		requireLimited(t, f.Portal, "192.0.2.1", "the password of one", "one")
		_, err = signIn(from(t, "192.0.2.1"), f.Portal, "the password of one")
		require.True(t, fault.Is(err, fault.CodeUnauthenticated), "it is not tried: %v", err)
		_, err = signIn(from(t, "192.0.2.1"), f.Portal, "the password of two")
		require.NoError(t, err)

		reason := new("He called.")
		_, err = f.Portal.Identity.UnlockUser(one.Admin, mine.GlobalID(), reason)
		require.NoError(t, err)
		_, err = signIn(from(t, "192.0.2.1"), f.Portal, "the password of one")
		require.NoError(t, err)
		f.Clock.Advance(time.Second)
		mustFail(t, f.Portal, "192.0.2.1", auth.PairFailures, "one")
		requireLimited(t, f.Portal, "192.0.2.1", "the password of one", "one")
		_, err = f.Portal.Identity.UnlockUser(one.Developer, mine.GlobalID(), nil)
		require.True(t, fault.Is(err, fault.CodeNotFound) || fault.Is(err, fault.CodeForbidden), "%v", err)
	})
}
