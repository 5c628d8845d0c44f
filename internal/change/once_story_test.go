package change_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/change"
	"portico/internal/fault"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// creator creates things under idempotency keys, and counts how often.
type creator struct {
	t      *testing.T
	runner *change.Runner
	// created and replayed are what the last call created or found.
	created, replayed change.Created
	times             int
	err, againErr     error
	second            bool
}

// create asks for a thing with a mutation, a key and an input.
func (c *creator) create(ctx context.Context, mutation string, key *string, input any) (uuid.UUID, error) {
	request, err := change.NewRequest(ctx, mutation, key, input)
	require.NoError(c.t, err)
	c.replayed = change.Created{}
	return change.Once(ctx, c.runner, request, func(context.Context, *change.Tx) (uuid.UUID, change.Created, error) {
		c.times++
		c.created = change.Created{First: uuid.New()}
		if c.second {
			c.created.Second = uuid.New()
		}
		return c.created.First, c.created, c.err
	}, func(_ context.Context, m change.Created) (uuid.UUID, error) {
		c.replayed = m
		return m.First, c.againErr
	})
}

func requireReason(t *testing.T, want fault.Reason, err error) {
	t.Helper()
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, want, f.Reason)
}

func TestStory_IdempotencyKey(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		tenant := f.MustTenant(t, "once")
		ctx, key := tenant.Developer, new("key")
		c := &creator{t: t, second: true, runner: change.NewRunner(change.Options{Client: f.Client, Database: f.Database, Clock: f.Clock})}

		c.err = errors.New("no")
		_, err := c.create(ctx, "createApp", key, "input")
		require.ErrorIs(t, err, c.err, "what fails is not remembered")
		c.err = nil
		first, err := c.create(ctx, "createApp", key, "input")
		require.NoError(t, err)
		require.Equal(t, 2, c.times)
		made := c.created

		again, err := c.create(ctx, "createApp", key, "input")
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Equal(t, made, c.replayed, "both of what was created are found")
		require.Equal(t, 2, c.times)
		c.againErr = errors.New("it cannot be read")
		_, err = c.create(ctx, "createApp", key, "input")
		require.ErrorIs(t, err, c.againErr)

		_, err = c.create(ctx, "createApp", key, "another input")
		requireReason(t, fault.ReasonIdempotencyKeyReused, err)
		require.Equal(t, 2, c.times)

		suspended := viewer.Current(ctx)
		suspended.AccountSuspended = true
		c.err = errors.New("refused")
		_, err = c.create(portaltest.As(t, suspended), "createApp", key, "input")
		require.ErrorIs(t, err, c.err, "who may see nothing learns of no earlier request")
		require.Zero(t, c.replayed)
		c.err, c.againErr = nil, nil

		for name, call := range map[string]func() (uuid.UUID, error){
			"without a key":    func() (uuid.UUID, error) { return c.create(ctx, "createApp", nil, "input") },
			"another key":      func() (uuid.UUID, error) { return c.create(ctx, "createApp", new("other"), "input") },
			"another mutation": func() (uuid.UUID, error) { return c.create(ctx, "generateKey", key, "input") },
			"another user":     func() (uuid.UUID, error) { return c.create(tenant.Admin, "createApp", key, "input") },
		} {
			before := c.times
			_, err := call()
			require.NoError(t, err, name)
			require.Equal(t, before+1, c.times, name)
		}

		before := c.times
		f.Clock.Advance(24*time.Hour - time.Second)
		again, err = c.create(ctx, "createApp", key, "input")
		require.NoError(t, err)
		require.Equal(t, first, again, "it is remembered for a day")
		f.Clock.Advance(2 * time.Second)
		c.second = false
		other, err := c.create(ctx, "createApp", key, "input")
		require.NoError(t, err)
		require.NotEqual(t, first, other)
		require.Equal(t, before+1, c.times, "and forgotten then")
		_, err = c.create(ctx, "createApp", key, "input")
		require.NoError(t, err)
		require.Equal(t, change.Created{First: other}, c.replayed, "there was no second")
	})
}
