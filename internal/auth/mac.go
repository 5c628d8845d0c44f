package auth

import (
	"crypto/hmac"
	"crypto/sha256"

	"portico/internal/keyring"
)

// mac returns the keyed hash of a text. The label separates the purposes: under
// the same key, a hash for one purpose is never valid for another.
func mac(key keyring.Key, label, text string) []byte {
	h := hmac.New(sha256.New, key.Secret)
	h.Write([]byte(label))
	h.Write([]byte{0})
	h.Write([]byte(text))
	return h.Sum(nil)
}
