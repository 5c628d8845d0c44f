package change_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/change"
	"portico/internal/fault"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// followingCache is a change.KeyCache that counts the calls and may be behind.
type followingCache struct {
	woken  int
	synced []uuid.UUID
	behind error
}

func (c *followingCache) Wake() { c.woken++ }

func (c *followingCache) Sync(_ context.Context, organization uuid.UUID) error {
	c.synced = append(c.synced, organization)
	return c.behind
}

// A replay, and a refusal that reveals the state of an object, are answered once this
// node's key cache has applied what was committed; what reveals nothing does not wait.
func TestAnswersThatRevealStateWaitForTheKeyCache(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	ctx, key := f.MustTenant(t, "replay").Developer, new("key")
	organization := viewer.Current(ctx).OrganizationID
	cache := &followingCache{}
	c := &creator{t: t, runner: change.NewRunner(change.Options{Client: f.Client, Database: f.Database, Clock: f.Clock, KeyCache: cache})}
	waits := func(what string, n int) {
		t.Helper()
		require.Len(t, cache.synced, n, what)
		for _, of := range cache.synced {
			require.Equal(t, organization, of, what)
		}
		cache.synced, cache.woken = nil, 0
	}

	first, err := c.create(ctx, "createApp", key, 1)
	require.NoError(t, err)
	waits("a change", 1)
	again, err := c.create(ctx, "createApp", key, 1)
	require.NoError(t, err)
	require.Equal(t, first, again)
	waits("a replay", 1)
	c.againErr = fault.NotFound()
	_, err = c.create(ctx, "createApp", key, 1)
	require.Equal(t, c.againErr, err)
	waits("a replay of what is gone", 1)
	c.againErr = errors.New("broken")
	again, err = c.create(ctx, "createApp", key, 1)
	require.ErrorIs(t, err, c.againErr)
	require.Equal(t, first, again, "what was read is returned with the error")
	waits("a replay that could not be read", 0)

	c.againErr, cache.behind = nil, errors.New("behind")
	_, err = c.create(ctx, "createApp", key, 1)
	require.ErrorIs(t, err, cache.behind)
	waits("a replay that the key cache does not follow", 1)
	_, err = c.create(ctx, "createApp", nil, 1)
	require.ErrorIs(t, err, cache.behind)
	waits("a change that the key cache does not follow", 1)
	cache.behind = nil

	c.err = fault.NotFound()
	_, err = c.create(ctx, "createApp", nil, 1)
	require.Equal(t, c.err, err)
	require.Zero(t, cache.woken, "nothing was changed")
	waits("a refusal", 1)
	require.NoError(t, c.runner.Sync(ctx, organization))
	waits("Sync", 1)
	cache.behind = errors.New("behind")
	require.ErrorIs(t, c.runner.Sync(ctx, organization), cache.behind)
}
