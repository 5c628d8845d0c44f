package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
)

// Otherwise a broken comparison would be noticed only by the next measurement.
func TestServersRespondEqually(t *testing.T) {
	url, ok := testdb.Postgres(t)
	if !ok {
		t.Skip("the servers are compared on Postgres")
	}
	w, err := prepare(t.Context(), t.TempDir(), url, settings{apps: 300, clients: 4, only: operations()})
	require.NoError(t, err)
	defer func() { require.NoError(t, w.close()) }()
	require.NoError(t, w.verify(t.Context()))
}
