package gateway

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// names returns which keys there may be, where what may be read in vain is used
// up. They are read when they are needed for the first time.
type names struct {
	mu      sync.Mutex
	reading bool
	readAt  time.Duration // when the last reading began
	began   bool          // there was one

	// growing takes what comes during a reading; ready answers.
	growing, ready atomic.Pointer[filter]
}

// again is how long after the beginning of a reading another may begin.
const again = time.Second

// begin reports whether the caller is to read the names: nobody does, and
// nobody did a moment ago.
func (n *names) begin(now time.Duration) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.reading || n.began && now-n.readAt < again {
		return false
	}
	n.reading, n.began, n.readAt = true, true, now
	return true
}

// read fills a fresh filter, which answers once it is complete.
func (n *names) read(fill func(*filter) error) (err error) {
	f := newFilter()
	n.growing.Store(f)
	defer func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.reading = false
	}()
	if err := fill(f); err != nil {
		return err
	}
	n.ready.Store(f)
	return nil
}

// add notes a name that came since, or during, a reading.
func (n *names) add(key []byte) {
	if f := n.growing.Load(); f != nil {
		f.add(key)
	}
}

// may reports whether there may be such a name, as far as it is known.
func (n *names) may(key []byte) bool {
	f := n.ready.Load()
	return f != nil && f.may(key)
}

// listed reports whether the organization may have a key of this username. The
// first question has all usernames read, and answers no; from then on the log
// tells of new ones.
func (g *Verifier) listed(t *tenant, username uuid.UUID) bool {
	if t.names.may(username[:]) {
		return true
	}
	if t.names.ready.Load() == nil && t.names.begin(g.o.Mono()) {
		go g.list(t)
	}
	return false
}

func (g *Verifier) list(t *tenant) {
	err := t.names.read(func(f *filter) error {
		return g.inNames(t.id, func(ctx context.Context, after uuid.UUID) (last uuid.UUID, n int, err error) {
			err = g.rows.each(ctx, `SELECT id, username FROM credentials WHERE `+pageOf, []any{t.id, after, g.page}, func(r *sql.Rows) error {
				var username uuid.UUID
				err := r.Scan(&last, &username)
				f.add(username[:])
				n++
				return err
			})
			return last, n, err
		})
	})
	if err != nil {
		g.o.Log.Debug("the names of an organization's keys could not be read", "organization", t.id, "error", err)
	}
}

// inNames reads page by page, each in its turn.
func (g *Verifier) inNames(organization uuid.UUID, read func(ctx context.Context, after uuid.UUID) (last uuid.UUID, n int, err error)) error {
	page := func(after uuid.UUID) (uuid.UUID, int, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		leave, err := g.turns.enter(ctx, organization, uuid.Max)
		if err != nil {
			return after, 0, err
		}
		defer leave()
		return read(ctx, after)
	}
	for after := (uuid.UUID{}); ; {
		last, n, err := page(after)
		if err != nil || n < g.page {
			return err
		}
		after = last
	}
}
