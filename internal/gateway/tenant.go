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
)

// tenant is an organization that this node follows.
type tenant struct {
	id    uuid.UUID
	store *keycache.Cache
	// ready is closed when the cache may be used, or when loading it failed and failed
	// is set.
	ready  chan struct{}
	failed error
	// applying is a semaphore: the goroutine that has sent to it applies the log.
	applying chan struct{}
	// contact is the start, on the monotonic clock, of the last read of the log that
	// left nothing unapplied.
	contact   atomic.Int64
	usernames nameFilter // of its credentials
	// preloaded is set when all credentials are loaded. Only the preload reads and
	// writes it.
	preloaded bool

	mu sync.Mutex
	// staleCount counts how often the cache was declared stale. A read of the log that
	// began before does not confirm it.
	staleCount uint64
	// updated is closed, and replaced, when something was applied.
	updated chan struct{}
}

// neverRead is a contact that is too long ago by any measure.
const neverRead = math.MinInt64 / 2

func newTenant(id uuid.UUID, b *keycache.Budget) *tenant {
	t := &tenant{
		id: id, store: keycache.NewWithBudget(b), ready: make(chan struct{}),
		applying: make(chan struct{}, 1), updated: make(chan struct{}),
	}
	t.contact.Store(neverRead)
	return t
}

// staleMark returns the number to pass to confirm.
func (t *tenant) staleMark() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.staleCount
}

// confirm records that the cache is true as of a moment, unless it was declared
// stale since staleMark returned staleCount.
func (t *tenant) confirm(at time.Duration, mark uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.staleCount == mark && int64(at) > t.contact.Load() {
		t.contact.Store(int64(at))
	}
}

// markStale declares the cache stale until the log is read anew.
func (t *tenant) markStale() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.staleCount++
	t.contact.Store(neverRead)
}

// fresh reports whether the cache may be used for verdicts.
func (g *Verifier) fresh(t *tenant) bool {
	return int64(g.o.Mono())-t.contact.Load() <= int64(g.maxStaleness())
}

// notifyUpdated wakes the goroutines that wait on nextUpdate.
func (t *tenant) notifyUpdated() {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.updated)
	t.updated = make(chan struct{})
}

func (t *tenant) nextUpdate() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.updated
}

// lookUpTenant returns the organization's tenant, which may not be ready, or nil.
func (g *Verifier) lookUpTenant(organization uuid.UUID) *tenant {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.tenants[organization]
}

// tenant returns an organization's tenant when it is ready. The first call begins
// to follow the organization.
func (g *Verifier) tenant(ctx context.Context, organization uuid.UUID) (*tenant, error) {
	t := g.lookUpTenant(organization)
	if t == nil {
		t = g.addTenant(ctx, organization)
	}
	select {
	case <-t.ready:
		return t, t.failed
	default:
	}
	select {
	case <-t.ready:
		return t, t.failed
	case <-ctx.Done():
		return nil, fault.Wrap(fault.CodeUnavailable, fault.ReasonDatabase, ctx.Err(), "The organization's keys are not loaded yet.")
	}
}

// addTenant adds the tenant before anything is read: from now on Sync waits for
// what must not be missed.
func (g *Verifier) addTenant(ctx context.Context, organization uuid.UUID) *tenant {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := g.tenants[organization]; t != nil {
		return t
	}
	t := newTenant(organization, g.budget)
	g.tenants[organization] = t
	go func() {
		// Other calls wait for it too: it must not end with the first one's request.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryTimeout)
		defer cancel()
		if t.failed = g.loadTenant(ctx, t); t.failed != nil {
			g.dropTenant(t)
		}
		close(t.ready)
	}()
	return t
}

// loadTenant reads the log's position first, and then the catalogue: later changes
// arrive by the log.
func (g *Verifier) loadTenant(ctx context.Context, t *tenant) error {
	mark, began := t.staleMark(), g.o.Mono()
	head, err := g.rows.head(ctx, t.id)
	if err != nil {
		return err
	}
	catalogue, err := g.rows.catalogue(ctx, t.id)
	if err != nil {
		return err
	}
	t.store.Apply(&keycache.Change{Position: head, Catalogue: catalogue})
	// The node must be visible to Enforcements, which lists the nodes that have yet to
	// apply a change.
	if err := g.writeCursors(ctx, []cursor{{t.id, head}}); err != nil {
		return err
	}
	t.confirm(began, mark)
	return nil
}

// dropTenant removes a tenant. The next call for the organization loads it anew.
func (g *Verifier) dropTenant(t *tenant) {
	t.markStale()
	g.mu.Lock()
	if g.tenants[t.id] == t {
		delete(g.tenants, t.id)
		t.store.Close()
	}
	g.mu.Unlock()
	g.callers.dropAll(t.id)
	t.notifyUpdated()
}

// followed returns the tenants that are ready.
func (g *Verifier) followed() []*tenant {
	g.mu.RLock()
	defer g.mu.RUnlock()
	out := make([]*tenant, 0, len(g.tenants))
	for _, t := range g.tenants {
		select {
		case <-t.ready:
			out = append(out, t)
		default:
		}
	}
	return out
}
