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
func (v *Verifier) fresh(f *follower) bool {
	return int64(v.o.Mono())-f.confirmedAt.Load() <= int64(v.maxStaleness)
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
func (v *Verifier) lookUpFollower(organization uuid.UUID) *follower {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.followers[organization]
}

// follower returns an organization's follower when it is ready. The first call begins
// to follow the organization.
func (v *Verifier) follower(ctx context.Context, organization uuid.UUID) (*follower, error) {
	f := v.lookUpFollower(organization)
	if f == nil {
		f = v.addFollower(ctx, organization)
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
func (v *Verifier) addFollower(ctx context.Context, organization uuid.UUID) *follower {
	v.mu.Lock()
	defer v.mu.Unlock()
	if f := v.followers[organization]; f != nil {
		return f
	}
	f := newFollower(organization, v.budget)
	v.followers[organization] = f
	go func() {
		// Other calls wait for it too: it must not end with the first one's request.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryTimeout)
		defer cancel()
		if f.failed = v.loadFollower(ctx, f); f.failed != nil {
			v.dropFollower(f)
		}
		close(f.ready)
	}()
	return f
}

// loadFollower reads the log's position first, and then the catalogue: later changes
// arrive by the log.
func (v *Verifier) loadFollower(ctx context.Context, f *follower) error {
	seen, began := f.invalidationCount(), v.o.Mono()
	head, err := v.source.Head(ctx, f.id)
	if err != nil {
		return err
	}
	catalogue, err := v.source.Catalogue(ctx, f.id)
	if err != nil {
		return err
	}
	f.cache.Apply(&keycache.Change{Position: head, Catalogue: catalogue})
	// The node must be visible to Enforcements, which lists the nodes that have yet to
	// apply a change.
	if err := v.writeCursors(ctx, []cursor{{f.id, head}}); err != nil {
		return err
	}
	f.confirm(began, seen)
	return nil
}

// dropFollower removes a follower. The next call for the organization adds a new one.
func (v *Verifier) dropFollower(f *follower) {
	f.invalidate()
	v.mu.Lock()
	if v.followers[f.id] == f {
		delete(v.followers, f.id)
		f.cache.Close()
	}
	v.mu.Unlock()
	v.callers.dropAll(f.id)
	f.notifyUpdated()
}

// readyFollowers returns the followers that are ready.
func (v *Verifier) readyFollowers() []*follower {
	v.mu.RLock()
	defer v.mu.RUnlock()
	out := make([]*follower, 0, len(v.followers))
	for _, f := range v.followers {
		select {
		case <-f.ready:
			out = append(out, f)
		default:
		}
	}
	return out
}
