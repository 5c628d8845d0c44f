package gateway

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/internal/keycache"
)

// defaultPage is how many rows a preload reads at a time: each page is a
// statement of its own, so that no transaction stays open.
const defaultPage = 2000

// preload follows all organizations and reads everything of them, page by
// page, while changes go on: what has changed since a page was begun is newer
// in the copy already, by the log. Organizations that are made later, and
// copies that are begun anew, are loaded when they are seen; until then their
// keys are read when they are asked for, as without a preload.
func (g *Verifier) preload(ctx context.Context) {
	well := g.loading(ctx, g.loadAll(ctx), true)
	for !well {
		if !pause(ctx, time.Second) {
			return
		}
		well = g.loading(ctx, g.loadAll(ctx), well)
	}
	close(g.loaded)
	for pause(ctx, pollEvery) {
		well = g.loading(ctx, g.loadNew(ctx), well)
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// loading logs when it begins to fail and when it goes on.
func (g *Verifier) loading(ctx context.Context, err error, well bool) bool {
	if (err == nil) != well && ctx.Err() == nil {
		g.o.Log.Warn("whether the keys can be loaded has changed", "loadable", err == nil, "error", err)
	}
	return err == nil
}

// loadAll loads all organizations together.
func (g *Verifier) loadAll(ctx context.Context) error {
	if err := g.followAll(ctx); err != nil {
		return err
	}
	return g.load(ctx, batch{tenants: g.unloaded(), which: byPage})
}

// loadNew loads, one by one, the organizations that are not loaded yet. One
// that cannot be is not in the way of the others.
func (g *Verifier) loadNew(ctx context.Context) error {
	err := g.followAll(ctx)
	for _, t := range g.unloaded() {
		if failed := g.load(ctx, batch{[]*tenant{t}, pageOf, []any{t.id}}); failed != nil {
			err = failed
		}
	}
	return err
}

func (g *Verifier) unloaded() []*tenant {
	return slices.DeleteFunc(g.followed(), func(t *tenant) bool { return t.whole })
}

// batch is what is loaded together: the rows of which, with its first
// arguments, into the copies of some tenants.
type batch struct {
	tenants []*tenant
	which   string
	args    []any
}

// load reads all accounts, apps and keys of a batch. When they are in, and
// everything of the log that the last page may have seen, the copies are whole.
func (g *Verifier) load(ctx context.Context, b batch) error {
	for _, page := range []reader{g.pageOfAccounts, g.pageOfApps, g.pageOfCredentials} {
		if err := inPages(ctx, g.page, b, page); err != nil {
			return err
		}
	}
	heads, err := g.headsOf(ctx, b.tenants)
	if err != nil {
		return err
	}
	for _, t := range b.tenants {
		if failed := g.reach(ctx, t, heads[t.id]); failed != nil {
			err = failed
			continue
		}
		t.store.Whole()
		t.whole = true
	}
	return err
}

func (g *Verifier) headsOf(ctx context.Context, tenants []*tenant) (map[uuid.UUID]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ids := make([]uuid.UUID, len(tenants))
	for i, t := range tenants {
		ids[i] = t.id
	}
	return g.rows.heads(ctx, ids)
}

// reach brings a copy up to a position.
func (g *Verifier) reach(ctx context.Context, t *tenant, head int64) error {
	if t.store.Position() >= head {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return g.catchUp(ctx, t)
}

// followAll begins to follow the organizations that are not followed yet. It
// goes on after one that cannot be, and gives the last error.
func (g *Verifier) followAll(ctx context.Context) error {
	var all []uuid.UUID
	reading, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := g.rows.each(reading, `SELECT id FROM organizations`, nil, func(r *sql.Rows) error {
		var id uuid.UUID
		err := r.Scan(&id)
		all = append(all, id)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range all {
		if _, failed := g.tenant(ctx, id); failed != nil {
			err = failed
		}
	}
	return err
}

// reader reads the page of a batch after an id into the copies. It gives the
// last id, and how many rows there were.
type reader func(ctx context.Context, b batch, after uuid.UUID) (last uuid.UUID, n int, err error)

// inPages reads until a page is short of size rows. A page that too many
// changes have overtaken is read again.
func inPages(ctx context.Context, size int, b batch, read reader) error {
	var after uuid.UUID
	for {
		page, cancel := context.WithTimeout(ctx, patience)
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

// errOvertaken says that a page must be read again.
var errOvertaken = errors.New("a page was overtaken by changes")

const byPage = `id > $1 ORDER BY id LIMIT $2`

func (g *Verifier) pageOfAccounts(ctx context.Context, b batch, after uuid.UUID) (uuid.UUID, int, error) {
	since := b.positions()
	rows, err := g.rows.accounts(ctx, b.which, b.page(after, g.page)...)
	return put(since, rows, err, func(a keycache.Account) uuid.UUID { return a.ID },
		func(all []keycache.Account) *keycache.Change { return &keycache.Change{Accounts: all} })
}

func (g *Verifier) pageOfApps(ctx context.Context, b batch, after uuid.UUID) (uuid.UUID, int, error) {
	since := b.positions()
	rows, err := g.rows.apps(ctx, b.which, b.page(after, g.page)...)
	return put(since, rows, err, func(a keycache.App) uuid.UUID { return a.ID },
		func(all []keycache.App) *keycache.Change { return &keycache.Change{Apps: all} })
}

func (g *Verifier) pageOfCredentials(ctx context.Context, b batch, after uuid.UUID) (uuid.UUID, int, error) {
	since := b.positions()
	rows, err := g.rows.credentials(ctx, b.which, b.page(after, g.page)...)
	return put(since, rows, err, func(k keycache.Credential) uuid.UUID { return k.ID },
		func(all []keycache.Credential) *keycache.Change { return &keycache.Change{Credentials: all} })
}

// page is the arguments of the page after an id.
func (b batch) page(after uuid.UUID, size int) []any {
	return append(slices.Clone(b.args), after, size)
}

// positions notes how far each copy is before a page is read.
func (b batch) positions() map[uuid.UUID]sight {
	out := make(map[uuid.UUID]sight, len(b.tenants))
	for _, t := range b.tenants {
		out[t.id] = sight{tenant: t, position: t.store.Position()}
	}
	return out
}

// put shares a page out among its organizations. What belongs to one that was
// not followed when the load began is read when that one is loaded.
func put[T any](since map[uuid.UUID]sight, rows []owned[T], err error, id func(T) uuid.UUID, change func([]T) *keycache.Change) (last uuid.UUID, n int, _ error) {
	if err != nil || len(rows) == 0 {
		return last, 0, err
	}
	mine := map[uuid.UUID][]T{}
	for _, r := range rows {
		mine[r.organization] = append(mine[r.organization], r.row)
	}
	for organization, all := range mine {
		if s, ok := since[organization]; ok && !s.store.FillPage(change(all), s.position) {
			return last, 0, errOvertaken
		}
	}
	return id(rows[len(rows)-1].row), len(rows), nil
}
