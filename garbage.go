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
)

// limitFor gives the memory above which the heap is collected again and again:
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
	alive := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	present := 0
	for {
		metrics.Read(alive)
		debug.SetMemoryLimit(limitFor(alive[0].Value.Uint64()))
		if next := percentFor(alive[0].Value.Uint64()); next != present {
			debug.SetGCPercent(next)
			present = next
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// percentFor gives the growth, in percent of the live bytes, after which the
// heap is collected; in steps of ten, so that it seldom changes.
func percentFor(live uint64) int {
	if live == 0 {
		return gcPercent
	}
	percent := int(min(gcPercent, gcSpare*100/live))
	return max(gcLeast, percent/10*10)
}
