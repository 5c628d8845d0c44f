package server

import (
	"context"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// gcPercent lets a small heap grow to five times the live bytes before it is
	// collected: a third less CPU for a request.
	gcPercent = 400
	// gcSpare is how much a large heap may grow, whatever is live: a million
	// keys in memory must not cost the memory of five million.
	gcSpare = 320 << 20
	// gcLeast is the smallest growth in percent, which bounds how often the
	// collector runs.
	gcLeast = 40
	// gcInterval is how often the heap is checked.
	gcInterval = 2 * time.Second
	// After a burst, when less than gcIdle is allocated between two checks and
	// the program has gcHeld more from the system than is live, memory is
	// returned to the system: the collector by itself would do so after two
	// minutes.
	gcIdle, gcHeld = 16 << 20, 128 << 20
)

// limitFor returns the memory above which the heap is collected continuously: a
// burst between two checks must not let it grow to five times its size.
func limitFor(live uint64) int64 { return int64(min(live, math.MaxInt64/2)) + 2*gcSpare } //nolint:gosec // it is bounded

// tuneGarbage adjusts the garbage collector until ctx ends. It does nothing if
// GOGC or GOMEMLIMIT is set.
func tuneGarbage(ctx context.Context) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	ticker := time.NewTicker(gcInterval)
	defer ticker.Stop()
	present, before := 0, readHeap()
	for {
		now := readHeap()
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

// heap are the sizes of the heap at one time.
type heap struct {
	// In bytes: live is what the last collection found live, held what the
	// program has from the system, allocated the sum since the start.
	live, held, allocated uint64
}

func readHeap() heap {
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

// idleSince reports whether much memory is kept that has hardly been used since
// before.
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
