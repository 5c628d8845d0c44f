package auth

import (
	"crypto/hmac"
	"crypto/sha256"

	"portico/internal/keyring"
)

// mac is the keyed hash of a text. The label keeps the hashes of one purpose
// from ever being taken for those of another under the same key.
func mac(key keyring.Key, label, text string) []byte {
	h := hmac.New(sha256.New, key.Secret)
	h.Write([]byte(label))
	h.Write([]byte{0})
	h.Write([]byte(text))
	return h.Sum(nil)
}
