package change_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// A request that created something, and lost the result of its commit, returns that,
// once this node's key cache has applied it. It is no replay.
func TestOnce_LostCommit(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		ctx := f.MustTenant(t, "lost").Developer
		behind := errors.New("behind")
		for name, want := range map[string]error{"OK": nil, "ErrKeyCacheBehind": behind} {
			t.Run(name, func(t *testing.T) {
				d := &unreliable{Driver: f.Database.Driver(), fail: []commit{{true, false, lost}}}
				cache := &followingCache{behind: want}
				c := &creator{t: t, runner: change.NewRunner(change.Options{Client: db.NewClient(db.Driver(d)), Database: f.Database, Clock: f.Clock, KeyCache: cache})}
				got, err := c.create(ctx, "createApp", &name, 1)
				require.Equal(t, want, err)
				require.Equal(t, c.created.First, got)
				require.Equal(t, 1, c.times)
				require.Zero(t, c.replayed)
				require.Equal(t, []uuid.UUID{viewer.Current(ctx).OrganizationID}, cache.synced)
			})
		}
	})
}

// A change that records no event, and whose commit failed, is not known to have
// happened, and is not tried again.
func TestExec_ErrLostCommitWithoutEvents(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		ctx, times := f.MustTenant(t, "silent").Admin, 0
		d := &unreliable{Driver: f.Database.Driver(), fail: []commit{{false, false, lost}}}
		r := change.NewRunner(change.Options{Client: db.NewClient(db.Driver(d)), Database: f.Database, Clock: f.Clock})
		err := change.Exec(ctx, r, func(context.Context, *change.Tx) error { times++; return nil })
		require.True(t, fault.Is(err, fault.CodeUnavailable), "%v", err)
		require.Equal(t, 1, times)
	})
}

// record makes a change that records an event, and returns how often it was
// tried.
func record(ctx context.Context, f *portaltest.Fixture, d *unreliable) (times int, err error) {
	r := change.NewRunner(change.Options{Client: db.NewClient(db.Driver(d)), Database: f.Database, Clock: f.Clock, UnclearFor: time.Minute})
	err = change.Exec(ctx, r, func(_ context.Context, tx *change.Tx) error {
		times++
		tx.Record(eventlog.Entry{Type: eventlog.OrganizationUpdated, Subject: nodeid.Organization, SubjectID: tx.Viewer.OrganizationID})
		return nil
	})
	return times, err
}

// A change that the database gives up each time ends with the database's error.
func TestExec_ErrRolledBackEachTime(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		ctx := f.MustTenant(t, "given-up").Admin
		for code, why := range map[fault.Code]error{fault.CodeUnavailable: lost, fault.CodeConflict: gaveUp} {
			d := &unreliable{Driver: f.Database.Driver(), fail: slices.Repeat([]commit{{false, false, why}}, 100)}
			times, err := record(ctx, f, d)
			require.True(t, fault.Is(err, code), "%v", err)
			require.Greater(t, times, 1)
		}
	})
}

// Whether a commit happened is asked again while the database does not answer or
// gives up; another error is final.
func TestUnclearCommit_Questions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		ctx := f.MustTenant(t, "asked").Admin
		for name, c := range map[string]struct {
			darkness error
			unasked  int
			reason   fault.Reason
		}{
			"OK after lost connections": {lost, 0, ""},
			"OK after it gave up":       {gaveUp, 0, ""},
			"ErrOutcomeUnknown":         {errors.New("broken"), 2, fault.ReasonOutcomeUnknown},
		} {
			t.Run(name, func(t *testing.T) {
				d := &unreliable{Driver: f.Database.Driver(), fail: []commit{{true, false, lost}}, dark: 3, darkness: c.darkness}
				times, err := record(ctx, f, d)
				require.Equal(t, 1, times)
				require.Equal(t, c.unasked, d.unlit)
				if c.reason == "" {
					require.NoError(t, err)
					return
				}
				requireReason(t, c.reason, err)
			})
		}
	})
}

// A change that the database aborts before its commit is tried again.
func TestExec_AbortedIsTriedAgain(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	ctx, times := f.MustTenant(t, "aborted").Admin, 0
	r := change.NewRunner(change.Options{Client: f.Client, Database: f.Database, Clock: f.Clock})
	require.NoError(t, change.Exec(ctx, r, func(context.Context, *change.Tx) error {
		if times++; times == 1 {
			return gaveUp
		}
		return nil
	}))
	require.Equal(t, 2, times)
}
