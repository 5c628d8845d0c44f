package input

import (
	"strconv"

	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/nodeid"
)

// DecodeIDs decodes ids of one kind. A malformed id matches nothing, like an
// unknown one.
func DecodeIDs(k nodeid.Kind, ids []string) []uuid.UUID {
	out := make([]uuid.UUID, 0, len(ids))
	for _, s := range ids {
		if id, ok := nodeid.Decode(k, s); ok {
			out = append(out, id)
		}
	}
	return out
}

// CheckReferences returns a fault.Invalid with a message, on the element of an
// input's list field that is malformed or not among the rows found for the list.
func CheckReferences(k nodeid.Kind, field string, ids []string, found []uuid.UUID, message string) error {
	known := make(map[uuid.UUID]bool, len(found))
	for _, id := range found {
		known[id] = true
	}
	for i, s := range ids {
		if id, ok := nodeid.Decode(k, s); !ok || !known[id] {
			return fault.Input(fault.UnknownReference, field+"."+strconv.Itoa(i), message)
		}
	}
	return nil
}

// DecodeID decodes an id. A malformed one is fault.NotFound, like an unknown one.
func DecodeID(k nodeid.Kind, s string) (uuid.UUID, error) {
	id, ok := nodeid.Decode(k, s)
	if !ok {
		return uuid.Nil, fault.NotFound()
	}
	return id, nil
}

// EncodeIDs returns the opaque ids of rows of one kind; it is never nil.
func EncodeIDs(k nodeid.Kind, ids []uuid.UUID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = nodeid.Encode(k, id)
	}
	return out
}

// ListedProducts returns the opaque ids of the products of an access control
// list, for an event; nil for none.
func ListedProducts(products []uuid.UUID) any {
	if len(products) == 0 {
		return nil
	}
	return EncodeIDs(nodeid.Product, products)
}
