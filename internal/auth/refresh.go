package auth

import (
	"crypto/rand"
	"crypto/sha256"

	"github.com/google/uuid"
)

// RefreshPrefix begins every refresh token, so that scanners find leaked ones.
const RefreshPrefix = "prt_"

// refreshTokens have the id of their session and as much randomness.
func refreshTokens() sealed { return sealed{prefix: RefreshPrefix, label: "refresh token", blocks: 1} }

// IssueRefresh returns a new refresh token of a session, and the hash to store. The
// token is stored nowhere.
//
// The session's id is in the token, under a MAC with a pepper of the ring: so no
// token that Portico did not issue leads to the database, and one that was issued
// and that the database no longer has was used before.
func (t *Tokens) IssueRefresh(session uuid.UUID) (token string, hash []byte) {
	body := make([]byte, blockBytes)
	copy(body, session[:])
	_, _ = rand.Read(body[len(session):]) // it never fails: it ends the program instead
	token = refreshTokens().seal(t.ring, body)
	return token, hashRefresh(token)
}

// ParseRefresh returns the session of a refresh token, and the hash under which it is
// stored. ok is false for everything that is no token of this installation.
func (t *Tokens) ParseRefresh(token string) (session uuid.UUID, hash []byte, ok bool) {
	body, ok := refreshTokens().open(t.ring, token)
	if !ok {
		return uuid.Nil, nil, false
	}
	return uuid.UUID(body[:len(session)]), hashRefresh(token), true
}

// hashRefresh returns what is stored of a token. Its randomness cannot be guessed, so
// a plain hash cannot be reversed.
func hashRefresh(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
