package usage

import (
	"slices"
	"sync"
	"time"
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
	_     [64]byte       // keeps the neighbour's lock off this cache line
}

// NewCounter returns an empty Counter.
func NewCounter() *Counter { return newCounter(mostRows) }

func newCounter(most int) *Counter {
	c := &Counter{most: max(1, most/shards)}
	for i := range c.shards {
		c.shards[i].rows = map[cell]int64{}
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

// bounded returns the cell to count in when there are too many: the call's own if
// it exists, else the organization's for its code.
func (s *shard) bounded(k cell) cell {
	if _, known := s.rows[k]; known {
		return k
	}
	return cell{Call: Call{Organization: k.Organization, Code: k.Code}, minute: k.minute}
}

// drain fetches all counts, which are zero from then on, and appends them to out.
func (c *Counter) drain(out []counted) []counted {
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

// appendCounted makes rows, without their ids: those take time, and are not
// always wanted.
func appendCounted(out []counted, rows map[cell]int64) []counted {
	out = slices.Grow(out, len(rows))
	for k, n := range rows {
		at := time.Unix(k.minute*60, 0).UTC()
		out = append(out, counted{at: at, Call: k.Call, calls: n})
	}
	return out
}

// minuteOf counts minutes since 1970.
func minuteOf(at time.Time) int64 { return at.Unix() / 60 }
