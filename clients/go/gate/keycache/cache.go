package keycache

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"portico/clients/go/gate/verdict"
)

// shards is how many locks the credentials are distributed over, so that readers
// seldom meet a writer.
const shards = 64

// maxAbsences is how many usernames known not to exist a Cache keeps.
const maxAbsences = 8 << 10

// Budget bounds how many credentials several Caches keep between them. It may be
// exceeded for a moment, by at most one credential for each Fill under way.
type Budget struct {
	max      int64 // 0: all
	used     atomic.Int64
	sweeping sync.Mutex // locked while making room, before any Cache's mu

	mu     sync.Mutex // guards what follows; locked after any other
	stores []*Cache
	at     int // index of the Cache that the clock hand is in
}

// NewBudget returns a budget of max credentials; 0 means no limit.
func NewBudget(max int) *Budget { return &Budget{max: int64(max)} }

// Used returns the number of credentials in all Caches of the budget.
func (b *Budget) Used() int { return int(b.used.Load()) }

// Cache keeps one organization's copy in memory. It is safe for concurrent use:
// Facts may be called by any number of goroutines and waits for no Apply.
//
// A Cache without a limit keeps everything it receives; what it has not received
// it knows not to exist only once it is complete. One with a limit keeps the
// credentials that Fill brought, with their apps and accounts, and applies changes
// to those alone.
type Cache struct {
	keys      [shards]shard
	catalogue atomic.Pointer[verdict.Catalogue]
	position  atomic.Int64
	budget    *Budget
	// absences are the usernames known not to exist, as far as they are asked for.
	absences *lru.Cache[uuid.UUID, struct{}]

	// mu is locked by writers; it guards what follows. Readers reach apps and accounts
	// by the pointers in slots.
	mu         sync.Mutex
	apps       map[uuid.UUID]*app
	accounts   map[uuid.UUID]*account
	touched    touched
	lists      touched // accounts whose list of apps was touched
	staleLists map[*account]bool
	clock      hands
	interned   map[string]string
	complete   bool // everything has been put
	closed     bool
}

type shard struct {
	mu    sync.RWMutex
	slots map[uuid.UUID]*slot
}

// slot is a credential's place. Its pointers are replaced; what they point to
// never changes.
type slot struct {
	key     atomic.Pointer[verdict.Credential] // nil if it is no longer kept
	app     *app                               // nil for a credential of the account
	account *account
	// used is 1 if the credential was looked up since the clock hand's last visit. The
	// first look-up does not count: it is the one that the credential was filled for.
	used atomic.Int32
	// first is the first state, stored in the slot itself for locality.
	first verdict.Credential
}

// justFilled is used for a credential that was just filled.
const justFilled = -1

// New returns an empty Cache of up to max credentials. With max 0 it keeps
// everything and is complete: its Changes bring all there is.
func New(max int) *Cache {
	s := NewWithBudget(NewBudget(max))
	s.complete = max == 0
	return s
}

// NewWithBudget returns an empty Cache that shares a budget with others.
func NewWithBudget(b *Budget) *Cache {
	s := &Cache{
		budget: b, apps: map[uuid.UUID]*app{}, accounts: map[uuid.UUID]*account{},
		touched: newTouched(), lists: newTouched(), staleLists: map[*account]bool{}, interned: map[string]string{},
	}
	for i := range s.keys {
		s.keys[i].slots = map[uuid.UUID]*slot{}
	}
	s.absences, _ = lru.New[uuid.UUID, struct{}](maxAbsences) // it fails for a size of 0
	if b.max > 0 {
		b.join(s)
	}
	return s
}

// Facts sets into to what a credential's verdict depends on, without allocating.
// known is false if the Cache does not have it; for a username known not to exist
// known is true and into.Credential nil.
func (s *Cache) Facts(username uuid.UUID, into *verdict.Facts) (known bool) {
	*into = verdict.Facts{Catalogue: s.catalogue.Load()}
	place := s.find(username)
	if place == nil {
		_, absent := s.absences.Get(username)
		return absent
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

// MarkComplete records that all accounts, apps and credentials were put into a
// Cache without a limit, as of its Position: what it has not received does not
// exist.
func (s *Cache) MarkComplete() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.complete = true
	for _, m := range s.apps {
		m.markGoneIfUnknown()
	}
	for _, a := range s.accounts {
		a.markGoneIfUnknown()
		a.listed = true
		a.rebuildApps()
	}
}

// Catalogue returns the present catalogue; nil before the first Change that has
// one.
func (s *Cache) Catalogue() *verdict.Catalogue { return s.catalogue.Load() }

// Position returns the position up to which changes were applied.
func (s *Cache) Position() int64 { return s.position.Load() }

// Len returns the number of credentials.
func (s *Cache) Len() int {
	n := 0
	for i := range s.keys {
		s.keys[i].mu.RLock()
		n += len(s.keys[i].slots)
		s.keys[i].mu.RUnlock()
	}
	return n
}

// Close returns the Cache's share of the budget. What later Fills bring is not
// kept.
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

// count adds n to the budget's use.
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

// shard returns the shard of a username, by its last bytes, which are random in
// every kind of UUID.
func (s *Cache) shard(username uuid.UUID) *shard {
	return &s.keys[binary.BigEndian.Uint64(username[8:])%shards]
}
