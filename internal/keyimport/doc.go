// Package keyimport brings in API keys that were made elsewhere, so that callers keep
// theirs when a portal moves: it reads them from JSON Lines and stores them as
// credentials of apps that exist. It creates no apps, and never sees a secret again
// that it has stored.
//
// A pair of UUIDs is a key like Portico's own. Any other is kept under a username that
// follows from its digest (apikey.Digest), and gateways accept it while the
// organization's importedKeys is on.
package keyimport

import (
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/internal/apikey"
	"portico/internal/domain"
	"portico/internal/fault"
)

// Key is one API key to import.
type Key struct {
	// Line is the number of its line, counted from 1.
	Line int
	// App is the reference id of the app that it belongs to.
	App uuid.UUID
	// Username and Password are set for a pair of UUIDs; Digest for any other key.
	Username, Password uuid.UUID
	Digest             apikey.Digest
	Name               string
	Environment        access.Environment
	Labels             []domain.Label
	// CreatedAt is nil for now, ExpiresAt for never.
	CreatedAt, ExpiresAt *time.Time
}

// pair returns the username and the password under which the key is kept.
func (k *Key) pair(pepper []byte) (username, password uuid.UUID) {
	if k.Username != uuid.Nil {
		return k.Username, k.Password
	}
	return k.Digest.Pair(pepper)
}

// Refusal is why a line was not imported. It repeats nothing of the line but the names
// of its fields.
type Refusal struct {
	Line    int               `json:"line"`
	Field   string            `json:"field,omitempty"`
	Code    fault.ProblemCode `json:"code"`
	Message string            `json:"message"`
}

// Malformed is the code of a line that cannot be read at all; the other codes are those
// of `UserError`.
const Malformed fault.ProblemCode = "MALFORMED"
