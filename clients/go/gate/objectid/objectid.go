// Package objectid encodes and decodes the ids of Portico's objects, such as
// app_02TCriYRXlxtr81b3DQDoX: a prefix that names the type, and a UUID in base 62.
package objectid

import (
	"strings"

	"github.com/google/uuid"

	"portico/clients/go/gate/base62"
)

// The prefixes of the types that gateways meet. They never change: clients store ids.
const (
	Organization = "org"
	Account      = "acct"
	App          = "app"
	Credential   = "cred"
	Product      = "prod"
	Endpoint     = "ep"
	Subscription = "sub"
)

// digits is the length of 128 bits in base 62.
const digits = 22

// Encode returns the id of an object.
func Encode(prefix string, id uuid.UUID) string { return string(Append(nil, prefix, id)) }

// Append appends the id of an object to dst.
func Append(dst []byte, prefix string, id uuid.UUID) []byte {
	return base62.Append(append(append(dst, prefix...), '_'), id[:], digits)
}

// Split decodes an id with any prefix, also one that no type has. ok is false for
// everything else that Encode does not return.
func Split(s string) (prefix string, id uuid.UUID, ok bool) {
	prefix, rest, found := strings.Cut(s, "_")
	raw, ok := base62.Decode(rest, digits, len(uuid.UUID{}))
	if !found || !ok {
		return "", uuid.Nil, false
	}
	return prefix, uuid.UUID(raw), true
}

// Decode decodes an id with a prefix; ok is false for any other text.
func Decode(prefix, s string) (id uuid.UUID, ok bool) {
	got, id, ok := Split(s)
	if !ok || got != prefix {
		return uuid.Nil, false
	}
	return id, true
}
