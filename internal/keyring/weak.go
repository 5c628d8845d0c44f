package keyring

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// minDistinctBytes is the minimum number of different bytes in a key. 32 random
// bytes have about 30; fewer than 16 do not happen by chance.
const minDistinctBytes = 16

// weakness returns what is wrong with a secret, without revealing any of it, or
// "". It cannot prove that a secret is random; it finds those that clearly are
// not.
func weakness(secret []byte) string {
	switch {
	case len(secret) == 0:
		return "is missing"
	case len(secret) < KeyBytes:
		return "is shorter than 32 bytes"
	case isRepetition(secret):
		return "is a repeated pattern"
	case isSequence(secret):
		return "is a plain sequence"
	case distinct(secret) < minDistinctBytes:
		return "has too few different bytes"
	case isText(secret), hasExampleWord(secret):
		return "is text, not random bytes"
	}
	return ""
}

// isRepetition reports whether the secret is a shorter sequence repeated.
func isRepetition(secret []byte) bool {
	for period := 1; period <= len(secret)/2; period++ {
		if bytes.Equal(secret[period:], secret[:len(secret)-period]) {
			return true
		}
	}
	return false
}

// isSequence reports whether every byte differs from the previous one by the
// same amount.
func isSequence(secret []byte) bool {
	step := secret[1] - secret[0]
	for i := 2; i < len(secret); i++ {
		if secret[i]-secret[i-1] != step {
			return false
		}
	}
	return true
}

func distinct(secret []byte) int {
	var seen [256]bool
	count := 0
	for _, b := range secret {
		if !seen[b] {
			seen[b] = true
			count++
		}
	}
	return count
}

// isText reports whether the secret is text, in any script, instead of random
// bytes. Random bytes are valid text about once in a hundred million.
func isText(secret []byte) bool {
	if !utf8.Valid(secret) {
		return false
	}
	for _, r := range string(secret) {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// hasExampleWord reports whether a secret contains a word from examples, with
// padding.
func hasExampleWord(secret []byte) bool {
	lower := bytes.ToLower(secret)
	for _, word := range []string{"secret", "changeme", "change-me", "change_me", "password", "portico", "example"} {
		if bytes.Contains(lower, []byte(word)) {
			return true
		}
	}
	return false
}
