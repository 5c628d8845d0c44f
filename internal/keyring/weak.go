package keyring

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// leastDistinct is how many different bytes a key must have. 32 random bytes
// have about 30; fewer than 16 do not happen by chance.
const leastDistinct = 16

// weakness says what is wrong with a secret, without showing any of it, or "".
// It cannot prove that a secret is random; it finds those that plainly are not.
func weakness(secret []byte) string {
	switch {
	case len(secret) == 0:
		return "is missing"
	case len(secret) < KeyBytes:
		return "is shorter than 32 bytes"
	case repeats(secret):
		return "is a repeated pattern"
	case steps(secret):
		return "is a plain sequence"
	case distinct(secret) < leastDistinct:
		return "has too few different bytes"
	case isText(secret), hasFamousWord(secret):
		return "is text, not random bytes"
	}
	return ""
}

// repeats reports whether the secret is a shorter piece written again and again.
func repeats(secret []byte) bool {
	for period := 1; period <= len(secret)/2; period++ {
		if bytes.Equal(secret[period:], secret[:len(secret)-period]) {
			return true
		}
	}
	return false
}

// steps reports whether every byte differs from the one before by the same amount.
func steps(secret []byte) bool {
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

// isText reports whether somebody wrote the secret, in whatever script, instead
// of drawing it. Random bytes are valid text about once in a hundred million.
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

// hasFamousWord finds the words of examples in a secret that was padded.
func hasFamousWord(secret []byte) bool {
	lower := bytes.ToLower(secret)
	for _, word := range []string{"secret", "changeme", "change-me", "change_me", "password", "portico", "example"} {
		if bytes.Contains(lower, []byte(word)) {
			return true
		}
	}
	return false
}
