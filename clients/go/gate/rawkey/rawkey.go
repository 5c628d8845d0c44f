// Package rawkey reads and writes API keys in the form of one string, the raw key:
//
//	<prefix>_<username and password in base 62, 43 digits>_<CRC-32 in base 62, 6 digits>
//
// The checksum allows junk to be refused without a look-up, and a scanner to
// recognize a leaked key with certainty. The prefix is not part of the identity: an
// organization may change its own, and old keys stay valid.
package rawkey

import (
	"strings"

	"github.com/google/uuid"

	"portico/clients/go/gate/base62"
)

const (
	bodyDigits = 43 // 256 bits in base 62
	// MaxPrefix is the longest prefix that Parse accepts.
	MaxPrefix = 16
)

// Join returns the raw key of a pair.
func Join(prefix string, username, password uuid.UUID) string {
	both := make([]byte, 0, 32)
	both = append(append(both, username[:]...), password[:]...)
	body := prefix + "_" + base62.Encode(both, bodyDigits)
	return body + "_" + base62.Checksum(body)
}

// Parse parses a raw key. ok is false for everything that Join does not return,
// whatever its length; no part of the text is retained.
func Parse(raw string) (username, password uuid.UUID, ok bool) {
	if len(raw) > MaxPrefix+1+bodyDigits+1+base62.ChecksumDigits {
		return uuid.Nil, uuid.Nil, false
	}
	body, check, found := cutLast(raw)
	if !found || !base62.IsChecksum(body, check) {
		return uuid.Nil, uuid.Nil, false
	}
	prefix, digits, found := cutLast(body)
	var both [32]byte
	if !found || !ValidPrefix(prefix) || len(digits) != bodyDigits || !base62.DecodeInto(both[:], digits) {
		return uuid.Nil, uuid.Nil, false
	}
	return uuid.UUID(both[:16]), uuid.UUID(both[16:]), true
}

// ValidPrefix reports whether p can be the prefix of raw keys: 1–16 lowercase
// letters and digits, the first a letter.
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

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '_')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}
