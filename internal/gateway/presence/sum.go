package presence

import (
	"database/sql"
	"time"
)

// present is how long ago the last request of an instance is if it runs: many times
// longer than an instance waits for changes.
const present = time.Minute

// sum adds up what nodes have seen of a gateway.
type sum struct {
	seen  time.Time
	head  int64
	calls map[string]int64
	// instances are by name, because one may ask several nodes in turn.
	instances map[string]instance
	// node is the position of the node that is furthest behind among those that have
	// answered the gateway.
	node sql.NullInt64
}

func newSum(used sql.NullTime, head int64) *sum {
	return &sum{seen: used.Time, head: head, calls: map[string]int64{}, instances: map[string]instance{}}
}

// add adds a node's row. position is the node's own, invalid if it has none.
func (s *sum) add(row *seen, position sql.NullInt64, now time.Time) {
	if at := time.Unix(row.At, 0).UTC(); at.After(s.seen) {
		s.seen = at
	}
	oldest := now.Add(-Memory).Unix()
	for _, f := range row.Instances {
		// A position beyond the log is that of another history: the instance starts over.
		if f.Seen > oldest && f.Position <= s.head && f.Seen > s.instances[f.Name].Seen {
			s.instances[f.Name] = f
		}
	}
	if row.Asked > oldest && position.Valid && (!s.node.Valid || position.Int64 < s.node.Int64) {
		s.node = position
	}
	for _, c := range row.Counts {
		if c.At > oldest-int64(interval.Seconds()) {
			for code, n := range c.Calls {
				s.calls[code] += n
			}
		}
	}
}

func (s *sum) state(now time.Time) State {
	out := State{Position: s.position(now), Calls: s.calls}
	if !s.seen.IsZero() {
		out.SeenAt = &s.seen
	}
	return out
}

// position returns the position of the instance that is furthest behind among those that
// are present or, if none is, of the one that was heard of last. A gateway without
// instances is where the nodes are that it asks.
func (s *sum) position(now time.Time) *int64 {
	var behind, last *instance
	for _, f := range s.instances {
		if f.Seen >= now.Add(-present).Unix() && (behind == nil || f.Position < behind.Position) {
			behind = &f
		}
		if last == nil || f.Seen > last.Seen {
			last = &f
		}
	}
	switch {
	case behind != nil:
		return &behind.Position
	case last != nil:
		return &last.Position
	case s.node.Valid:
		return &s.node.Int64
	}
	return nil
}
