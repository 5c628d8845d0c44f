package usage

import (
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// shards is a power of two.
	shards = 64
	// mostRows bounds the rows that wait in a Counter (about 100 MB) while the
	// database is away: 500,000 keys for a minute. Beyond it calls are still
	// counted, but only by organization and code.
	mostRows = 1 << 19
	// keptRows is up to which size an emptied map is used again.
	keptRows = 4096
)

// cell is a row that is being counted: a call and the minute, since 1970.
type cell struct {
	Call
	minute int64
}

// Counter counts calls in memory until a Flusher fetches them. It is safe for
// concurrent use.
type Counter struct {
	shards [shards]shard
	most   int // rows a shard may hold
}

// shard is a part of a Counter with a lock of its own.
type shard struct {
	mu    sync.Mutex
	rows  map[cell]int64
	spare map[cell]int64 // emptied, for the next time
	// seen are the minutes in which keys were used that are not yet fetched,
	// told those of the latest minute that are.
	seen, told map[uuid.UUID]int64
	_          [64]byte // keeps the neighbour's lock off this cache line
}

// NewCounter gives an empty Counter.
func NewCounter() *Counter { return newCounter(mostRows) }

func newCounter(most int) *Counter {
	c := &Counter{most: max(1, most/shards)}
	for i := range c.shards {
		s := &c.shards[i]
		s.rows, s.seen, s.told = map[cell]int64{}, map[uuid.UUID]int64{}, map[uuid.UUID]int64{}
	}
	return c
}

// Add counts n calls at a time. It copies what it needs of call.
func (c *Counter) Add(call *Call, at time.Time, n int64) {
	k := cell{Call: *call, minute: minuteOf(at)}
	s := &c.shards[(call.Credential[15]^call.App[15]^call.Endpoint[14]^call.Organization[15]^byte(len(call.Code)))%shards]
	s.mu.Lock()
	if len(s.rows) >= c.most {
		k = s.bounded(k)
	}
	s.rows[k] += n
	s.mu.Unlock()
}

// bounded gives the cell to count in when there are too many: the call's own if
// it exists, else the organization's for its code.
func (s *shard) bounded(k cell) cell {
	if _, known := s.rows[k]; known {
		return k
	}
	return cell{Call: Call{Organization: k.Organization, Code: k.Code}, minute: k.minute}
}

// Saw notes that a key was used.
func (c *Counter) Saw(credential uuid.UUID, at time.Time) {
	minute := minuteOf(at)
	s := &c.shards[credential[15]%shards]
	s.mu.Lock()
	if s.told[credential] < minute && s.seen[credential] < minute {
		s.seen[credential] = minute
	}
	s.mu.Unlock()
}

// drain fetches all counts, which are zero from then on.
func (c *Counter) drain() []counted {
	var out []counted
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		rows := s.rows
		if len(rows) == 0 {
			s.mu.Unlock()
			continue
		}
		if s.rows = s.spare; s.rows == nil {
			s.rows = map[cell]int64{}
		}
		s.spare = nil
		s.mu.Unlock()
		out = appendCounted(out, rows)
		if len(rows) <= keptRows {
			clear(rows)
			s.mu.Lock()
			s.spare = rows
			s.mu.Unlock()
		}
	}
	return out
}

// appendCounted names the rows.
func appendCounted(out []counted, rows map[cell]int64) []counted {
	out = slices.Grow(out, len(rows))
	for k, n := range rows {
		at := time.Unix(k.minute*60, 0).UTC()
		out = append(out, counted{id: k.id(at), at: at, Call: k.Call, calls: n})
	}
	return out
}

// drainSeen fetches when keys were last used. What was fetched is not given
// again for the same minute.
func (c *Counter) drainSeen() map[uuid.UUID]int64 {
	out := map[uuid.UUID]int64{}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		for id, minute := range s.seen {
			out[id] = minute
		}
		s.turn()
		s.mu.Unlock()
	}
	return out
}

// turn moves what was seen to what was told, and forgets older minutes.
func (s *shard) turn() {
	latest := int64(0)
	for _, minute := range s.seen {
		latest = max(latest, minute)
	}
	for id, minute := range s.told {
		if minute < latest {
			delete(s.told, id)
		}
	}
	for id, minute := range s.seen {
		s.told[id] = minute
	}
	clear(s.seen)
}

// minuteOf counts minutes since 1970.
func minuteOf(at time.Time) int64 { return at.Unix() / 60 }
