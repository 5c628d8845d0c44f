package change_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// countingSync is a change.KeyCache that counts its calls.
type countingSync struct{ woken, synced int }

func (n *countingSync) Wake() { n.woken++ }

func (n *countingSync) Sync(context.Context, uuid.UUID) error { n.synced++; return nil }

// TestWakeAndSync: every change wakes the other nodes' key caches, and waits
// for this node's if the answer reveals what is allowed. A change that may have
// been committed wakes them too, and waits for nothing.
func TestWakeAndSync(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		created := f.MustApp(t, x.Developer, "App")
		app, credential := created.App.GlobalID(), created.Credential.GlobalID()
		d, cache := &unreliable{Driver: f.Database.Driver()}, &countingSync{}
		p := f.With(func(o *portal.Options) {
			o.Client, o.KeyCache, o.UnclearFor = db.NewClient(db.Driver(d)), cache, 100*time.Millisecond
		})
		reported := func() countingSync {
			is := *cache
			*cache = countingSync{}
			return is
		}
		rename := func(name string) error {
			_, err := p.Apps.UpdateApp(x.Developer, apps.UpdateAppInput{AppID: app, Name: input.SetTo(name)})
			return err
		}
		require.NoError(t, rename("Other"))
		require.Equal(t, countingSync{woken: 1}, reported(), "verdicts do not depend on names")
		require.NoError(t, rename("Other"))
		require.Equal(t, countingSync{synced: 1}, reported(), "nothing has changed, here")
		portaltest.RequireProblems(t, rename(" "), "REQUIRED name")
		require.Equal(t, countingSync{}, reported(), "nothing was looked at")

		_, err := p.Apps.RevokeKey(x.Developer, credential, nil, nil)
		require.NoError(t, err)
		require.Equal(t, countingSync{1, 1}, reported())
		_, err = p.Apps.RevokeKey(x.Developer, credential, nil, nil)
		require.NoError(t, err)
		require.Equal(t, countingSync{synced: 1}, reported(), "it was so already, maybe elsewhere")

		d.fail, d.dark = []commit{{true, false, gaveUp}}, 1<<30
		require.Equal(t, fault.ReasonOutcomeUnknown, fault.From(rename("Third")).Reason)
		require.Equal(t, countingSync{woken: 1}, reported(), "it may have happened")
		portaltest.RequireCode(t, rename("Fourth"), fault.CodeUnavailable)
		require.Equal(t, countingSync{}, reported(), "nothing has happened, and nothing is known")
	})
}
