package auth

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"portico/clients/go/gate/base62"
	"portico/internal/clock"
	"portico/internal/identity"
	"portico/internal/keyring"
)

const otherPurpose identity.LinkPurpose = "pxy_"

func TestLinks(t *testing.T) {
	l := NewLinks(keyring.ForTest())
	rapid.Check(t, func(t *rapid.T) {
		id := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		token := l.Issue(identity.LinkPasswordReset, id)
		require.Regexp(t, `^ppr_[0-9a-zA-Z]{49}$`, token)
		require.Equal(t, token, l.Issue(identity.LinkPasswordReset, id), "a letter that is sent again has the same link")
		got, ok := l.Parse(identity.LinkPasswordReset, token)
		require.True(t, ok)
		require.Equal(t, id, got)
	})
}

// A token has one spelling, and is valid for one purpose.
func TestLinksRefuse(t *testing.T) {
	l, id := NewLinks(keyring.ForTest()), uuid.New()
	token := l.Issue(identity.LinkPasswordReset, id)
	refused := func(purpose identity.LinkPurpose, token, why string) {
		t.Helper()
		got, ok := l.Parse(purpose, token)
		require.False(t, ok, "%s: %q", why, token)
		require.Zero(t, got)
	}
	// sealed returns a text with the right checksum.
	sealed := func(body string) string { return body + base62.Checksum(body) }
	digits := token[len(identity.LinkPasswordReset) : len(token)-base62.ChecksumDigits]
	for i := range token {
		for _, c := range []string{"a", "b", "0", "Z", "_"} {
			if changed := token[:i] + c + token[i+1:]; changed != token {
				refused(identity.LinkPasswordReset, changed, "a typing error")
			}
		}
	}
	for i := range digits {
		other := "1"
		if digits[i] == '1' {
			other = "2"
		}
		refused(identity.LinkPasswordReset, sealed(string(identity.LinkPasswordReset)+digits[:i]+other+digits[i+1:]), "a changed id or MAC")
	}
	for _, junk := range []string{"", "ppr_", "ppr_" + strings.Repeat("Z", 49), token[4:], token + "0", "0" + token, token[:len(token)-1], " " + token, token + "\n",
		strings.ToUpper(token), "ppr_" + strings.Repeat("0", 200_000), sealed("ppr_" + strings.Repeat("0", linkDigits)), sealed("ppr_" + strings.Repeat("Z", linkDigits)),
		sealed("ppr_0" + digits), sealed("ppr_" + digits[1:]), id.String()} {
		refused(identity.LinkPasswordReset, junk, "junk")
	}
	refused(otherPurpose, token, "another purpose")
	refused(otherPurpose, sealed(string(otherPurpose)+digits), "a MAC of another purpose")
	refused(identity.LinkPasswordReset, l.Issue(otherPurpose, id), "another purpose")
	refused(identity.LinkPasswordReset, NewLinks(keyring.ForTest()).Issue(identity.LinkPasswordReset, id), "another ring")
}

// A link outlives a rotation, and ends when its pepper leaves the ring.
func TestLinksOutliveARotation(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), "ring.json"), clock.NewFake(start)
	require.NoError(t, keyring.Create(path, c))
	ring, err := keyring.Load(path, c)
	require.NoError(t, err)
	l, id := NewLinks(ring), uuid.New()
	old := l.Issue(identity.LinkPasswordReset, id)
	_, err = keyring.Rotate(path, c, keyring.Pepper, start)
	require.NoError(t, err)
	_, err = ring.Reload()
	require.NoError(t, err)

	fresh := l.Issue(identity.LinkPasswordReset, id)
	require.NotEqual(t, old, fresh)
	for _, token := range []string{old, fresh} {
		got, ok := l.Parse(identity.LinkPasswordReset, token)
		require.True(t, ok)
		require.Equal(t, id, got)
	}
}
