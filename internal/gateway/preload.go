package gateway

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/internal/gateway/source"
)

// defaultPageSize is how many rows a preload reads at a time. Each page is a
// statement of its own, so that no transaction stays open.
const defaultPageSize = 2000

// reloadPause is the pause after a preload that failed.
const reloadPause = time.Second

// preload follows all organizations and reads everything of them, page by page,
// while changes go on: what has changed since a page was begun is already newer in
// the cache, by the log. Organizations that are created later, and caches that are
// rebuilt, are loaded when they are found; until then their credentials are read
// on demand, as without a preload.
func (v *Verifier) preload(ctx context.Context) {
	logWell := func(err error, well bool) bool {
		return v.logTransition(ctx, err, well, "the keys cannot be loaded; they are read when calls need them", "the keys can be loaded again")
	}
	well := true
	load := func() (struct{}, error) {
		err := v.loadAll(ctx)
		well = logWell(err, well)
		return struct{}{}, err
	}
	forever, pauses := backoff.WithMaxElapsedTime(0), backoff.WithBackOff(backoff.NewConstantBackOff(reloadPause))
	if _, err := backoff.Retry(ctx, load, forever, pauses); err != nil {
		return // ctx has ended
	}
	close(v.loaded)
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			well = logWell(v.loadNew(ctx), well)
		}
	}
}

// loadAll loads all organizations together.
func (v *Verifier) loadAll(ctx context.Context) error {
	if err := v.followAll(ctx); err != nil {
		return err
	}
	return v.load(ctx, batch{followers: v.unloaded()})
}

// loadNew loads, one by one, the organizations that are not loaded yet. One that
// fails does not keep back the others.
func (v *Verifier) loadNew(ctx context.Context) error {
	err := v.followAll(ctx)
	for _, f := range v.unloaded() {
		if failed := v.load(ctx, batch{[]*follower{f}, f.id}); failed != nil {
			err = failed
		}
	}
	return err
}

func (v *Verifier) unloaded() []*follower {
	return slices.DeleteFunc(v.readyFollowers(), func(f *follower) bool { return f.preloaded })
}

// batch is what is loaded together: the rows of an organization, or of all if it is the
// zero id, into the caches of some followers.
type batch struct {
	followers    []*follower
	organization uuid.UUID
}

// load reads all accounts, apps and credentials of a batch. The caches are
// complete once these are in, and everything in the log that the last page may
// have seen.
func (v *Verifier) load(ctx context.Context, b batch) error {
	for _, page := range []pageReader{v.pageOfAccounts, v.pageOfApps, v.pageOfCredentials} {
		if err := inPages(ctx, v.pageSize, b, page); err != nil {
			return err
		}
	}
	heads, err := v.headsOf(ctx, b.followers)
	if err != nil {
		return err
	}
	for _, f := range b.followers {
		if failed := v.catchUpTo(ctx, f, heads[f.id]); failed != nil {
			err = failed
			continue
		}
		f.cache.MarkComplete()
		f.preloaded = true
	}
	return err
}

func (v *Verifier) headsOf(ctx context.Context, all []*follower) (map[uuid.UUID]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	ids := make([]uuid.UUID, len(all))
	for i, f := range all {
		ids[i] = f.id
	}
	return v.source.Heads(ctx, ids)
}

// catchUpTo applies the log up to a position.
func (v *Verifier) catchUpTo(ctx context.Context, f *follower, head int64) error {
	if f.cache.Position() >= head {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	return v.catchUp(ctx, f)
}

// followAll begins to follow the organizations that are not followed yet. It
// continues after a failure, and returns the last error.
func (v *Verifier) followAll(ctx context.Context) error {
	reading, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	all, err := v.source.Organizations(reading)
	if err != nil {
		return err
	}
	for _, id := range all {
		if _, failed := v.follower(ctx, id); failed != nil {
			err = failed
		}
	}
	return err
}

// pageReader reads the page of a batch after an id into the caches. It returns the
// last id, and the number of rows.
type pageReader func(ctx context.Context, b batch, after uuid.UUID) (last uuid.UUID, n int, err error)

// inPages reads pages until one has fewer than size rows. A page that too many
// changes have overtaken is read again.
func inPages(ctx context.Context, size int, b batch, read pageReader) error {
	var after uuid.UUID
	for {
		page, cancel := context.WithTimeout(ctx, queryTimeout)
		last, n, err := read(page, b, after)
		cancel()
		if errors.Is(err, errOvertaken) {
			continue
		}
		if err != nil || n < size {
			return err
		}
		after = last
	}
}

// errOvertaken means that a page must be read again.
var errOvertaken = errors.New("a page was overtaken by changes")

func (v *Verifier) pageOfAccounts(ctx context.Context, b batch, after uuid.UUID) (uuid.UUID, int, error) {
	since := b.positions()
	rows, err := v.source.Accounts(ctx, b.page(after, v.pageSize))
	return fillPage(since, rows, err, func(a keycache.Account) uuid.UUID { return a.ID },
		func(all []keycache.Account) *keycache.Change { return &keycache.Change{Accounts: all} })
}

func (v *Verifier) pageOfApps(ctx context.Context, b batch, after uuid.UUID) (uuid.UUID, int, error) {
	since := b.positions()
	rows, err := v.source.Apps(ctx, b.page(after, v.pageSize))
	return fillPage(since, rows, err, func(a keycache.App) uuid.UUID { return a.ID },
		func(all []keycache.App) *keycache.Change { return &keycache.Change{Apps: all} })
}

func (v *Verifier) pageOfCredentials(ctx context.Context, b batch, after uuid.UUID) (uuid.UUID, int, error) {
	since := b.positions()
	rows, err := v.source.Credentials(ctx, b.page(after, v.pageSize))
	return fillPage(since, rows, err, func(k keycache.Credential) uuid.UUID { return k.ID },
		func(all []keycache.Credential) *keycache.Change { return &keycache.Change{Credentials: all} })
}

// page returns the page after an id.
func (b batch) page(after uuid.UUID, size int) source.Page {
	return source.Page{Organization: b.organization, After: after, Size: size}
}

// positions returns the position of each cache before a page is read.
func (b batch) positions() map[uuid.UUID]followerPosition {
	out := make(map[uuid.UUID]followerPosition, len(b.followers))
	for _, f := range b.followers {
		out[f.id] = followerPosition{follower: f, position: f.cache.Position()}
	}
	return out
}

// fillPage distributes a page among the caches of its organizations. Rows of an
// organization that was not followed when the load began are read when that one is
// loaded.
func fillPage[T any](since map[uuid.UUID]followerPosition, rows []source.Owned[T], err error, id func(T) uuid.UUID, change func([]T) *keycache.Change) (last uuid.UUID, n int, _ error) {
	if err != nil || len(rows) == 0 {
		return last, 0, err
	}
	byOrganization := map[uuid.UUID][]T{}
	for _, r := range rows {
		byOrganization[r.Organization] = append(byOrganization[r.Organization], r.Row)
	}
	for organization, all := range byOrganization {
		if s, ok := since[organization]; ok && !s.cache.FillPage(change(all), s.position) {
			return last, 0, errOvertaken
		}
	}
	return id(rows[len(rows)-1].Row), len(rows), nil
}
