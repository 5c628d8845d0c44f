package main

import (
	"encoding/json"
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

func TestFirstDifferenceIsNamed(t *testing.T) {
	parse := func(text string) (v any) {
		require.NoError(t, json.Unmarshal([]byte(text), &v))
		return v
	}
	ours := parse(`{"data": {"apps": [{"name": "a", "n": 1}]}}`)
	require.NoError(t, differ("", ours, parse(`{"data": {"apps": [{"n": 1, "name": "a"}]}}`)))
	require.EqualError(t, differ("", ours, parse(`{"data": {"apps": [{"n": "1", "name": "a"}]}}`)), `response.data.apps[0].n: portico says 1, baseline "1"`)
	require.ErrorContains(t, differ("", ours, parse(`{"data": {"apps": []}}`)), "response.data.apps: ")
	require.ErrorContains(t, differ("", ours, parse(`{"data": {"apps": [{"n": 1, "m": "a"}]}}`)), "response.data.apps[0].name: ")
}

func TestOnlyNamesOperations(t *testing.T) {
	chosen, err := selected("keytable,AppPage")
	require.NoError(t, err)
	require.Len(t, chosen, 2)
	require.Equal(t, "AppPage", chosen[0].name, "in their own order")
	all, err := selected("")
	require.NoError(t, err)
	require.Len(t, all, len(operations()))
	for _, list := range []string{"Unknown", "AppPage,", "AppPage,AppPage"} {
		_, err = selected(list)
		require.Error(t, err, list)
	}
}
