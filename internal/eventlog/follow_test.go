package eventlog_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/eventlog"
	"portico/internal/testdb"
)

const (
	tenants   = 4
	writers   = 64
	perWriter = 8
	// timeout is longer than the whole test takes on any machine.
	timeout = 5 * time.Minute
)

// follower reads a log by its cursor.
type follower struct {
	organization uuid.UUID
	seen         map[uuid.UUID]bool
	cursor       int64
}

// poll reads once, and reports whether there was anything new.
func (f *follower) poll(t *testing.T, d *database.DB) bool {
	lines, err := eventlog.Read(context.Background(), d, f.organization, f.cursor, 1+rand.IntN(20))
	if err != nil {
		t.Error(err)
		return false
	}
	for _, l := range lines {
		if l.Position != f.cursor+1 {
			t.Errorf("after %d came %d", f.cursor, l.Position)
		}
		f.cursor = l.Position
		f.seen[l.SubjectID] = true
	}
	return len(lines) > 0
}

// follow polls until the writers are done and nothing is left.
func (f *follower) follow(t *testing.T, d *database.DB, done <-chan struct{}) {
	for {
		ended := false
		select {
		case <-done:
			ended = true
		default:
		}
		if !f.poll(t, d) && ended || t.Failed() {
			return
		}
	}
}

var errChangedMind = errors.New("changed my mind")

// write runs a writer's transactions, of one to three events each, in any of the
// organizations. Every fourth is rolled back. It returns the committed events.
func write(t *testing.T, d *database.DB, organizations []uuid.UUID, r *rand.Rand) map[uuid.UUID][]uuid.UUID {
	committed := map[uuid.UUID][]uuid.UUID{}
	for range perWriter {
		organization, all, back := organizations[r.IntN(tenants)], entries(1+r.IntN(3)), r.IntN(4) == 0
		err := d.InTx(context.Background(), func(tx *database.Tx) error {
			if err := eventlog.Append(context.Background(), tx, d.Dialect(), organization, at(), all...); err != nil {
				return err
			}
			// Some take their time before they commit, so that others overtake them.
			for range r.IntN(4) {
				if _, err := tx.ExecContext(context.Background(), "SELECT 1"); err != nil {
					return err
				}
			}
			if back {
				return errChangedMind
			}
			return nil
		})
		switch {
		case err == nil:
			for _, e := range all {
				committed[organization] = append(committed[organization], e.SubjectID)
			}
		case !errors.Is(err, errChangedMind):
			t.Error(err)
		}
	}
	return committed
}

func TestAFollowerMissesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		// A connection for each writer and each follower; a writer waits for 15
		// others, which on a busy machine may take longer than a request may.
		d := testdb.OpenWith(t, url, database.Options{MaxConns: writers + tenants, StatementTimeout: -1, IOTimeout: timeout})
		all := organizations(t, d, tenants)
		followers := make([]*follower, tenants)
		done := make(chan struct{})
		var following, writing sync.WaitGroup
		for i, organization := range all {
			followers[i] = &follower{organization: organization, seen: map[uuid.UUID]bool{}}
			following.Go(func() { followers[i].follow(t, d, done) })
		}
		results := make([]map[uuid.UUID][]uuid.UUID, writers)
		for i := range writers {
			writing.Go(func() { results[i] = write(t, d, all, rand.New(rand.NewPCG(uint64(i), 1))) })
		}
		writing.Wait()
		close(done)
		following.Wait()
		for _, f := range followers {
			checkFollower(t, f, results)
		}
	})
}

// checkFollower requires that exactly the committed events were seen.
func checkFollower(t *testing.T, f *follower, results []map[uuid.UUID][]uuid.UUID) {
	t.Helper()
	want := 0
	for _, committed := range results {
		for _, id := range committed[f.organization] {
			want++
			if !f.seen[id] {
				t.Error("a committed event was missed")
			}
		}
	}
	if want == 0 || len(f.seen) != want || f.cursor != int64(want) {
		t.Errorf("%d were committed, %d seen, up to position %d", want, len(f.seen), f.cursor)
	}
}
