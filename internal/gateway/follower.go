package gateway

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/internal/fault"
	"portico/internal/gateway/namefilter"
)

// follower follows the event log of one organization and keeps its key cache up to
// date.
type follower struct {
	id    uuid.UUID
	cache *keycache.Cache
	// ready is closed when the cache may be used, or when loading it failed and failed
	// is set.
	ready  chan struct{}
	failed error
	// applying is a semaphore: the goroutine that has sent to it applies the log.
	applying chan struct{}
	// confirmedAt is when, on the monotonic clock, the cache was last known to be up to
	// date: the start of a read of the log that left nothing unapplied.
	confirmedAt atomic.Int64
	usernames   namefilter.Filter // of its credentials
	// preloaded is set when all credentials are loaded. Only the preload reads and
	// writes it.
	preloaded bool

	mu sync.Mutex
	// invalidations counts the calls of invalidate. A read of the log that began before
	// one does not confirm the cache.
	invalidations uint64
	// updated is closed, and replaced, when something was applied.
	updated chan struct{}
}

// neverConfirmed is a confirmedAt that is too long ago by any measure.
const neverConfirmed = math.MinInt64 / 2

func newFollower(id uuid.UUID, b *keycache.Budget) *follower {
	f := &follower{
		id: id, cache: keycache.NewWithBudget(b), ready: make(chan struct{}),
		applying: make(chan struct{}, 1), updated: make(chan struct{}),
	}
	f.confirmedAt.Store(neverConfirmed)
	return f
}

// invalidationCount returns the number to pass to confirm.
func (f *follower) invalidationCount() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.invalidations
}

// confirm records that the cache was up to date at a moment, unless it was invalidated
// since invalidationCount returned seen.
func (f *follower) confirm(at time.Duration, seen uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.invalidations == seen && int64(at) > f.confirmedAt.Load() {
		f.confirmedAt.Store(int64(at))
	}
}

// invalidate makes verdicts UNAVAILABLE until the log is read anew.
func (f *follower) invalidate() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.invalidations++
	f.confirmedAt.Store(neverConfirmed)
}

// fresh reports whether the cache may be used for verdicts.
func (g *Verifier) fresh(f *follower) bool {
	return int64(g.o.Mono())-f.confirmedAt.Load() <= int64(g.maxStaleness)
}

// notifyUpdated wakes the goroutines that wait on nextUpdate.
func (f *follower) notifyUpdated() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.updated)
	f.updated = make(chan struct{})
}

func (f *follower) nextUpdate() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.updated
}

// lookUpFollower returns the organization's follower, which may not be ready, or nil.
func (g *Verifier) lookUpFollower(organization uuid.UUID) *follower {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.followers[organization]
}

// follower returns an organization's follower when it is ready. The first call begins
// to follow the organization.
func (g *Verifier) follower(ctx context.Context, organization uuid.UUID) (*follower, error) {
	f := g.lookUpFollower(organization)
	if f == nil {
		f = g.addFollower(ctx, organization)
	}
	select {
	case <-f.ready:
		return f, f.failed
	default:
	}
	select {
	case <-f.ready:
		return f, f.failed
	case <-ctx.Done():
		return nil, fault.Wrap(fault.CodeUnavailable, fault.ReasonDatabase, ctx.Err(), "The organization's keys are not loaded yet.")
	}
}

// addFollower adds the follower before anything is read: from now on Sync waits for
// what must not be missed.
func (g *Verifier) addFollower(ctx context.Context, organization uuid.UUID) *follower {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f := g.followers[organization]; f != nil {
		return f
	}
	f := newFollower(organization, g.budget)
	g.followers[organization] = f
	go func() {
		// Other calls wait for it too: it must not end with the first one's request.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryTimeout)
		defer cancel()
		if f.failed = g.loadFollower(ctx, f); f.failed != nil {
			g.dropFollower(f)
		}
		close(f.ready)
	}()
	return f
}

// loadFollower reads the log's position first, and then the catalogue: later changes
// arrive by the log.
func (g *Verifier) loadFollower(ctx context.Context, f *follower) error {
	seen, began := f.invalidationCount(), g.o.Mono()
	head, err := g.source.Head(ctx, f.id)
	if err != nil {
		return err
	}
	catalogue, err := g.source.Catalogue(ctx, f.id)
	if err != nil {
		return err
	}
	f.cache.Apply(&keycache.Change{Position: head, Catalogue: catalogue})
	// The node must be visible to Enforcements, which lists the nodes that have yet to
	// apply a change.
	if err := g.writeCursors(ctx, []cursor{{f.id, head}}); err != nil {
		return err
	}
	f.confirm(began, seen)
	return nil
}

// dropFollower removes a follower. The next call for the organization adds a new one.
func (g *Verifier) dropFollower(f *follower) {
	f.invalidate()
	g.mu.Lock()
	if g.followers[f.id] == f {
		delete(g.followers, f.id)
		f.cache.Close()
	}
	g.mu.Unlock()
	g.callers.dropAll(f.id)
	f.notifyUpdated()
}

// readyFollowers returns the followers that are ready.
func (g *Verifier) readyFollowers() []*follower {
	g.mu.RLock()
	defer g.mu.RUnlock()
	out := make([]*follower, 0, len(g.followers))
	for _, f := range g.followers {
		select {
		case <-f.ready:
			out = append(out, f)
		default:
		}
	}
	return out
}
