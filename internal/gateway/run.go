package gateway

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Run follows the logs until ctx ends: it polls, listens, tells other nodes
// what was committed here, and writes down how far this node has come. An
// outage is logged and waited out.
func (g *Verifier) Run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { g.pollAll(ctx) })
	all.Go(func() { g.report(ctx) })
	all.Go(func() { g.notify(ctx) })
	all.Go(func() { g.listen(ctx) })
	if g.o.Preload {
		all.Go(func() { g.preload(ctx) })
	}
}

// Loaded is closed when everything is in memory that shall be from the start.
func (g *Verifier) Loaded() <-chan struct{} { return g.loaded }

// Wake is to be called after a commit here: the log is looked at now, and the
// other nodes are told to, soon after and once for many.
func (g *Verifier) Wake() {
	nudge(g.wake)
	nudge(g.tell)
}

// nudge asks for something that one ask is enough for.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// pollAll looks at the logs twice a second and whenever it is woken.
func (g *Verifier) pollAll(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var behind sync.WaitGroup
	defer behind.Wait()
	well := true
	for {
		err := g.poll(ctx, &behind)
		if ctx.Err() != nil {
			return
		}
		if (err == nil) != well {
			well = err == nil
			g.o.Log.Warn("whether the event log can be read has changed", "readable", well, "error", err)
		}
		g.measure()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-g.wake:
		}
	}
}

// poll asks once how far the logs of the followed organizations reach. Those
// with nothing new are confirmed; for the others a goroutine catches up, so
// that no organization waits for another's events.
func (g *Verifier) poll(ctx context.Context, behind *sync.WaitGroup) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	all := g.sights()
	if len(all) == 0 {
		return nil
	}
	began := g.o.Mono()
	heads, err := g.heads(ctx, all)
	if err != nil {
		return err
	}
	for _, s := range all {
		if heads[s.id] == s.position {
			s.confirm(began, s.doubts)
			continue
		}
		behind.Go(func() { g.follow(ctx, s.tenant) })
	}
	return nil
}

// follow catches up in its own time.
func (g *Verifier) follow(ctx context.Context, t *tenant) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if len(t.applying) > 0 {
		return // somebody does already; the next poll sees whether it was enough
	}
	if err := g.catchUp(ctx, t); err != nil {
		g.o.Log.Warn("an organization's events could not be applied", "organization", t.id, "error", err)
	}
}

// sight is a tenant as it was before the logs were asked.
type sight struct {
	*tenant
	doubts   uint64
	position int64
}

func (g *Verifier) sights() []sight {
	followed := g.followed()
	out := make([]sight, len(followed))
	for i, t := range followed {
		out[i] = sight{t, t.doubted(), t.store.Position()}
	}
	return out
}

func (g *Verifier) heads(ctx context.Context, all []sight) (map[uuid.UUID]int64, error) {
	ids := make([]uuid.UUID, len(all))
	for i, s := range all {
		ids[i] = s.id
	}
	return g.rows.heads(ctx, ids)
}

// heads returns the positions of logs; an organization without events has none.
func (s source) heads(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]int64, error) {
	out := make(map[uuid.UUID]int64, len(ids))
	err := s.each(ctx, `SELECT id, last FROM event_positions WHERE `+s.in("id", "$1"), []any{s.list(ids)}, func(r *sql.Rows) error {
		var id uuid.UUID
		var last int64
		err := r.Scan(&id, &last)
		out[id] = last
		return err
	})
	return out, err
}
