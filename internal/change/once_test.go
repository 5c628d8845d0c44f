package change_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/change"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// A change that gave way to another request under the same key has not
// happened: it must not look as if it had.
func TestAReplayOfNothingIsAConflict(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	ctx, key := f.MustTenant(t, "nothing").Developer, "gone"
	request, err := change.NewRequest(ctx, "createApp", &key, nil)
	require.NoError(t, err)
	r := change.NewRunner(change.Options{Client: f.Client, Database: f.Database, Clock: f.Clock})
	_, err = change.Once(ctx, r, request, func(context.Context, *change.Tx) (int, change.Created, error) {
		return 0, change.Created{}, change.ErrReplay
	}, nil)
	require.ErrorContains(t, err, "CONFLICT")
}
