package keycache

import (
	"sync"

	"github.com/google/uuid"
)

// maxAbsences is how many unknown usernames a generation keeps.
const maxAbsences = 8 << 10

// absences are the usernames known not to exist, in two generations: the older is
// discarded when the newer is full, and what is still asked for moves to the
// newer.
type absences struct {
	mu            sync.Mutex
	recent, older map[uuid.UUID]struct{}
}

func (l *absences) init() { l.recent, l.older = map[uuid.UUID]struct{}{}, nil }

func (l *absences) has(username uuid.UUID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.recent[username]; ok {
		return true
	}
	_, ok := l.older[username]
	if ok {
		l.put(username)
	}
	return ok
}

func (l *absences) add(username uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(username)
}

func (l *absences) put(username uuid.UUID) {
	if len(l.recent) >= maxAbsences {
		l.recent, l.older = map[uuid.UUID]struct{}{}, l.recent
	}
	l.recent[username] = struct{}{}
}

func (l *absences) remove(username uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.recent, username)
	delete(l.older, username)
}
