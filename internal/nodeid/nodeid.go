// Package nodeid encodes and decodes the opaque ids of GraphQL's Node: a prefix
// that names the type, and the row's UUID in base 62 (`app_2Y5kq…`). Clients
// must not parse them; Portico does, to find the table without a query.
package nodeid

import (
	"bytes"

	"github.com/google/uuid"

	"portico/clients/go/gate/objectid"
)

// Kind is the type of the object that an id belongs to: its GraphQL name.
type Kind string

// Compare compares the ids of rows by their bytes, which is the order of their creation as far
// as clocks agree.
func Compare(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

// Encode returns the opaque id of a row.
func Encode(k Kind, id uuid.UUID) string {
	return string(Append(nil, k, id))
}

// Append appends the opaque id of a row to dst.
func Append(dst []byte, k Kind, id uuid.UUID) []byte {
	return objectid.Append(dst, prefix(k), id)
}

// Split decodes an id of any kind. ok is false for everything that Encode does
// not return.
func Split(s string) (Kind, uuid.UUID, bool) {
	p, id, ok := objectid.Split(s)
	k, known := kindOf(p)
	if !known || !ok {
		return "", uuid.Nil, false
	}
	return k, id, true
}

// Decode decodes an id of one kind; ok is false for an id of another kind.
func Decode(k Kind, s string) (uuid.UUID, bool) {
	kind, id, ok := Split(s)
	if !ok || kind != k {
		return uuid.Nil, false
	}
	return id, true
}
