package limits

import (
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
)

const (
	shards = 64
	// sample is the number of states that an eviction examines.
	sample = 16
)

// state is the bucket and the ledger of a key, an app or an account. mu
// guards all fields but id.
type state struct {
	id uuid.UUID
	mu sync.Mutex
	// evicted reports whether the state was evicted; a caller that still has a pointer
	// to it looks it up again.
	evicted bool
	// listed reports whether the state is on its shard's list of states to drain.
	listed bool
	debt   Debt
	unit   int64 // of debt
	limit  int   // the rate that drains debt; for eviction
	at     int64 // the tick at which debt was valid
	quota  *ledger
}

// countedState is a state with its ledger in the same allocation, so that both are close
// in memory.
type countedState struct {
	state state
	quota ledger
}

// advance drains the bucket until tick and counts in r's unit from then on. If r is
// no limit it does nothing.
func (s *state) advance(r Rate, tick int64) {
	if r.None() {
		return
	}
	if unit := r.Unit(); unit != s.unit || r.Limit != s.limit {
		// Until now the old rate applied.
		s.drain(tick)
		if s.unit != 0 {
			s.debt = s.debt.converted(s.unit, unit)
		}
		s.unit, s.limit = unit, r.Limit
	}
	s.drain(tick)
}

func (s *state) drain(tick int64) {
	if s.limit > 0 && tick > s.at {
		s.debt = s.debt.drained(Rate{Limit: s.limit}, tick-s.at)
	}
	s.at = max(s.at, tick)
}

// ledger returns the state's ledger, and creates it if the state had none, as its
// plan had no quota before.
func (s *state) ledger() *ledger {
	if s.quota == nil {
		s.quota = &ledger{}
	}
	return s.quota
}

// idle reports whether nothing is lost if the state is evicted.
func (s *state) idle(tick, folded int64) bool {
	s.drain(tick)
	return s.debt == 0 && (s.quota == nil || s.quota.evictable(tick, folded))
}

// table is a map of states by id. Its bound is soft, see NewMemory.
type table struct {
	shards [shards]shard
	// folded is the tick up to which the database's counts contain what was journaled.
	folded atomic.Int64
}

type shard struct {
	mu     sync.RWMutex
	states map[uuid.UUID]*state
	max    int

	dirtyMu sync.Mutex
	dirty   []*state
}

func (t *table) init(max int) {
	for i := range t.shards {
		t.shards[i].states = map[uuid.UUID]*state{}
		t.shards[i].max = (max + shards - 1) / shards
	}
}

func (t *table) shard(id uuid.UUID) *shard {
	// Of random and of time-ordered ids alike, the last byte is random.
	return &t.shards[id[len(id)-1]%shards]
}

// lock returns the state of id, with its mutex locked, and creates it if there is
// none. counts reports whether a new state will need a ledger.
func (t *table) lock(id uuid.UUID, tick int64, counts bool) *state {
	for {
		if s := t.lockExisting(id); s != nil {
			return s
		}
		t.shard(id).add(newState(id, tick, counts), tick, t.folded.Load())
	}
}

// has reports whether there is a state of id.
func (t *table) has(id uuid.UUID) bool {
	sh := t.shard(id)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return sh.states[id] != nil
}

// lockExisting returns the state of id with its mutex locked, or nil if there is none.
func (t *table) lockExisting(id uuid.UUID) *state {
	sh := t.shard(id)
	for {
		sh.mu.RLock()
		s := sh.states[id]
		sh.mu.RUnlock()
		if s == nil {
			return nil
		}
		s.mu.Lock()
		if !s.evicted {
			return s
		}
		s.mu.Unlock()
	}
}

// refund subtracts cost from the bucket of id. A bucket that was evicted is empty.
func (t *table) refund(id uuid.UUID, r Rate, cost, tick int64) {
	s := t.lockExisting(id)
	if s == nil {
		return
	}
	defer s.mu.Unlock()
	s.advance(r, tick)
	s.debt = max(0, s.debt-Debt(cost*r.Unit()))
}

func newState(id uuid.UUID, tick int64, counts bool) *state {
	if !counts {
		return &state{id: id, at: tick}
	}
	both := &countedState{state: state{id: id, at: tick}}
	both.state.quota = &both.quota
	return &both.state
}

// add adds a state, unless there is one with its id.
func (sh *shard) add(s *state, tick, folded int64) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.states[s.id] != nil {
		return
	}
	if len(sh.states) >= sh.max {
		sh.evict(tick, folded)
	}
	sh.states[s.id] = s
}

// evict removes the idle states among a sample (a map iteration starts at a random
// entry), so that a shard that had to grow shrinks again.
func (sh *shard) evict(tick, folded int64) {
	looked := 0
	for id, s := range sh.states {
		// A state that is locked is not idle. Waiting for it could deadlock with a
		// call that has locked it and waits for this shard.
		if s.mu.TryLock() {
			if s.idle(tick, folded) {
				s.evicted = true
				delete(sh.states, id)
			}
			s.mu.Unlock()
		}
		if looked++; looked == sample {
			return
		}
	}
}

// list adds a locked state to the list of states to drain.
func (t *table) list(s *state) {
	if s.listed {
		return
	}
	s.listed = true
	sh := t.shard(s.id)
	sh.dirtyMu.Lock()
	sh.dirty = append(sh.dirty, s)
	sh.dirtyMu.Unlock()
}

// takeListed appends the listed states to into and empties the lists.
func (t *table) takeListed(into []*state) []*state {
	for i := range t.shards {
		sh := &t.shards[i]
		sh.dirtyMu.Lock()
		into = append(into, sh.dirty...)
		clear(sh.dirty)
		sh.dirty = sh.dirty[:0]
		sh.dirtyMu.Unlock()
	}
	return into
}

// size returns the number of states.
func (t *table) size() (n int) {
	for i := range t.shards {
		t.shards[i].mu.RLock()
		n += len(t.shards[i].states)
		t.shards[i].mu.RUnlock()
	}
	return n
}
