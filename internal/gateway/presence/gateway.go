// Package presence knows what each gateway has done within the last hour: when it was
// last heard of, how far it has applied the event log, and which verdicts its calls got.
//
// A node counts in memory (Tracker), and stores one row for each gateway and node
// (Store); a gateway is known by its token. Read adds up what all nodes have stored.
// Whether a token is valid and what a verdict follows from is up to package gateway.
package presence

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/verdict"
	"portico/internal/clock"
)

const (
	// Memory is how long ago the oldest is that is known of a gateway.
	Memory = time.Hour
	// interval is how long verdicts are counted together.
	interval = 5 * time.Minute
	// maxInstances bounds the instances of a gateway that are remembered.
	maxInstances = 64
	// MaxInstanceName is the most bytes that the name of an instance may have.
	MaxInstanceName = 64
)

// Gateway is what one node has seen of a gateway. It is safe for concurrent use. Seen
// and Count neither lock nor allocate. A nil Gateway remembers nothing.
type Gateway struct {
	organization, token uuid.UUID
	clock               clock.Clock

	// seen is the second, since 1970, of the last request.
	seen atomic.Int64
	// fresh are the verdicts that are not in counts yet.
	fresh [verdict.Valid + 1]atomic.Int64

	mu sync.Mutex
	// asked is the second in which fresh was last found to have something.
	asked     int64
	instances []instance
	counts    []count
	// changes counts the changes of what is stored, moves those of positions; stored
	// and storedMoves are the changes and moves that are in the database.
	changes, moves, stored, storedMoves uint64
	lastSeen                            int64 // seen as of the last look
}

// instance is a process that follows the feed: the position that it has applied, and the
// second of its last request.
type instance struct {
	Name     string `json:"name,omitempty"`
	Position int64  `json:"position"`
	Seen     int64  `json:"seen"`
}

// count is how many calls got which verdict in the interval that begins at a second.
type count struct {
	At    int64            `json:"at"`
	Calls map[string]int64 `json:"calls"`
}

// Seen records a request.
func (g *Gateway) Seen(now time.Time) {
	if g == nil {
		return
	}
	if second := now.Unix(); g.seen.Load() != second { // avoid the store, so that the cache line stays shared
		g.seen.Store(second)
	}
}

// Count counts a verdict that the node has made.
func (g *Gateway) Count(c verdict.Code) {
	if g != nil {
		g.fresh[c].Add(1)
	}
}

// Follows records that an instance has applied the log up to a position. The name
// distinguishes the instances that share a token; those without one count as one.
func (g *Gateway) Follows(name string, position int64) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock.Now().Unix()
	i := slices.IndexFunc(g.instances, func(i instance) bool { return i.Name == name })
	if i < 0 {
		if len(g.instances) == maxInstances {
			oldest := slices.MinFunc(g.instances, func(a, b instance) int { return cmp.Compare(a.Seen, b.Seen) })
			g.instances = slices.DeleteFunc(g.instances, func(i instance) bool { return i.Name == oldest.Name })
		}
		i, g.instances = len(g.instances), append(g.instances, instance{Name: name, Position: -1})
	}
	f := &g.instances[i]
	if f.Position != position {
		g.moves++
	}
	f.Position, f.Seen = position, now
	g.changes++
}

// Reported counts calls on which the gateway has decided itself, and which it has
// reported. Calls of more than Memory ago are left out.
func (g *Gateway) Reported(code string, at time.Time, calls int64) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := g.clock.Now(); at.After(now) { // its clock is ahead
		at = now
	}
	g.add(code, at, calls)
}

// add counts calls under the lock.
func (g *Gateway) add(code string, at time.Time, calls int64) {
	if at.Before(g.clock.Now().Add(-Memory)) {
		return
	}
	start := at.Truncate(interval).Unix()
	i := slices.IndexFunc(g.counts, func(c count) bool { return c.At == start })
	if i < 0 {
		i, g.counts = len(g.counts), append(g.counts, count{start, map[string]int64{}})
	}
	g.counts[i].Calls[code] += calls
	g.changes++
}

// collect counts the fresh verdicts, and forgets what is older than Memory or, after the
// clock was set back, in the future.
func (g *Gateway) collect(now time.Time) {
	for code := range g.fresh {
		if n := g.fresh[code].Load(); n > 0 {
			g.fresh[code].Add(-n)
			g.asked = now.Unix()
			g.add(verdict.Code(code).String(), now, n)
		}
	}
	oldest := now.Add(-Memory).Unix()
	g.counts = slices.DeleteFunc(g.counts, func(c count) bool { return c.At <= oldest-int64(interval.Seconds()) || c.At > now.Unix() })
	g.instances = slices.DeleteFunc(g.instances, func(i instance) bool { return i.Seen <= oldest || i.Seen > now.Add(interval).Unix() })
}
