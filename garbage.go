package main

import (
	"context"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// gcPercent lets a small heap grow to five times what is alive before it
	// is collected: a third less CPU for a request.
	gcPercent = 400
	// gcSpare is what a large heap may grow by, however much is alive: a million
	// keys in memory must not cost the memory of five.
	gcSpare = 320 << 20
	// gcLeast bounds how often the collector runs.
	gcLeast = 40
	// gcInterval is how often the heap is looked at.
	gcInterval = 2 * time.Second
	// gcIdle is how little is allocated between two looks after a burst, and
	// gcHeld how much more than what is alive is given back to the system then:
	// the collector by itself would come after two minutes.
	gcIdle, gcHeld = 16 << 20, 128 << 20
)

// limitFor returns the memory above which the heap is collected again and again:
// what comes at once, between two looks, must not grow to five times its size.
func limitFor(live uint64) int64 { return int64(min(live, math.MaxInt64/2)) + 2*gcSpare } //nolint:gosec // it is bounded

// tuneGarbage chooses when memory is collected until ctx ends. It leaves the
// choice to whoever has set GOGC or GOMEMLIMIT.
func tuneGarbage(ctx context.Context) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	ticker := time.NewTicker(gcInterval)
	defer ticker.Stop()
	present, before := 0, lookAtHeap()
	for {
		now := lookAtHeap()
		debug.SetMemoryLimit(limitFor(now.live))
		if next := percentFor(now.live); next != present {
			debug.SetGCPercent(next)
			present = next
		}
		if now.idleSince(before) {
			debug.FreeOSMemory()
		}
		before = now
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// heap is how the heap looks at one time.
type heap struct {
	// live is what the last collection found alive, held what is taken from
	// the system, allocated the sum since the start.
	live, held, allocated uint64
}

func lookAtHeap() heap {
	s := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(s)
	return heap{
		live: s[0].Value.Uint64(), allocated: s[1].Value.Uint64(),
		held: s[2].Value.Uint64() + s[3].Value.Uint64() + s[4].Value.Uint64(),
	}
}

// idleSince reports whether much is held that hardly anybody has used since.
func (h heap) idleSince(before heap) bool {
	return h.allocated-before.allocated <= gcIdle && h.held > h.live+gcHeld
}

// percentFor returns the growth, in percent of the live bytes, after which the
// heap is collected; in steps of ten, so that it seldom changes.
func percentFor(live uint64) int {
	if live == 0 {
		return gcPercent
	}
	percent := int(min(gcPercent, gcSpare*100/live))
	return max(gcLeast, percent/10*10)
}
