package gateway

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"portico/internal/replica"
)

// defaultPage is how many rows a preload reads at a time: each page is a
// statement of its own, so that no transaction stays open.
const defaultPage = 2000

// preload follows all organizations and reads everything of them, page by
// page, while changes go on: what has changed since a page was begun is newer
// in the copy already, by the log. Organizations that are made later are
// followed from then on.
func (g *Gate) preload(ctx context.Context) {
	for !g.preloadOnce(ctx) {
		if !pause(ctx, time.Second) {
			return
		}
	}
	close(g.loaded)
	for pause(ctx, pollEvery) {
		_ = g.followAll(ctx) // the poll reports outages
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

func (g *Gate) preloadOnce(ctx context.Context) bool {
	err := g.followAll(ctx)
	for _, load := range []func(context.Context, uuid.UUID) (uuid.UUID, int, error){g.pageOfAccounts, g.pageOfApps, g.pageOfCredentials} {
		if err == nil {
			err = inPages(ctx, g.page, load)
		}
	}
	if err != nil && ctx.Err() == nil {
		g.o.Log.Warn("the keys could not be loaded; trying again", "error", err)
	}
	return err == nil
}

// followAll begins to follow the organizations that are not followed yet.
func (g *Gate) followAll(ctx context.Context) error {
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
		if _, err := g.tenant(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// inPages calls load with the last id of the page before until a page is
// short of size rows. A page that too many changes have overtaken is read again.
func inPages(ctx context.Context, size int, load func(ctx context.Context, after uuid.UUID) (last uuid.UUID, n int, err error)) error {
	var after uuid.UUID
	for {
		page, cancel := context.WithTimeout(ctx, patience)
		last, n, err := load(page, after)
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

func (g *Gate) pageOfAccounts(ctx context.Context, after uuid.UUID) (uuid.UUID, int, error) {
	since := g.positions()
	rows, err := g.rows.accounts(ctx, byPage, after, g.page)
	return put(since, rows, err, func(a replica.Account) uuid.UUID { return a.ID },
		func(all []replica.Account) *replica.Change { return &replica.Change{Accounts: all} })
}

func (g *Gate) pageOfApps(ctx context.Context, after uuid.UUID) (uuid.UUID, int, error) {
	since := g.positions()
	rows, err := g.rows.apps(ctx, byPage, after, g.page)
	return put(since, rows, err, func(a replica.App) uuid.UUID { return a.ID },
		func(all []replica.App) *replica.Change { return &replica.Change{Apps: all} })
}

func (g *Gate) pageOfCredentials(ctx context.Context, after uuid.UUID) (uuid.UUID, int, error) {
	since := g.positions()
	rows, err := g.rows.credentials(ctx, byPage, after, g.page)
	return put(since, rows, err, func(k replica.Credential) uuid.UUID { return k.ID },
		func(all []replica.Credential) *replica.Change { return &replica.Change{Credentials: all} })
}

// positions notes how far each copy is before a page is read.
func (g *Gate) positions() map[uuid.UUID]sight {
	out := map[uuid.UUID]sight{}
	for _, s := range g.sights() {
		out[s.id] = s
	}
	return out
}

// put shares a page out among its organizations. What belongs to one that is
// not followed yet will be read when it is.
func put[T any](since map[uuid.UUID]sight, rows []owned[T], err error, id func(T) uuid.UUID, change func([]T) *replica.Change) (last uuid.UUID, n int, _ error) {
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
