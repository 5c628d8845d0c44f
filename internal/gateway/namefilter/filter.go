// Package namefilter knows approximately which names exist: every one that does, and few
// others. When there were too many failed reads it decides which names are still read,
// so that a flood of invented ones does not keep real ones out. It reads nothing
// itself.
package namefilter

import (
	"sync"
	"sync/atomic"
	"time"
)

// Filter has the names of one kind. The zero Filter is empty and has to be loaded. It is
// safe for concurrent use.
type Filter struct {
	mu        sync.Mutex
	loading   bool
	startedAt time.Duration // start of the last load
	started   bool          // startedAt is set

	// growing receives names while loading; ready answers.
	growing, ready atomic.Pointer[bloom]
}

// reloadInterval is the least time between the starts of two loads.
const reloadInterval = time.Second

// StartLoading reports whether the caller shall load the names: no load is under
// way, and none began within reloadInterval.
func (n *Filter) StartLoading(now time.Duration) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.loading || n.started && now-n.startedAt < reloadInterval {
		return false
	}
	n.loading, n.started, n.startedAt = true, true, now
	return true
}

// Load fills a new filter, which answers once it is complete.
func (n *Filter) Load(fill func(add func(key []byte)) error) error {
	f := newBloom()
	n.growing.Store(f)
	defer func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.loading = false
	}()
	if err := fill(f.add); err != nil {
		return err
	}
	n.ready.Store(f)
	return nil
}

// Add adds a name that appeared since, or during, a load.
func (n *Filter) Add(key []byte) {
	if f := n.growing.Load(); f != nil {
		f.add(key)
	}
}

// Loaded reports whether a load has ended well.
func (n *Filter) Loaded() bool { return n.ready.Load() != nil }

// MayContain reports whether the name may exist; false before the first load.
func (n *Filter) MayContain(key []byte) bool {
	f := n.ready.Load()
	return f != nil && f.mayContain(key)
}
