package limits

import (
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
)

const (
	shards = 64
	// sample is how many states are looked at when one must go.
	sample = 16
)

// state is what is kept of a key, a subscription or an account. mu guards all
// but id.
type state struct {
	id uuid.UUID
	mu sync.Mutex
	// gone: evicted; whoever still holds a pointer looks it up again.
	gone bool
	// noted: it is on its shard's list of states with counts to drain.
	noted bool
	debt  Debt
	unit  int64 // of debt
	limit int   // what drains the debt; for eviction
	at    int64 // the tick that debt is right for
	quota *ledger
}

// counted is a state with its ledger beside it: a call that has found the one
// has found the other.
type counted struct {
	state state
	quota ledger
}

// advance drains the bucket until tick and counts in r's unit from now on.
// Without a rate the bucket is left alone.
func (s *state) advance(r Rate, tick int64) {
	if r.None() {
		return
	}
	if unit := r.Unit(); unit != s.unit || r.Limit != s.limit {
		// What has passed until now was drained by the old rate.
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

// ledger returns the state's count of a quota. Where none was needed at first, as
// before a change of plan, it is made now.
func (s *state) ledger() *ledger {
	if s.quota == nil {
		s.quota = &ledger{}
	}
	return s.quota
}

// idle tells that nothing is lost with the state.
func (s *state) idle(tick, folded int64) bool {
	s.drain(tick)
	return s.debt == 0 && (s.quota == nil || s.quota.settled(tick, folded))
}

// table finds states by id. Its bound is soft, see NewMemory.
type table struct {
	shards [shards]shard
	// folded is up to when the database answers what was journaled.
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

// lock returns the state of id, made if need be, with its mutex held. counts
// tells that it will need its ledger.
func (t *table) lock(id uuid.UUID, tick int64, counts bool) *state {
	for {
		if s := t.present(id); s != nil {
			return s
		}
		t.shard(id).add(made(id, tick, counts), tick, t.folded.Load())
	}
}

// has reports whether there is a state of id.
func (t *table) has(id uuid.UUID) bool {
	sh := t.shard(id)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return sh.states[id] != nil
}

// present returns the state of id with its mutex held; nil: there is none.
func (t *table) present(id uuid.UUID) *state {
	sh := t.shard(id)
	for {
		sh.mu.RLock()
		s := sh.states[id]
		sh.mu.RUnlock()
		if s == nil {
			return nil
		}
		s.mu.Lock()
		if !s.gone {
			return s
		}
		s.mu.Unlock()
	}
}

// giveBack takes cost out of the bucket of id. One that was evicted is empty.
func (t *table) giveBack(id uuid.UUID, r Rate, cost, tick int64) {
	s := t.present(id)
	if s == nil {
		return
	}
	defer s.mu.Unlock()
	s.advance(r, tick)
	s.debt = max(0, s.debt-Debt(cost*r.Unit()))
}

func made(id uuid.UUID, tick int64, counts bool) *state {
	if !counts {
		return &state{id: id, at: tick}
	}
	both := &counted{state: state{id: id, at: tick}}
	both.state.quota = &both.quota
	return &both.state
}

// add puts a state, if there is none of its id.
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

// evict drops every idle one of some states (a map is walked from a random
// place), so that a shard that had to grow shrinks again.
func (sh *shard) evict(tick, folded int64) {
	looked := 0
	for id, s := range sh.states {
		// A state that is in use is not idle; waiting for it could block a call
		// that holds it and waits for this shard.
		if s.mu.TryLock() {
			if s.idle(tick, folded) {
				s.gone = true
				delete(sh.states, id)
			}
			s.mu.Unlock()
		}
		if looked++; looked == sample {
			return
		}
	}
}

// note puts a locked state on the list of those to drain.
func (t *table) note(s *state) {
	if s.noted {
		return
	}
	s.noted = true
	sh := t.shard(s.id)
	sh.dirtyMu.Lock()
	sh.dirty = append(sh.dirty, s)
	sh.dirtyMu.Unlock()
}

// noted empties the lists, appending the states to into.
func (t *table) noted(into []*state) []*state {
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

// size is the number of states held.
func (t *table) size() (n int) {
	for i := range t.shards {
		t.shards[i].mu.RLock()
		n += len(t.shards[i].states)
		t.shards[i].mu.RUnlock()
	}
	return n
}
