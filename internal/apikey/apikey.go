// Package apikey mints, reads and hashes API keys. It stores nothing.
//
// A key is a pair of UUIDs, a public username and a secret password, and the
// same pair as one string, the raw key:
//
//	<prefix>_<username and password in base 62, 43 digits>_<CRC-32 in base 62, 6 digits>
//
// The checksum lets junk be refused without a look-up, and lets a scanner that
// finds a leaked key be sure of it. The prefix is not part of the identity: an
// organization may change its own, and old keys stay valid.
package apikey

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"hash/crc32"
	"math/big"
	"strings"

	"github.com/google/uuid"
)

// Secret is a key in clear. It exists only on its way to the one who asked for
// it, and is never stored or logged.
type Secret struct {
	Username uuid.UUID
	Password uuid.UUID
	RawKey   string
}

// String hides the secret from logs.
func (Secret) String() string { return "[secret]" }

// GoString hides the secret from logs.
func (Secret) GoString() string { return "[secret]" }

const (
	bodyDigits  = 43 // 256 bits in base 62
	checkDigits = 6  // 32 bits in base 62
	// MaxPrefix is the longest prefix that Parse accepts.
	MaxPrefix = 16
)

// Mint makes a new key from the system's cryptographic source.
func Mint(prefix string) (Secret, error) {
	username, err := uuid.NewRandom()
	if err != nil {
		return Secret{}, err
	}
	password, err := uuid.NewRandom()
	if err != nil {
		return Secret{}, err
	}
	return Secret{Username: username, Password: password, RawKey: Join(prefix, username, password)}, nil
}

// Join writes the raw key of a pair.
func Join(prefix string, username, password uuid.UUID) string {
	both := make([]byte, 0, 32)
	both = append(append(both, username[:]...), password[:]...)
	body := prefix + "_" + base62(both, bodyDigits)
	return body + "_" + checksum(body)
}

// Parse reads a raw key. ok is false for everything that Join does not write,
// whatever its length; no part of the text is kept.
func Parse(raw string) (username, password uuid.UUID, ok bool) {
	if len(raw) > MaxPrefix+1+bodyDigits+1+checkDigits {
		return uuid.Nil, uuid.Nil, false
	}
	body, check, found := cutLast(raw)
	if !found || checksum(body) != check {
		return uuid.Nil, uuid.Nil, false
	}
	prefix, digits, found := cutLast(body)
	if !found || !ValidPrefix(prefix) || len(digits) != bodyDigits || !alphanumeric(digits) {
		return uuid.Nil, uuid.Nil, false
	}
	n, parsed := new(big.Int).SetString(digits, 62)
	if !parsed || n.BitLen() > 256 {
		return uuid.Nil, uuid.Nil, false
	}
	var both [32]byte
	n.FillBytes(both[:])
	return uuid.UUID(both[:16]), uuid.UUID(both[16:]), true
}

// ValidPrefix tells whether raw keys may begin so: 1–16 small letters and
// digits, the first a letter.
func ValidPrefix(p string) bool {
	if p == "" || len(p) > MaxPrefix || p[0] < 'a' || p[0] > 'z' {
		return false
	}
	for _, c := range []byte(p) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// Hash is what is stored of a password: HMAC-SHA-256 under a pepper that is
// kept outside the database, bound to the username. The password is 122 random
// bits, so that a slow hash would add nothing.
func Hash(pepper []byte, username, password uuid.UUID) []byte {
	mac := hmac.New(sha256.New, pepper)
	mac.Write(username[:])
	mac.Write(password[:])
	return mac.Sum(nil)
}

// Matches tells, in constant time, whether a stored hash is this pair's.
func Matches(hash, pepper []byte, username, password uuid.UUID) bool {
	return subtle.ConstantTimeCompare(hash, Hash(pepper, username, password)) == 1
}

// Hint is the part of a password that may be shown later: its last four characters.
func Hint(password uuid.UUID) string {
	text := password.String()
	return text[len(text)-4:]
}

func checksum(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	return base62([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}, checkDigits)
}

func base62(b []byte, digits int) string {
	text := new(big.Int).SetBytes(b).Text(62)
	return strings.Repeat("0", digits-len(text)) + text
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '_')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

func alphanumeric(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
