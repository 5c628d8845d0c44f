package identity_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// While more strangers guess than can be served, people on known devices sign in, and
// who is signed in changes the password.
func TestAFloodOfStrangersKeepsNobodyOut(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		const first, second = "the password of one", "another password of one"
		u := mustStaff(t, f, "one", first)
		own, err := signIn(from(t, "192.0.2.7"), f.Portal, first, "one")
		require.NoError(t, err)

		flooded, end := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		defer wait.Wait()
		defer end()
		for range 200 {
			wait.Go(func() {
				for flooded.Err() == nil {
					_ = f.Passwords.InTurn(flooded, func(context.Context) error { time.Sleep(5 * time.Millisecond); return nil })
					time.Sleep(time.Millisecond)
				}
			})
		}
		require.Eventually(t, func() bool { _, _, _, refused := f.Passwords.Load(); return refused > 0 }, 5*time.Second, time.Millisecond)
		mine := func(p *portal.Portal, password string) error {
			return errOf(p.Identity.SignIn(from(t, "192.0.2.7"), identity.SignInInput{
				Email: address.ParseEmail(orhan), Password: password, Organization: new("one"), DeviceToken: &own.DeviceToken,
			}))
		}
		for range 5 {
			require.NoError(t, mine(f.Portal, first))
			require.True(t, fault.Is(mine(f.Portal, "wrong"), fault.CodeUnauthenticated))
			require.NoError(t, mine(f.Portal, first))
		}
		ctx := f.Enter(t, u)
		for _, change := range [][2]string{{first, second}, {second, first}, {first, second}} {
			require.NoError(t, errOf(f.Portal.Identity.ChangePassword(ctx, change[0], change[1])))
		}
	})
}
