package apikey

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/google/uuid"
)

// Digest is the SHA-256 of an API key that was made elsewhere, as callers present it:
// of the one string, or of user name and password with a colon between them.
type Digest [sha256.Size]byte

// DigestOf returns the digest of an API key as presented.
func DigestOf(presented string) Digest { return sha256.Sum256([]byte(presented)) }

// DigestOfPair returns the digest of a user name and a password.
func DigestOfPair(username, password string) Digest { return DigestOf(username + ":" + password) }

// derivedVersion is the version of the UUIDs that Pair returns as usernames.
const derivedVersion = 8

// IsDerived reports whether a username is one that Pair returns, so that callers send
// something else. Mint never returns such a one, and none is imported as half of a pair.
func IsDerived(username uuid.UUID) bool {
	return username.Version() == derivedVersion && username.Variant() == uuid.RFC4122
}

// Pair returns the username and the password under which a key made elsewhere is kept:
// it is then looked up, hashed and compared like every other. Both follow from the
// digest and a pepper, so that neither can be computed from what is stored, nor a guess
// at the key be tried on it. The username is a UUID of version 8, which Mint never
// returns.
func (d Digest) Pair(pepper []byte) (username, password uuid.UUID) {
	username = d.derive(pepper, "imported key: username")
	username[6] = username[6]&0x0f | 0x80 //nolint:mnd // the version
	username[8] = username[8]&0x3f | 0x80 //nolint:mnd // the variant
	return username, d.derive(pepper, "imported key: password")
}

func (d Digest) derive(pepper []byte, purpose string) uuid.UUID {
	mac := hmac.New(sha256.New, pepper)
	mac.Write([]byte(purpose))
	mac.Write(d[:])
	return uuid.UUID(mac.Sum(nil)[:16])
}
