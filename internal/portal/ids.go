package portal

import (
	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/nodeid"
)

// decodeAll decodes ids of one kind. A malformed id matches nothing, like an
// unknown one.
func decodeAll(k nodeid.Kind, ids []string) []uuid.UUID {
	out := make([]uuid.UUID, 0, len(ids))
	for _, s := range ids {
		if id, ok := nodeid.Decode(k, s); ok {
			out = append(out, id)
		}
	}
	return out
}

// decode decodes an id. A malformed one is fault.NotFound, like an unknown one.
func decode(k nodeid.Kind, s string) (uuid.UUID, error) {
	id, ok := nodeid.Decode(k, s)
	if !ok {
		return uuid.Nil, fault.NotFound()
	}
	return id, nil
}
