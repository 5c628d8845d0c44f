package auth

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"

	"portico/internal/keyring"
)

// Vault encrypts what Portico has to know again, and nobody who reads only the database,
// or a cookie, may: AES-256-GCM under a key that is derived from a pepper of the ring.
type Vault struct{ ring *keyring.Ring }

// NewVault returns a Vault with the ring's peppers.
func NewVault(ring *keyring.Ring) *Vault { return &Vault{ring} }

// Seal encrypts content for a purpose: with another one it cannot be opened.
func (v *Vault) Seal(purpose string, content []byte) ([]byte, error) {
	pepper := v.ring.Current(keyring.Pepper)
	box, err := boxOf(pepper, purpose)
	if err != nil {
		return nil, err
	}
	return box.Seal([]byte(pepper.ID+":"), nil, content, nil), nil
}

// Open returns the content. It fails for what this installation has not sealed for the
// purpose.
func (v *Vault) Open(purpose string, sealed []byte) ([]byte, error) {
	id, rest, _ := bytes.Cut(sealed, []byte(":"))
	pepper, ok := v.ring.Lookup(keyring.Pepper, string(id))
	if !ok {
		return nil, errors.New("the ring lacks the pepper under which this is encrypted")
	}
	box, err := boxOf(pepper, purpose)
	if err != nil {
		return nil, err
	}
	content, err := box.Open(nil, nil, rest, nil)
	if err != nil {
		return nil, errors.New("this was not encrypted here, or was changed")
	}
	return content, nil
}

// boxOf returns the cipher of a purpose, which takes a random nonce for each message: one
// key is good for more messages than there will be.
func boxOf(pepper keyring.Key, purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, pepper.Secret, nil, "portico vault: "+purpose, sha256.Size)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
