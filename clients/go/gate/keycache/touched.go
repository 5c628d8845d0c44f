package keycache

import "github.com/google/uuid"

// minRemembered is how many touched objects are remembered at least.
const minRemembered = 8 << 10

// touched records which objects were changed recently, and at which position, in
// two generations.
type touched struct {
	recent, older map[uuid.UUID]int64
	newest        int64 // the last position in recent
	olderNewest   int64 // the last position in older
	// forgotten is the position up to which touched objects may have been discarded.
	forgotten int64
}

func newTouched() touched {
	return touched{recent: map[uuid.UUID]int64{}, older: map[uuid.UUID]int64{}}
}

func (t *touched) note(id uuid.UUID, position int64) {
	if len(t.recent) >= minRemembered {
		t.forgotten = max(t.forgotten, t.olderNewest)
		t.older, t.olderNewest = t.recent, t.newest
		t.recent = map[uuid.UUID]int64{}
	}
	t.recent[id] = position
	t.newest = position
}

// after reports whether an object was, or may have been, touched beyond a position.
func (t *touched) after(id uuid.UUID, since int64) bool {
	return since < t.forgotten || t.recent[id] > since || t.older[id] > since
}
