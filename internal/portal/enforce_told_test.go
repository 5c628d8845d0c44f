package portal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/fault"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// TestWhichRefusalsTell: a refusal says how something is, but for those that
// say only that nobody could look.
func TestWhichRefusalsTell(t *testing.T) {
	for code, tells := range map[fault.Code]bool{
		fault.CodeUnauthenticated: true, fault.CodeForbidden: true, fault.CodeNotFound: true, fault.CodeConflict: true, fault.CodeBadUserInput: true, fault.CodeTooLarge: true,
		fault.CodeRateLimited: false, fault.CodeUnavailable: false, fault.CodeInternal: false,
	} {
		require.Equal(t, tells, portal.Tells(fault.New(code, "", "no")), code)
	}
	require.True(t, portal.Tells(fault.Input(fault.Taken, "name", "no")))
	require.False(t, portal.Tells(errors.New("broken")))
}

// userFailures is a gate that counts what it is told.
type userFailures struct{ woken, synced int }

func (n *userFailures) Wake()                                 { n.woken++ }
func (n *userFailures) Sync(context.Context, uuid.UUID) error { n.synced++; return nil }

// TestWhatTheGateIsTold: gates elsewhere are woken by every change, this node's
// is waited for where the answer tells what is allowed; a change that may have
// happened wakes it all the same, and waits for nothing.
func TestWhatTheGateIsTold(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		made := f.MustApp(t, x.Developer, "App")
		app, key := made.App.GlobalID(), made.Credential.GlobalID()
		d, gate := &faulty{Driver: f.Database.Driver()}, &userFailures{}
		p := f.With(func(o *portal.Options) {
			o.Client, o.Revocations, o.UnclearFor = db.NewClient(db.Driver(d)), gate, 100*time.Millisecond
		})
		told := func() userFailures {
			is := *gate
			*gate = userFailures{}
			return is
		}
		rename := func(name string) error {
			_, err := p.UpdateApp(x.Developer, portal.UpdateAppInput{AppID: app, Name: set(name)})
			return err
		}
		require.NoError(t, rename("Other"))
		require.Equal(t, userFailures{woken: 1}, told(), "no gate asks after names")
		require.NoError(t, rename("Other"))
		require.Equal(t, userFailures{synced: 1}, told(), "nothing has changed, here")
		requireProblems(t, rename(" "), "REQUIRED name")
		require.Equal(t, userFailures{}, told(), "nothing was looked at")

		_, err := p.RevokeKey(x.Developer, key, nil, nil)
		require.NoError(t, err)
		require.Equal(t, userFailures{1, 1}, told())
		_, err = p.RevokeKey(x.Developer, key, nil, nil)
		require.NoError(t, err)
		require.Equal(t, userFailures{synced: 1}, told(), "it was so already, maybe elsewhere")

		d.fail, d.dark = []commit{{true, false, gaveUp}}, 1<<30
		require.Equal(t, fault.ReasonOutcomeUnknown, fault.From(rename("Third")).Reason)
		require.Equal(t, userFailures{woken: 1}, told(), "it may have happened")
		requireCode(t, rename("Fourth"), fault.CodeUnavailable)
		require.Equal(t, userFailures{}, told(), "nothing has happened, and nothing is known")
	})
}
