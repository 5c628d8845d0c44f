// Package apikey creates and hashes API keys. It stores nothing.
//
// A key is a pair of UUIDs, a public username and a secret password, and the
// same pair as one string, the raw key of package rawkey.
package apikey

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"github.com/google/uuid"

	"portico/clients/go/gate/rawkey"
)

// Secret is an API key in clear. It exists only until it is returned to the
// caller that requested it, and is never stored or logged.
type Secret struct {
	Username uuid.UUID
	Password uuid.UUID
	RawKey   string
}

// String hides the secret from logs.
func (Secret) String() string { return "[secret]" }

// GoString hides the secret from logs.
func (Secret) GoString() string { return "[secret]" }

// hintDigits is how many digits of each end of a raw key are shown.
const hintDigits = 4

// Mint returns a new API key from the system's cryptographic random source.
func Mint(prefix string) (Secret, error) {
	username, err := uuid.NewRandom()
	if err != nil {
		return Secret{}, err
	}
	return MintFor(prefix, username)
}

// MintFor is Mint for a username that the caller has chosen; the password is
// random.
func MintFor(prefix string, username uuid.UUID) (Secret, error) {
	password, err := uuid.NewRandom()
	if err != nil {
		return Secret{}, err
	}
	return Secret{Username: username, Password: password, RawKey: rawkey.Join(prefix, username, password)}, nil
}

// Hash returns the stored form of a password: HMAC-SHA-256 under a pepper that
// is kept outside the database, bound to the username. The password is 122
// random bits, so a slow hash would add nothing.
func Hash(pepper []byte, username, password uuid.UUID) []byte {
	mac := hmac.New(sha256.New, pepper)
	mac.Write(username[:])
	mac.Write(password[:])
	return mac.Sum(nil)
}

// Matches reports, in constant time, whether hash is the stored form of this
// pair.
func Matches(hash, pepper []byte, username, password uuid.UUID) bool {
	return subtle.ConstantTimeCompare(hash, Hash(pepper, username, password)) == 1
}

// Hint returns the part of a password that may be shown later: its last four
// characters.
func Hint(password uuid.UUID) string {
	text := password.String()
	return text[len(text)-4:]
}

// RawHint returns the part of a raw key that may be shown later, to find the
// credential of a given key: the prefix with up to four digits, and the last
// four characters. What it reveals of the password, a part of the checksum,
// leaves far too much to guess.
func RawHint(raw string) string {
	start := strings.IndexByte(raw, '_') + 1
	return raw[:start+hintDigits] + "…" + raw[len(raw)-hintDigits:]
}

// ParsePair parses an API key as in Basic authentication: user name and
// password separated by a colon.
func ParsePair(pair string) (username, password uuid.UUID, ok bool) {
	first, second, found := strings.Cut(pair, ":")
	username, known := ParseUUID(first)
	password, secret := ParseUUID(second)
	return username, password, found && known && secret
}

// ParseUUID parses a username or a password in the usual form of UUIDs only, of the
// several that uuid.Parse accepts.
func ParseUUID(text string) (id uuid.UUID, ok bool) {
	if len(text) != len("00000000-0000-0000-0000-000000000000") {
		return uuid.Nil, false
	}
	id, err := uuid.Parse(text)
	return id, err == nil
}
