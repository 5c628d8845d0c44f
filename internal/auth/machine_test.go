package auth

import (
	"bytes"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/base62"
	"portico/internal/clock"
	"portico/internal/keyring"
)

func TestMachineTokens(t *testing.T) {
	m := NewMachineTokens(keyring.ForTest())
	seen := map[string]bool{}
	for range 200 {
		token, hash, hint := m.New()
		require.Regexp(t, `^pst_[0-9a-zA-Z]{49}$`, token)
		require.Equal(t, token[len(token)-4:], hint)
		require.False(t, seen[token])
		seen[token] = true
		require.False(t, bytes.Contains(hash, []byte(token[4:20])))
		hashes, ok := m.Hashes(token)
		require.True(t, ok)
		require.Equal(t, [][]byte{hash}, hashes)
	}
}

func TestMachineTokensRefuse(t *testing.T) {
	m := NewMachineTokens(keyring.ForTest())
	token, _, _ := m.New()
	for i := range len(token) {
		swapped := byte('a')
		if token[i] == swapped {
			swapped = 'b'
		}
		_, ok := m.Hashes(token[:i] + string(swapped) + token[i+1:])
		require.False(t, ok, "a typing error at %d", i)
	}
	for _, junk := range []string{"", "pgw_", token[4:], token + "0", token[:len(token)-1], " " + token, strings.ToUpper(token), "pgw_" + strings.Repeat("0", 1000)} {
		_, ok := m.Hashes(junk)
		require.False(t, ok, junk)
	}
}

// Tokens that earlier builds made for gateways stay valid.
func TestTokensOfEarlierBuilds(t *testing.T) {
	m := NewMachineTokens(keyring.ForTest())
	token, _, _ := m.New()
	body := "pgw_" + token[4:len(token)-base62.ChecksumDigits]
	_, ok := m.Hashes(body + base62.Checksum(body))
	require.True(t, ok)
	_, ok = m.Hashes("pgw_" + token[4:])
	require.False(t, ok, "the checksum is over the prefix too")
}

func TestAHashNeedsThePepper(t *testing.T) {
	token, hash, _ := NewMachineTokens(keyring.ForTest()).New()
	others, ok := NewMachineTokens(keyring.ForTest()).Hashes(token)
	require.True(t, ok)
	require.NotContains(t, others, hash)
}

func TestAMachineTokenOutlivesARotation(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), "ring.json"), clock.NewFake(start)
	require.NoError(t, keyring.Create(path, c))
	ring, err := keyring.Load(path, c)
	require.NoError(t, err)
	m := NewMachineTokens(ring)
	token, hash, _ := m.New()
	_, err = keyring.Rotate(path, c, keyring.Pepper, start)
	require.NoError(t, err)
	_, err = ring.Reload()
	require.NoError(t, err)

	hashes, ok := m.Hashes(token)
	require.True(t, ok)
	require.Len(t, hashes, 2)
	require.Equal(t, hash, hashes[1], "the newest pepper is tried first")
	_, fresh, _ := m.New()
	require.True(t, bytes.HasPrefix(fresh, []byte("p2:")))
	c.Advance(time.Hour)
}

// A token that was valid before is not kept waiting by a flood of made-up ones, and is
// looked up each time: it ends when it is revoked.
func TestKnownTokensDoNotWait(t *testing.T) {
	w := newHarness()
	token, hash, _ := w.Machines.New()
	w.directory.machines = [][]byte{hash}
	_, seen := w.send(withBearer(token))
	require.NotNil(t, seen)
	require.True(t, w.Machines.lookups.TryAcquire(maxConcurrentLookups), "a flood")
	_, seen = w.send(withBearer(token))
	require.NotNil(t, seen)
	require.Equal(t, 2, w.directory.asked)
	w.Machines.lookups.Release(maxConcurrentLookups)
	w.directory.machines = nil
	answer, seen := w.send(withBearer(token))
	requireRefused(t, answer, http.StatusUnauthorized, "UNAUTHENTICATED")
	require.Nil(t, seen)
	require.Zero(t, w.Machines.known.Len())
}
