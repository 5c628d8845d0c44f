package paging

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"portico/internal/fault"
)

// Key authenticates cursors; ID identifies the key in the ring.
type Key struct {
	ID     string
	Secret []byte
}

// Place is the position of a row in a list: its value of the ordered column,
// and its id to distinguish equal values.
type Place struct {
	Value string    `json:"v"`
	ID    uuid.UUID `json:"i"`
}

type sealed struct {
	Key string `json:"k"`
	Place
}

const macLength = 16

// Seal returns a cursor. It is bound to list, the name of a list and its order:
// a cursor of another list is refused, as is a modified one.
func Seal(k Key, list string, p Place) string {
	body, err := json.Marshal(sealed{Key: k.ID, Place: p})
	if err != nil {
		panic("paging: a place of a string and a UUID always marshals: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(append(mac(k, list, body), body...))
}

// Open parses a cursor; find returns the ring's key with an id. A cursor that
// Seal did not return for the same list is BAD_USER_INPUT.
func Open(find func(id string) (Key, bool), list, cursor string) (Place, error) {
	bad := fault.New(fault.CodeBadUserInput, fault.ReasonInvalidCursor, "The cursor is not one of this list.")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || strings.ContainsAny(cursor, "\r\n") || // which base64 ignores
		len(raw) <= macLength {
		return Place{}, bad
	}
	var s sealed
	if json.Unmarshal(raw[macLength:], &s) != nil {
		return Place{}, bad
	}
	k, ok := find(s.Key)
	if !ok || !hmac.Equal(raw[:macLength], mac(k, list, raw[macLength:])) {
		return Place{}, bad
	}
	return s.Place, nil
}

func mac(k Key, list string, body []byte) []byte {
	h := hmac.New(sha256.New, k.Secret)
	h.Write([]byte(list))
	h.Write([]byte{0})
	h.Write(body)
	return h.Sum(nil)[:macLength]
}
