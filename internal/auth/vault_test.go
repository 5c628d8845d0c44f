package auth

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/keyring"
)

// What is sealed is read by whoever has the ring, for the same purpose, and as it was.
func TestVault(t *testing.T) {
	v := NewVault(keyring.ForTest())
	sealed, err := v.Seal("one purpose", []byte("a secret"))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "secret")
	again, err := v.Seal("one purpose", []byte("a secret"))
	require.NoError(t, err)
	require.NotEqual(t, sealed, again)
	opened, err := v.Open("one purpose", sealed)
	require.NoError(t, err)
	require.Equal(t, "a secret", string(opened))

	_, err = v.Open("another purpose", sealed)
	require.Error(t, err)
	_, err = NewVault(keyring.ForTest()).Open("one purpose", sealed)
	require.Error(t, err, "of another installation")
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		_, err := v.Open("one purpose", changed)
		require.Error(t, err, "byte %d", i)
	}
	for _, junk := range []string{"", ":", "p1:", "p1:x", "p9:" + string(sealed)} {
		_, err := v.Open("one purpose", []byte(junk))
		require.Error(t, err, "%q", junk)
	}
}
