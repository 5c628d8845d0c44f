package auth

import (
	"encoding/binary"
	"time"

	"portico/internal/identity"
)

// ChallengePrefix begins the token of a sign-in that waits for its second factor.
const ChallengePrefix = "pch_"

// challenges have the ids of a user and of an account, the state that must not have
// changed, when they expire, and whether the sign-in is an identity provider's: 57 bytes.
func challenges() sealed {
	return sealed{prefix: ChallengePrefix, label: "sign-in challenge", blocks: 2}
}

// IssueChallenge returns the token of a sign-in that waits for its second factor. It
// shows that the password was right, and nothing is stored of it.
func (t *Tokens) IssueChallenge(c identity.Challenge) string {
	content := make([]byte, 0, 2*blockBytes)
	content = append(content, c.User[:]...)
	content = append(content, c.Account[:]...)
	content = append(content, c.State[:]...)
	content = binary.BigEndian.AppendUint64(content, uint64(c.ExpiresAt.Unix())) //nolint:gosec // it is after 1970
	if c.External {
		content = append(content, 1)
	}
	return challenges().seal(t.ring, content)
}

// ParseChallenge returns what a token was issued for; ok is false for one that was
// never issued or has expired.
func (t *Tokens) ParseChallenge(token string) (c identity.Challenge, ok bool) {
	content, ok := challenges().open(t.ring, token)
	if !ok {
		return c, false
	}
	for _, part := range [][]byte{c.User[:], c.Account[:], c.State[:]} {
		content = content[copy(part, content):]
	}
	c.ExpiresAt = time.Unix(int64(binary.BigEndian.Uint64(content)), 0).UTC() //nolint:gosec // it was issued here
	c.External = content[8] == 1                                              // those of earlier builds end with zeros
	return c, t.clock.Now().Before(c.ExpiresAt)
}
