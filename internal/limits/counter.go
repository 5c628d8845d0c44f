package limits

import (
	"crypto/sha256"

	"github.com/google/uuid"
)

// ByApp is what an app's calls of a product are counted by, for the plan's
// rate limit and its quota: whatever row registers them now. An app that
// registers again, by another plan too, goes on where it was.
func ByApp(app, product uuid.UUID) uuid.UUID {
	const label = "counter of app and product:"
	var text [len(label) + 32]byte
	copy(text[:], label)
	copy(text[len(label):], app[:])
	copy(text[len(label)+16:], product[:])
	sum := sha256.Sum256(text[:])
	id := uuid.UUID(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8: made by a rule of one's own
	return id
}
