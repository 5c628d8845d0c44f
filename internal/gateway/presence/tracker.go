package presence

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"portico/internal/clock"
)

// Tracker is what one node has seen of all gateways. It is safe for concurrent use.
type Tracker struct {
	clock clock.Clock

	mu       sync.Mutex
	gateways map[uuid.UUID]*Gateway // by token
}

// NewTracker returns a Tracker that knows no gateway.
func NewTracker(c clock.Clock) *Tracker {
	return &Tracker{clock: c, gateways: map[uuid.UUID]*Gateway{}}
}

// Gateway returns what is known of the gateway with a token, from now on if nothing is.
func (t *Tracker) Gateway(organization, token uuid.UUID) *Gateway {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.gateways[token]
	if g == nil {
		g = &Gateway{organization: organization, token: token, clock: t.clock}
		t.gateways[token] = g
	}
	return g
}

// Forget forgets the gateways that were last seen before a time, except for those that
// are in use.
func (t *Tracker) Forget(before time.Time, inUse func(token uuid.UUID) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.gateways, func(token uuid.UUID, g *Gateway) bool {
		return g.seen.Load() < before.Unix() && !inUse(token)
	})
}

// LastSeen returns the seconds, since 1970, at which gateways were last seen, by token.
func (t *Tracker) LastSeen() map[uuid.UUID]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[uuid.UUID]int64, len(t.gateways))
	for token, g := range t.gateways {
		out[token] = g.seen.Load()
	}
	return out
}

// all returns the gateways.
func (t *Tracker) all() []*Gateway {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Values(t.gateways))
}

// seen is what a row stores: times are seconds since 1970.
type seen struct {
	At        int64      `json:"at"`
	Asked     int64      `json:"asked,omitempty"`
	Instances []instance `json:"instances,omitempty"`
	Counts    []count    `json:"counts,omitempty"`
}

// change is a gateway whose row is to be stored.
type change struct {
	gateway *Gateway
	text    json.RawMessage
	// changes and moves are those that text contains.
	changes, moves uint64
}

// changed returns the gateways that have changed since they were stored or, if only
// moves matter, whose instances have moved.
func (t *Tracker) changed(movesOnly bool) (out []change, err error) {
	now := t.clock.Now()
	for _, g := range t.all() {
		c, due, err := g.pending(now, movesOnly)
		if err != nil {
			return nil, err
		}
		if due {
			out = append(out, c)
		}
	}
	return out, nil
}

// pending returns what is to be stored of a gateway; due is false if nothing is.
func (g *Gateway) pending(now time.Time, movesOnly bool) (c change, due bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if movesOnly && g.moves == g.storedMoves {
		return c, false, nil
	}
	g.collect(now)
	at := g.seen.Load()
	if at != g.lastSeen {
		g.lastSeen = at
		g.changes++
	}
	if g.changes == g.stored {
		return c, false, nil
	}
	text, err := json.Marshal(seen{at, g.asked, g.instances, g.counts})
	return change{g, text, g.changes, g.moves}, true, err
}

// done records that a change was stored.
func (c change) done() {
	c.gateway.mu.Lock()
	defer c.gateway.mu.Unlock()
	c.gateway.stored, c.gateway.storedMoves = c.changes, c.moves
}
