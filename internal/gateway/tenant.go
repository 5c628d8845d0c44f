package gateway

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/keycache"
)

// tenant is an organization that this node follows.
type tenant struct {
	id    uuid.UUID
	store *keycache.Cache
	// ready is closed when the copy may be asked, or when there will be none,
	// which failed tells.
	ready  chan struct{}
	failed error
	// applying holds a token: whoever has it brings the copy up to the log.
	applying chan struct{}
	// contact is when, on the monotonic clock, the last read of the log began
	// that left nothing unapplied.
	contact atomic.Int64
	names   names // of its keys: the usernames
	// whole: all its keys were loaded. The preload's alone to read and write.
	whole bool

	mu sync.Mutex
	// doubts counts the times that the copy was declared stale: a read of the
	// log that began before does not clear it.
	doubts uint64
	// moved is closed, and replaced, when something was applied.
	moved chan struct{}
}

// never is a contact that is too long ago by any measure.
const never = math.MinInt64 / 2

func newTenant(id uuid.UUID, b *keycache.Budget) *tenant {
	t := &tenant{
		id: id, store: keycache.NewWithBudget(b), ready: make(chan struct{}),
		applying: make(chan struct{}, 1), moved: make(chan struct{}),
	}
	t.contact.Store(never)
	return t
}

// doubted returns the number to confirm with.
func (t *tenant) doubted() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.doubts
}

// confirm notes that the copy is true as of a moment, unless it was declared
// stale since doubted gave its number.
func (t *tenant) confirm(at time.Duration, doubts uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.doubts == doubts && int64(at) > t.contact.Load() {
		t.contact.Store(int64(at))
	}
}

// distrust declares the copy stale until the log is read anew.
func (t *tenant) distrust() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.doubts++
	t.contact.Store(never)
}

// fresh reports whether the copy may be believed.
func (g *Verifier) fresh(t *tenant) bool {
	return int64(g.o.Mono())-t.contact.Load() <= int64(g.silence())
}

// announce wakes those who wait for something new.
func (t *tenant) announce() {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.moved)
	t.moved = make(chan struct{})
}

func (t *tenant) news() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.moved
}

// known returns the organization's tenant, which may not be ready, or nil.
func (g *Verifier) known(organization uuid.UUID) *tenant {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.tenants[organization]
}

// tenant returns an organization's tenant, ready to be asked. The first call
// begins to follow the organization.
func (g *Verifier) tenant(ctx context.Context, organization uuid.UUID) (*tenant, error) {
	t := g.known(organization)
	if t == nil {
		t = g.begin(ctx, organization)
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

// begin registers the tenant before anything is read: from now on Sync waits
// for what it must not miss.
func (g *Verifier) begin(ctx context.Context, organization uuid.UUID) *tenant {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := g.tenants[organization]; t != nil {
		return t
	}
	t := newTenant(organization, g.budget)
	g.tenants[organization] = t
	go func() {
		// Others wait for it too: it must not end with the first one's request.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		if t.failed = g.start(ctx, t); t.failed != nil {
			g.forget(t)
		}
		close(t.ready)
	}()
	return t
}

// start reads where the log is, and then what all keys have in common: what
// changes from then on, the log will tell.
func (g *Verifier) start(ctx context.Context, t *tenant) error {
	doubts, began := t.doubted(), g.o.Mono()
	head, err := g.rows.head(ctx, t.id)
	if err != nil {
		return err
	}
	catalogue, err := g.rows.catalogue(ctx, t.id)
	if err != nil {
		return err
	}
	t.store.Apply(&keycache.Change{Position: head, Catalogue: catalogue})
	// Whoever asks which nodes must still apply a change must see this one.
	if err := g.writeCursors(ctx, []cursor{{t.id, head}}); err != nil {
		return err
	}
	t.confirm(began, doubts)
	return nil
}

// forget ends a tenant. Whoever asks for the organization next begins anew.
func (g *Verifier) forget(t *tenant) {
	t.distrust()
	g.mu.Lock()
	if g.tenants[t.id] == t {
		delete(g.tenants, t.id)
		t.store.Close()
	}
	g.mu.Unlock()
	g.callers.dropAll(t.id)
	t.announce()
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
