package intake

import (
	"slices"
	"sync"
	"time"

	"portico/internal/usage"
	"portico/internal/usage/counts"
)

const (
	// shards is a power of two.
	shards = 64
	// maxRows is the maximum number of rows in a Counter (about 100 MB) while the
	// database is unavailable: 500,000 credentials for a minute. Beyond it, calls are
	// still counted, but only by organization and code.
	maxRows = 1 << 19
	// maxReusedRows is the size up to which an emptied map is used again.
	maxReusedRows = 4096
)

// minuteCall identifies a row of usage_minutes: a call, and the minute since 1970.
type minuteCall struct {
	usage.Call
	minute int64
}

// Counter counts calls in memory until a Flusher stores them. It is safe for
// concurrent use.
type Counter struct {
	shards  [shards]shard
	maxRows int // in each shard
}

// shard is a part of a Counter with a lock of its own.
type shard struct {
	mu    sync.Mutex
	rows  map[minuteCall]int64
	spare map[minuteCall]int64 // empty, to be used next
	_     [64]byte             // keeps the next shard's lock off this cache line
}

// NewCounter returns an empty Counter.
func NewCounter() *Counter { return newCounter(maxRows) }

func newCounter(rows int) *Counter {
	c := &Counter{maxRows: max(1, rows/shards)}
	for i := range c.shards {
		c.shards[i].rows = map[minuteCall]int64{}
	}
	return c
}

// Add counts n calls at a time. It does not retain call.
func (c *Counter) Add(call *usage.Call, at time.Time, n int64) {
	k := minuteCall{Call: *call, minute: minuteOf(at)}
	s := &c.shards[(call.Credential[15]^call.App[15]^call.Endpoint[14]^call.Organization[15]^byte(len(call.Code)))%shards]
	s.mu.Lock()
	if len(s.rows) >= c.maxRows {
		k = s.coarsened(k)
	}
	s.rows[k] += n
	s.mu.Unlock()
}

// coarsened returns the row in which to count a call when the shard is full: its
// own if that exists, else the one of the organization and the code.
func (s *shard) coarsened(k minuteCall) minuteCall {
	if _, known := s.rows[k]; known {
		return k
	}
	return minuteCall{Call: usage.Call{Organization: k.Organization, Code: k.Code}, minute: k.minute}
}

// drain appends all counts to out and resets them to zero.
func (c *Counter) drain(out []counts.Row) []counts.Row {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		rows := s.rows
		if len(rows) == 0 {
			s.mu.Unlock()
			continue
		}
		if s.rows = s.spare; s.rows == nil {
			s.rows = map[minuteCall]int64{}
		}
		s.spare = nil
		s.mu.Unlock()
		out = appendRows(out, rows)
		if len(rows) <= maxReusedRows {
			clear(rows)
			s.mu.Lock()
			s.spare = rows
			s.mu.Unlock()
		}
	}
	return out
}

// appendRows appends rows without their ids, which take time to compute and are not
// always needed; see setIDs.
func appendRows(out []counts.Row, rows map[minuteCall]int64) []counts.Row {
	out = slices.Grow(out, len(rows))
	for k, n := range rows {
		at := time.Unix(k.minute*60, 0).UTC()
		out = append(out, counts.Row{At: at, Call: k.Call, Calls: n})
	}
	return out
}

// setIDs sets the ids of rows.
func setIDs(rows []counts.Row) {
	for i := range rows {
		rows[i].ID = rows[i].Call.ID(rows[i].At)
	}
}

// minuteOf returns the number of minutes since 1970.
func minuteOf(at time.Time) int64 { return at.Unix() / 60 }
