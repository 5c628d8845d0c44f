package limits

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

// A ledger may be evicted when the database's count contains all of its units and
// no older count can be on its way here.
func TestLedgersThatMayBeEvicted(t *testing.T) {
	const now, folded = 100_000_000, 50
	slowest := slowestLoad.Microseconds()
	for name, c := range map[string]struct {
		q         ledger
		evictable bool
	}{
		"empty":                   {ledger{}, true},
		"pending units":           {ledger{pending: 1}, false},
		"units in flight":         {ledger{inFlight: 1}, false},
		"rows on their way":       {ledger{unsettled: 1}, false},
		"units of another period": {ledger{earlier: []Used{{N: 1}}}, false},
		"journaled":               {ledger{journaled: folded}, false},
		"journaled and folded":    {ledger{journaled: folded - 1}, true},
		"loaded just now":         {ledger{known: true, loaded: now}, false},
		"loaded in the meantime":  {ledger{known: true, loaded: now - slowest}, false},
		"loaded long ago":         {ledger{known: true, loaded: now - slowest - 1}, true},
		"never loaded":            {ledger{loaded: now}, true},
	} {
		if got := c.q.evictable(now, folded); got != c.evictable {
			t.Errorf("%s: evictable %t", name, got)
		}
	}
	if q := (ledger{}); !q.evictable(now, 0) {
		t.Error("what was never journaled waits for nothing")
	}
}

// inOneShard returns ids whose states are in the same shard.
func inOneShard(n int) []uuid.UUID {
	out := make([]uuid.UUID, n)
	for i := range out {
		out[i] = uuid.New()
		out[i][len(out[i])-1] = 7
	}
	return out
}

func addIdle(all *table, ids ...uuid.UUID) (added []*state) {
	for _, id := range ids {
		s := all.lock(id, 0, false)
		s.mu.Unlock()
		added = append(added, s)
	}
	return added
}

func TestFullShardEvictsWhatIsIdle(t *testing.T) {
	var all table
	all.init(shards)
	ids := inOneShard(2)
	first := addIdle(&all, ids...)[0]
	if !first.evicted || all.has(ids[0]) || !all.has(ids[1]) || all.size() != 1 {
		t.Errorf("of two states %d are left, the first evicted: %t", all.size(), first.evicted)
	}
	addIdle(&all, ids[0])
	if all.size() != 1 || !all.has(ids[0]) {
		t.Errorf("%d states are left", all.size())
	}
}

// A shard that had to grow shrinks by as many states as an eviction examines.
func TestGrownShardShrinks(t *testing.T) {
	var all table
	all.init(shards * 20)
	ids := inOneShard(21)
	addIdle(&all, ids[:20]...)
	all.shard(ids[0]).max = 1
	addIdle(&all, ids[20])
	if got := all.size(); got != 20-sample+1 {
		t.Errorf("%d states are left", got)
	}
}

func TestRoomIsDividedAmongShards(t *testing.T) {
	for max, each := range map[int]int{1: 1, shards: 1, shards + 1: 2, 10 * shards: 10} {
		var all table
		all.init(max)
		if got := all.shards[0].max; got != each {
			t.Errorf("of %d states a shard keeps %d", max, got)
		}
	}
}

// A bucket that is not empty is kept beyond the bound.
func TestBucketsInUseAreNotEvicted(t *testing.T) {
	var all table
	all.init(shards)
	ids := inOneShard(3)
	r := Rate{Limit: 1, Per: time.Hour, Burst: 5}
	s := all.lock(ids[0], 0, false)
	s.advance(r, 0)
	s.debt = Debt(r.Unit())
	s.mu.Unlock()
	addIdle(&all, ids[1:]...)
	if !all.has(ids[0]) || all.size() != 2 {
		t.Errorf("%d states are left, the one in use: %t", all.size(), all.has(ids[0]))
	}
}
