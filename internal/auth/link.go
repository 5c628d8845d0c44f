package auth

import (
	"crypto/hmac"
	"strings"

	"github.com/google/uuid"

	"portico/clients/go/gate/base62"
	"portico/internal/identity"
	"portico/internal/keyring"
)

const (
	// linkMACBytes of the MAC are in a token, beside the 16 bytes of the id:
	// together they are what base62 writes at most.
	linkMACBytes = 16
	linkDigits   = 43
)

// Links derives the tokens of the links that letters contain, such as one that
// resets a password: the id of a row that says what the link is for, and a MAC
// of it under a pepper of the ring.
//
// Nothing is stored of a token. So the database alone does not yield it, and
// yet a letter that is sent again has the same link, for as long as the pepper
// is the current one. Whether the link is still valid is for the row to say.
type Links struct{ ring *keyring.Ring }

// NewLinks returns Links that use the ring's peppers.
func NewLinks(ring *keyring.Ring) *Links { return &Links{ring} }

// Issue returns the token of the row with this id.
func (l *Links) Issue(purpose identity.LinkPurpose, id uuid.UUID) string {
	return linkToken(l.ring.Current(keyring.Pepper), purpose, id)
}

// Parse returns the id in a token. ok is false if the token was not issued for
// this purpose: there is no need to look it up. It builds the token anew and
// compares, so that each token has exactly one spelling.
func (l *Links) Parse(purpose identity.LinkPurpose, token string) (id uuid.UUID, ok bool) {
	body, check := token[:max(0, len(token)-base62.ChecksumDigits)], token[max(0, len(token)-base62.ChecksumDigits):]
	digits, ok := strings.CutPrefix(body, string(purpose))
	if !ok || len(digits) != linkDigits || !base62.IsChecksum(body, check) {
		return uuid.Nil, false
	}
	content, ok := base62.Decode(digits, linkDigits, len(id)+linkMACBytes)
	if !ok {
		return uuid.Nil, false
	}
	copy(id[:], content)
	for _, pepper := range l.ring.All(keyring.Pepper) {
		if hmac.Equal([]byte(linkToken(pepper, purpose, id)), []byte(token)) {
			return id, true
		}
	}
	return uuid.Nil, false
}

// linkToken returns the token under one pepper. That a purpose is part of what
// the MAC covers keeps a token of one from becoming one of another.
func linkToken(pepper keyring.Key, purpose identity.LinkPurpose, id uuid.UUID) string {
	proof := mac(pepper, "letter link", string(purpose)+id.String())[:linkMACBytes]
	body := string(purpose) + base62.Encode(append(id[:], proof...), linkDigits)
	return body + base62.Checksum(body)
}
