package gateway

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"portico/internal/gateway/source"
)

// nameFilter knows approximately which names exist. It decides which of them may
// still be read once the limit of failed reads is used up. The names are loaded
// when they are first needed.
type nameFilter struct {
	mu        sync.Mutex
	loading   bool
	startedAt time.Duration // start of the last load
	started   bool          // startedAt is set

	// growing receives names while loading; ready answers.
	growing, ready atomic.Pointer[filter]
}

// reloadInterval is the least time between the starts of two loads.
const reloadInterval = time.Second

// startLoading reports whether the caller shall load the names: no load is under
// way, and none began within reloadInterval.
func (n *nameFilter) startLoading(now time.Duration) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.loading || n.started && now-n.startedAt < reloadInterval {
		return false
	}
	n.loading, n.started, n.startedAt = true, true, now
	return true
}

// load fills a new filter, which answers once it is complete.
func (n *nameFilter) load(fill func(*filter) error) (err error) {
	f := newFilter()
	n.growing.Store(f)
	defer func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.loading = false
	}()
	if err := fill(f); err != nil {
		return err
	}
	n.ready.Store(f)
	return nil
}

// add adds a name that appeared since, or during, a load.
func (n *nameFilter) add(key []byte) {
	if f := n.growing.Load(); f != nil {
		f.add(key)
	}
}

// mayContain reports whether the name may exist; false before the first load.
func (n *nameFilter) mayContain(key []byte) bool {
	f := n.ready.Load()
	return f != nil && f.mayContain(key)
}

// usernameMayExist reports whether the organization may have a credential with
// this username. The first call starts loading all usernames, and returns false
// until that is done; from then on the event log adds new ones.
func (g *Verifier) usernameMayExist(t *follower, username uuid.UUID) bool {
	if t.usernames.mayContain(username[:]) {
		return true
	}
	if t.usernames.ready.Load() == nil && t.usernames.startLoading(g.o.Mono()) {
		go g.loadUsernames(t)
	}
	return false
}

func (g *Verifier) loadUsernames(t *follower) {
	err := t.usernames.load(func(f *filter) error {
		return g.readNamePages(t.id, func(ctx context.Context, after uuid.UUID) (last uuid.UUID, n int, err error) {
			return g.source.Usernames(ctx, source.Page{Organization: t.id, After: after, Size: g.pageSize}, f.add)
		})
	})
	if err != nil {
		g.o.Log.Debug("the names of an organization's keys could not be read", "organization", t.id, "error", err)
	}
}

// readNamePages reads page by page, each when the scheduler lets it.
func (g *Verifier) readNamePages(organization uuid.UUID, read func(ctx context.Context, after uuid.UUID) (last uuid.UUID, n int, err error)) error {
	page := func(after uuid.UUID) (uuid.UUID, int, error) {
		ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
		defer cancel()
		leave, err := g.scheduler.enter(ctx, organization, uuid.Max)
		if err != nil {
			return after, 0, err
		}
		defer leave()
		return read(ctx, after)
	}
	for after := (uuid.UUID{}); ; {
		last, n, err := page(after)
		if err != nil || n < g.pageSize {
			return err
		}
		after = last
	}
}
