package auth

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/clock"
	"portico/internal/keyring"
)

func TestRefreshTokens(t *testing.T) {
	tokens, _, c := newTokens()
	token, hash := tokens.IssueRefresh(session)
	require.Regexp(t, `^prt_[0-9A-Za-z]{71}$`, token)
	of, same, ok := tokens.ParseRefresh(token)
	require.True(t, ok)
	require.Equal(t, []any{session, hash}, []any{of, same})
	other, otherHash := tokens.IssueRefresh(session)
	require.NotEqual(t, token, other)
	require.NotEqual(t, hash, otherHash)

	_, _, ok = NewTokens(keyring.ForTest(), c, "portico", "portico").ParseRefresh(token)
	require.False(t, ok, "a token of another installation")
}

// A token of a pepper that is no longer the current one is valid, as long as the ring
// has it.
func TestARefreshTokenOutlivesARotation(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), "keyring.json"), clock.NewFake(start)
	require.NoError(t, keyring.Create(path, c))
	tokensOf := func() *Tokens {
		ring, err := keyring.Load(path, c)
		require.NoError(t, err)
		return NewTokens(ring, c, issuer, audience)
	}
	token, hash := tokensOf().IssueRefresh(session)
	_, err := keyring.Rotate(path, c, keyring.Pepper, start)
	require.NoError(t, err)
	fresh, _ := tokensOf().IssueRefresh(session)
	for _, one := range []string{token, fresh} {
		of, _, ok := tokensOf().ParseRefresh(one)
		require.True(t, ok)
		require.Equal(t, session, of)
	}
	_, same, _ := tokensOf().ParseRefresh(token)
	require.Equal(t, hash, same)
}

// Every change of a token makes it none: it has one spelling, and its session is under a
// MAC.
func TestRefreshTokens_OneSpelling(t *testing.T) {
	tokens, _, _ := newTokens()
	token, _ := tokens.IssueRefresh(uuid.New())
	for i := range token {
		for _, c := range "0aZ~ \x00" {
			changed := token[:i] + string(c) + token[i+1:]
			if _, _, ok := tokens.ParseRefresh(changed); ok {
				require.Equal(t, token, changed)
			}
		}
	}
	for _, s := range []string{"", "prt_", token + "0", token[1:], " " + token, strings.ToLower(token), strings.Repeat("a", 1<<20)} {
		_, _, ok := tokens.ParseRefresh(s)
		require.False(t, ok)
	}
}
