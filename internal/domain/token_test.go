package domain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/domain"
)

// Each scope has a name of its own, by which it is found, and a bit of its own.
func TestScopes(t *testing.T) {
	all, names := domain.ServiceTokenScopes(), map[string]bool{}
	for i, s := range all {
		require.NotEmpty(t, s.Name())
		require.False(t, names[s.Name()])
		names[s.Name()] = true
		found, ok := domain.ScopeOf(s.Name())
		require.True(t, ok)
		require.Equal(t, s, found)
		set := domain.NewScopes(s)
		require.Equal(t, []domain.ServiceTokenScope{s}, set.List())
		for j, other := range all {
			require.Equal(t, i == j, set.HasAny(other))
		}
		require.True(t, set.Only(all...))
		require.False(t, set.Only(all[:i]...))
	}
	set, ok := domain.ScopesOf([]string{"admin:write", "admin:read", "admin:read"})
	require.True(t, ok)
	require.Equal(t, []string{"admin:read", "admin:write"}, set.Names())
	for _, bad := range [][]string{nil, {}, {""}, {"ADMIN_READ"}, {"admin:read", "admin:everything"}} {
		_, ok := domain.ScopesOf(bad)
		require.False(t, ok, bad)
	}
	require.Empty(t, domain.ServiceTokenScope("ROOT").Name())
	require.Zero(t, domain.NewScopes("", "ROOT"))
}
