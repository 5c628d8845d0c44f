package auth

import (
	"crypto/hmac"
	"slices"
	"strings"

	"portico/clients/go/gate/base62"
	"portico/internal/keyring"
)

const (
	// The content of a sealed token is written in blocks, as much as base62 writes at
	// most, and half a MAC and a checksum follow.
	blockBytes, blockDigits = 32, 43
	proofBytes, proofDigits = 16, 22
)

// sealed is a form of tokens whose content is open, and cannot be made by anybody else:
// a prefix, the content in base62, a MAC of it under a pepper of the ring, and a
// checksum. Each token has one spelling.
type sealed struct {
	prefix string
	// label separates the forms: see mac.
	label string
	// blocks is how long the content is.
	blocks int
}

// seal returns the token with this content; zeros fill the last block.
func (f sealed) seal(ring *keyring.Ring, content []byte) string {
	full := make([]byte, f.blocks*blockBytes)
	copy(full, content)
	digits := ""
	for block := range slices.Chunk(full, blockBytes) {
		digits += base62.Encode(block, blockDigits)
	}
	return f.token(ring.Current(keyring.Pepper), digits)
}

// open returns the content of a token. ok is false for what this installation has not
// sealed.
func (f sealed) open(ring *keyring.Ring, token string) (content []byte, ok bool) {
	digits, ok := strings.CutPrefix(token, f.prefix)
	if !ok || len(digits) != f.blocks*blockDigits+proofDigits+base62.ChecksumDigits {
		return nil, false
	}
	digits = digits[:f.blocks*blockDigits]
	for i := range f.blocks {
		block, ok := base62.Decode(digits[i*blockDigits:][:blockDigits], blockDigits, blockBytes)
		if !ok {
			return nil, false
		}
		content = append(content, block...)
	}
	for _, pepper := range ring.All(keyring.Pepper) {
		if hmac.Equal([]byte(f.token(pepper, digits)), []byte(token)) {
			return content, true
		}
	}
	return nil, false
}

func (f sealed) token(pepper keyring.Key, digits string) string {
	proof := mac(pepper, f.label, digits)[:proofBytes]
	text := f.prefix + digits + base62.Encode(proof, proofDigits)
	return text + base62.Checksum(text)
}
