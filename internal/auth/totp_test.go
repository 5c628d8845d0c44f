package auth

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"portico/internal/clock"
	"portico/internal/identity"
	"portico/internal/keyring"
)

// A challenge has one spelling, tells what it was issued for, and expires.
func TestChallenges(t *testing.T) {
	tokens, _, c := newTokens()
	want := identity.Challenge{User: uuid.New(), Account: uuid.New(), State: [16]byte{1, 2, 3}, ExpiresAt: c.Now().Add(time.Minute).UTC()}
	token := tokens.IssueChallenge(want)
	require.Regexp(t, `^pch_[0-9A-Za-z]{114}$`, token)
	got, ok := tokens.ParseChallenge(token)
	require.True(t, ok)
	require.Equal(t, want, got)
	for i := range token {
		for _, c := range "0aZ~ \x00" {
			if changed := token[:i] + string(c) + token[i+1:]; changed != token {
				_, ok := tokens.ParseChallenge(changed)
				require.False(t, ok, changed)
			}
		}
	}
	refresh, _ := tokens.IssueRefresh(session)
	for _, junk := range []string{"", "pch_", token + "0", token[4:], refresh, ChallengePrefix + refresh[len(RefreshPrefix):]} {
		_, ok := tokens.ParseChallenge(junk)
		require.False(t, ok, junk)
	}
	_, ok = NewTokens(keyring.ForTest(), c, "portico", "portico").ParseChallenge(token)
	require.False(t, ok, "of another installation")
	_, _, ok = tokens.ParseRefresh(RefreshPrefix + token[len(ChallengePrefix):])
	require.False(t, ok, "for something else")
	c.Advance(time.Minute)
	_, ok = tokens.ParseChallenge(token)
	require.False(t, ok, "late")
}

// A factor and its recovery codes outlive a rotation, and a ring without their pepper
// has neither.
func TestTotpOutlivesARotation(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), "keyring.json"), clock.NewFake(start)
	require.NoError(t, keyring.Create(path, c))
	of := func() *Totp {
		ring, err := keyring.Load(path, c)
		require.NoError(t, err)
		return NewTotp(ring, c)
	}
	seed, user := of().NewSeed(), uuid.New()
	setup, err := of().Setup(seed, "A: B", "x@y.example")
	require.NoError(t, err)
	require.Contains(t, setup.URI, "otpauth://totp/A%20%20B:x@y.example?")
	codes, hashes := of().NewRecoveryCodes(user)
	_, err = keyring.Rotate(path, c, keyring.Pepper, start)
	require.NoError(t, err)

	code, err := totp.GenerateCode(setup.Secret, c.Now())
	require.NoError(t, err)
	step, ok, err := of().Match(seed, code, 0)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, start.Unix()/30, step)
	_, ok, err = of().Match(seed, code, step)
	require.NoError(t, err)
	require.False(t, ok, "it was used")
	for _, junk := range []string{"", "12345", "1234567", "１２３４５６", code + "\n"} {
		_, ok, err := of().Match(seed, junk, 0)
		require.NoError(t, err)
		require.False(t, ok, "%q", junk)
	}
	require.Contains(t, of().RecoveryHashes(user, codes[0][:4]+codes[0][5:9]+codes[0][10:14]+codes[0][15:]), hashes[0])
	require.NotContains(t, of().RecoveryHashes(uuid.New(), codes[0][:4]+codes[0][5:9]+codes[0][10:14]+codes[0][15:]), hashes[0])

	_, _, err = NewTotp(keyring.ForTest(), c).Match(identity.TotpSeed{ID: seed.ID, Pepper: "p9"}, code, 0)
	require.ErrorContains(t, err, "p9")
}
