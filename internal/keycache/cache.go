package keycache

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"portico/internal/verdict"
)

// shards share the keys out, so that readers seldom meet a writer.
const shards = 64

// Budget is how many keys several Stores may keep between them. Beyond it there
// is for a moment at most one key more for each Fill that is under way.
type Budget struct {
	max      int64 // 0: all
	used     atomic.Int64
	sweeping sync.Mutex // held by who makes room; taken before any Store's

	mu     sync.Mutex // guards what follows; taken after any other
	stores []*Cache
	at     int // the Store that the hand is in
}

// NewBudget returns a budget of max keys; 0: no limit.
func NewBudget(max int) *Budget { return &Budget{max: int64(max)} }

// Used is the number of keys in all its Stores.
func (b *Budget) Used() int { return int(b.used.Load()) }

// Cache is the copy in memory. It is safe for concurrent use: Case is for any
// number of goroutines and waits for no Apply.
//
// A Store without a limit keeps everything it is told of; what that is not, it
// knows to be gone only once it is whole. One with a limit keeps the keys that
// Fill brought, with their apps and accounts, and follows changes of those alone.
type Cache struct {
	keys      [shards]shard
	catalogue atomic.Pointer[verdict.Catalogue]
	position  atomic.Int64
	budget    *Budget
	strangers absences

	// mu is held by writers; it guards what follows. Readers reach apps and
	// accounts by the keys' own pointers.
	mu       sync.Mutex
	apps     map[uuid.UUID]*app
	accounts map[uuid.UUID]*account
	touched  touched
	lists    touched // accounts whose list of apps was touched
	relist   map[*account]bool
	clock    hands
	words    map[string]string
	whole    bool // everything was put
	closed   bool
}

type shard struct {
	mu    sync.RWMutex
	slots map[uuid.UUID]*slot
}

// slot is a key's place. Its pointers are replaced, what they point to never changes.
type slot struct {
	key     atomic.Pointer[verdict.Credential] // nil: it is no longer kept
	app     *app                               // nil: a key of the account
	account *account
	// used is 1 for a key that was asked for since the hand's last visit. The
	// first time does not count: it is what the key was filled for.
	used atomic.Int32
	// first is the key's first state: beside its place, it is found at once.
	first verdict.Credential
}

// unasked is used of a key that was just filled.
const unasked = -1

// New returns an empty Store of up to max keys. 0: everything is kept, and the
// Store is whole: its Changes tell everything there is.
func New(max int) *Cache {
	s := NewWithBudget(NewBudget(max))
	s.whole = max == 0
	return s
}

// NewWithBudget returns an empty Store that shares a budget with others.
func NewWithBudget(b *Budget) *Cache {
	s := &Cache{
		budget: b, apps: map[uuid.UUID]*app{}, accounts: map[uuid.UUID]*account{},
		touched: newTouched(), lists: newTouched(), relist: map[*account]bool{}, words: map[string]string{},
	}
	for i := range s.keys {
		s.keys[i].slots = map[uuid.UUID]*slot{}
	}
	s.strangers.init()
	if b.max > 0 {
		b.join(s)
	}
	return s
}

// Facts returns what a key's verdict is made of, without allocating. known is
// false when the Store cannot tell; a username that is known not to exist
// gives true with into.Key nil.
func (s *Cache) Facts(username uuid.UUID, into *verdict.Facts) (known bool) {
	*into = verdict.Facts{Catalogue: s.catalogue.Load()}
	place := s.find(username)
	if place == nil {
		return s.strangers.has(username)
	}
	k := place.key.Load()
	if k == nil {
		return false
	}
	if s.budget.max > 0 {
		if used := place.used.Load(); used < 1 {
			place.used.Store(used + 1)
		}
	}
	into.Credential, into.Account = k, place.account.state.Load()
	known = into.Account != nil || place.account.gone.Load()
	if place.app != nil {
		if c := place.app.cell.Load(); c != nil {
			into.Apps = c.self[:]
			return known
		}
		return known && place.app.gone.Load()
	}
	if all := place.account.apps.Load(); all != nil {
		into.Apps = *all
		return known
	}
	return false
}

// Whole tells a Store without a limit that all accounts, apps and keys were put
// into it, as of its Position: what it was not told of does not exist.
func (s *Cache) Whole() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.whole = true
	for _, m := range s.apps {
		m.settle()
	}
	for _, a := range s.accounts {
		a.settle()
		a.listed = true
		a.list()
	}
}

// Catalogue is the present one; nil before the first Change that has it.
func (s *Cache) Catalogue() *verdict.Catalogue { return s.catalogue.Load() }

// Position is up to where changes were applied.
func (s *Cache) Position() int64 { return s.position.Load() }

// Len is the number of keys.
func (s *Cache) Len() int {
	n := 0
	for i := range s.keys {
		s.keys[i].mu.RLock()
		n += len(s.keys[i].slots)
		s.keys[i].mu.RUnlock()
	}
	return n
}

// Close returns the keys' share of the budget back. What fills bring from now on
// is not kept.
func (s *Cache) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.count(-int64(s.Len()))
	s.closed = true
	s.clock = hands{}
	s.budget.leave(s)
}

// count notes in the budget that keys came or went.
func (s *Cache) count(n int64) {
	if !s.closed {
		s.budget.used.Add(n)
	}
}

func (s *Cache) find(username uuid.UUID) *slot {
	sh := s.shard(username)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return sh.slots[username]
}

// shard goes by the last bytes, which are random in every kind of UUID.
func (s *Cache) shard(username uuid.UUID) *shard {
	return &s.keys[binary.BigEndian.Uint64(username[8:])%shards]
}
