package replica

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"portico/internal/verdict"
)

const (
	// shards share the keys out, so that readers seldom meet a writer.
	shards = 64
	// leastKeys may always be kept, however full the budget is by others.
	leastKeys = 256
)

// Budget is how many keys several Stores may keep between them.
type Budget struct {
	max  int64 // 0: all
	used atomic.Int64
}

// NewBudget makes a budget of max keys; 0: no limit.
func NewBudget(max int) *Budget { return &Budget{max: int64(max)} }

// Used is the number of keys in all its Stores.
func (b *Budget) Used() int { return int(b.used.Load()) }

// Store is the copy in memory. It is safe for concurrent use: Case is for any
// number of goroutines and waits for no Apply.
//
// A Store without a limit keeps everything it is told of. One with a limit
// keeps the keys that Fill brought, with their apps and accounts, and follows
// changes of those alone.
type Store struct {
	keys      [shards]shard
	catalogue atomic.Pointer[verdict.Catalogue]
	position  atomic.Int64
	budget    *Budget
	strangers strangers

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
	closed   bool
}

type shard struct {
	mu    sync.RWMutex
	slots map[uuid.UUID]*slot
}

// slot is a key's place. Its pointers are replaced, what they point to never changes.
type slot struct {
	key     atomic.Pointer[verdict.Key] // nil: it is no longer kept
	app     *app                        // nil: a key of the account
	account *account
	used    atomic.Bool
}

// New makes an empty Store of up to max keys; 0: everything is kept.
func New(max int) *Store { return NewIn(NewBudget(max)) }

// NewIn makes an empty Store that shares a budget with others.
func NewIn(b *Budget) *Store {
	s := &Store{
		budget: b, apps: map[uuid.UUID]*app{}, accounts: map[uuid.UUID]*account{},
		touched: newTouched(), lists: newTouched(), relist: map[*account]bool{}, words: map[string]string{},
	}
	for i := range s.keys {
		s.keys[i].slots = map[uuid.UUID]*slot{}
	}
	s.strangers.init()
	return s
}

// Case gives what a key's verdict is made of, without allocating. known is
// false when the Store cannot tell; a username that is known not to exist
// gives true with into.Key nil.
func (s *Store) Case(username uuid.UUID, into *verdict.Case) (known bool) {
	*into = verdict.Case{Catalogue: s.catalogue.Load()}
	place := s.find(username)
	if place == nil {
		return s.strangers.has(username)
	}
	k := place.key.Load()
	if k == nil {
		return false
	}
	if s.budget.max > 0 && !place.used.Load() {
		place.used.Store(true)
	}
	into.Key, into.Account = k, place.account.state.Load()
	if place.app == nil {
		into.Apps = place.account.all()
	} else if c := place.app.cell.Load(); c != nil {
		into.Apps = c.self[:]
	}
	return true
}

// Catalogue is the present one; nil before the first Change that has it.
func (s *Store) Catalogue() *verdict.Catalogue { return s.catalogue.Load() }

// Position is up to where changes were applied.
func (s *Store) Position() int64 { return s.position.Load() }

// Len is the number of keys.
func (s *Store) Len() int {
	n := 0
	for i := range s.keys {
		s.keys[i].mu.RLock()
		n += len(s.keys[i].slots)
		s.keys[i].mu.RUnlock()
	}
	return n
}

// Close gives the keys' share of the budget back. What fills bring from now on
// is not kept.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.budget.used.Add(-int64(s.Len()))
}

func (s *Store) find(username uuid.UUID) *slot {
	sh := s.shard(username)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return sh.slots[username]
}

// shard goes by the last bytes, which are random in every kind of UUID.
func (s *Store) shard(username uuid.UUID) *shard {
	return &s.keys[binary.BigEndian.Uint64(username[8:])%shards]
}
