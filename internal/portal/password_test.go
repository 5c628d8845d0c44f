package portal_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/auth"
	"portico/internal/fault"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// hookedPasswords lets something happen while a new password is hashed.
type hookedPasswords struct {
	*auth.Passwords
	meanwhile func()
}

func (m hookedPasswords) Hash(ctx context.Context, password string) (string, error) {
	m.meanwhile()
	return m.Passwords.Hash(ctx, password)
}

// Of two changes of a password at once the later one is told so.
func TestAPasswordThatChangesMeanwhile(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		developer := f.MustTenant(t, "one").Developer
		change := func(p *portal.Portal, to string) error {
			_, err := p.Identity.ChangePassword(developer, portaltest.Password, to)
			return err
		}
		p := f.With(func(o *portal.Options) {
			o.Passwords = hookedPasswords{f.Passwords, func() {
				require.NoError(t, change(f.Portal, "the first of two batteries"))
			}}
		})
		err := change(p, "the second of two batteries")
		require.True(t, fault.Is(err, fault.CodeConflict), "%v", err)
		require.Equal(t, fault.ReasonConcurrentChange, fault.From(err).Reason)
	})
}
