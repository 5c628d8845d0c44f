// Package nodeid encodes and decodes the opaque ids of GraphQL's Node: a prefix
// that names the type, and the row's UUID in base 62 (`app_2Y5kq…`). Clients
// must not parse them; Portico does, to find the table without a query.
package nodeid

import (
	"strings"

	"github.com/google/uuid"

	"portico/clients/go/gate/base62"
)

// Kind is the type of the object that an id belongs to: its GraphQL name.
type Kind string

// digits is the length of 128 bits in base 62.
const digits = 22

// Encode returns the opaque id of a row.
func Encode(k Kind, id uuid.UUID) string {
	return string(Append(nil, k, id))
}

// Append appends the opaque id of a row to dst.
func Append(dst []byte, k Kind, id uuid.UUID) []byte {
	return base62.Append(append(append(dst, prefix(k)...), '_'), id[:], digits)
}

// Split decodes an id of any kind. ok is false for everything that Encode does
// not return.
func Split(s string) (Kind, uuid.UUID, bool) {
	p, rest, found := strings.Cut(s, "_")
	k, known := kindOf(p)
	row, ok := base62.Decode(rest, digits, len(uuid.UUID{}))
	if !found || !known || !ok {
		return "", uuid.Nil, false
	}
	return k, uuid.UUID(row), true
}

// Decode decodes an id of one kind; ok is false for an id of another kind.
func Decode(k Kind, s string) (uuid.UUID, bool) {
	kind, id, ok := Split(s)
	if !ok || kind != k {
		return uuid.Nil, false
	}
	return id, true
}
