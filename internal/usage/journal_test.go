package usage

import (
	"context"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/limits"
	"portico/internal/database"
	"portico/internal/testdb"
)

// many is more rows than go into the counts at once.
const many = 3 * mostDirect

func addAll(w *world, c *Counter, calls []Call) {
	for i := range calls {
		c.Add(&calls[i], noon, 2)
	}
}

func TestPagesAreReadAsTheyWereWritten(t *testing.T) {
	c := NewCounter()
	for _, call := range randomCalls(uuid.New(), many) {
		c.Add(&call, noon, 7)
	}
	rows := c.drain(nil)
	nameRows(rows)
	u := limits.Used{Organization: uuid.New(), Subscription: uuid.New(), PeriodStart: noon, PeriodEnd: noon.Add(time.Hour), N: 5}
	later := u
	later.PeriodStart = u.PeriodEnd
	pages := pagesOf(rows, []limits.Used{u, u, later}, func() []byte { return nil })
	found := newSums()
	for _, p := range pages {
		require.NoError(t, found.add(p.body))
	}
	require.ElementsMatch(t, rows, found.counted())
	for _, r := range rows {
		require.Equal(t, r.part(), partOf(t, pages, r))
	}
	u.N = 10
	require.ElementsMatch(t, []limits.Used{u, later}, found.quotas())
}

// partOf finds the part in which a row is.
func partOf(t *testing.T, pages []page, r counted) int {
	for _, p := range pages {
		one := newSums()
		require.NoError(t, one.add(p.body))
		if _, in := one.rows[cell{r.Call, minuteOf(r.at)}]; in {
			return p.part
		}
	}
	return -1
}

// A plan whose period is changed where it begins goes on with the same row,
// which ends as the newest page says.
func TestTheNewestPageTellsWhenAPeriodEnds(t *testing.T) {
	u := limits.Used{Organization: uuid.New(), Subscription: uuid.New(), PeriodStart: noon, PeriodEnd: noon.Add(time.Hour), N: 5}
	month := u
	month.PeriodEnd = noon.AddDate(0, 1, 0)
	var first, second writer
	first.quota(&u)
	second.quota(&month)
	found := newSums()
	require.NoError(t, found.add(first.body))
	require.NoError(t, found.add(second.body))
	month.N = 10
	require.Equal(t, []limits.Used{month}, found.quotas())
}

// Pages that were written before entries had something in common are read.
func TestPagesOfTheFirstFormAreRead(t *testing.T) {
	r := counted{at: noon.Truncate(time.Minute), Call: randomCalls(uuid.New(), 1)[0], calls: 3}
	u := limits.Used{Organization: uuid.New(), Subscription: uuid.New(), PeriodStart: noon, PeriodEnd: noon.Add(time.Hour), N: 5}
	var body []byte
	for range 2 {
		var w writer // which has nothing before
		w.row(&r)
		w.quota(&u)
		body = append(body, w.body...)
	}
	found := newSums()
	require.NoError(t, found.add(body))
	require.Equal(t, map[cell]int64{{r.Call, minuteOf(r.at)}: 6}, found.rows)
	u.N = 10
	require.Equal(t, []limits.Used{u}, found.quotas())
}

func FuzzPage(f *testing.F) {
	r := counted{at: noon.Truncate(time.Minute), Call: Call{Organization: uuid.New(), Code: "VALID"}, calls: 3}
	u := limits.Used{Subscription: uuid.New(), PeriodStart: noon, PeriodEnd: noon, N: 1}
	var w writer
	for range 2 {
		w.row(&r)
		w.quota(&u)
	}
	u.Account = uuid.New()
	w.quota(&u)
	w.quota(&u)
	for n := range len(w.body) + 1 {
		f.Add(w.body[:n])
	}
	f.Add([]byte{9})
	f.Fuzz(func(_ *testing.T, body []byte) {
		_ = newSums().add(body) // it must neither panic nor take for ever
	})
}

// What a busy node stored in the journal is safe, and counted once, whoever
// folds it and however often.
func TestTheJournalIsFoldedOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		calls := randomCalls(w.org, many)
		q := &quotas{totals: map[uuid.UUID]int64{}}
		busy := w.newFlusher(w.counter, q)
		sub := uuid.New()
		for range 3 {
			addAll(w, w.counter, calls)
			q.pending = append(q.pending, limits.Used{Organization: w.org, Subscription: sub, PeriodStart: noon, PeriodEnd: noon.Add(time.Hour), N: 2})
			w.clock.Advance(time.Second)
			require.NoError(t, busy.Flush(ctx))
		}
		require.EqualValues(t, 0, w.number(`SELECT COUNT(*) FROM usage_minutes`), "it waits in the journal")
		require.EqualValues(t, 6, q.settled)
		require.Equal(t, w.clock.Now(), busy.Through(), "and is safe")
		require.True(t, busy.Visible().Before(busy.Through()))

		// The node ends here; others start, all at once.
		var starting sync.WaitGroup
		for range 4 {
			starting.Go(func() {
				if err := w.newFlusher(NewCounter(), nil).Recover(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		starting.Wait()
		require.EqualValues(t, 3*2*many, w.number(`SELECT SUM(calls) FROM usage_minutes`))
		require.EqualValues(t, 6, w.number(`SELECT used FROM quota_counts WHERE subscription_id = $1`, sub))
		require.EqualValues(t, 0, w.number(`SELECT COUNT(*) FROM usage_journal`))
		// It had not ended after all: nothing is left for it, and nothing is lost.
		require.Zero(t, q.folded)
		require.NoError(t, busy.Fold(ctx))
		require.Equal(t, busy.Through(), busy.Visible())
		require.EqualValues(t, 3, q.folded)
		require.EqualValues(t, 3*2*many, w.number(`SELECT SUM(calls) FROM usage_minutes`))
	})
}

// A part that holds more pages than one transaction folds is folded to its end,
// also where some of them cannot be read.
func TestAPartOfManyPagesIsFoldedToItsEnd(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		f := w.newFlusher(w.counter, nil)
		for _, n := range []int{foldPages, foldPages + 1, 2*foldPages + 3} {
			w.exec(`DELETE FROM usage_minutes`)
			var good writer
			good.row(&counted{at: noon, Call: Call{Organization: w.org, Code: "VALID"}, calls: 3})
			for i := range n {
				body := good.body
				if i < 2 { // the oldest: they are met first
					body = append(slices.Clone(body), 99)
				}
				w.exec(`INSERT INTO usage_journal (id, node_id, part, taken_at, body) VALUES ($1, $2, 3, $3, $4)`,
					uuid.New(), f.o.Node, noon.Add(time.Duration(i)*time.Microsecond), body)
			}
			f.open.Store(int64(n))
			w.clock.Advance(time.Minute)
			require.NoError(t, f.Flush(ctx))
			require.NoError(t, f.Fold(ctx))
			require.EqualValues(t, 3*(n-2), w.number(`SELECT SUM(calls) FROM usage_minutes`))
			require.EqualValues(t, 0, w.number(`SELECT COUNT(*) FROM usage_journal WHERE part >= 0`))
			require.EqualValues(t, 2, w.number(`SELECT COUNT(*) FROM usage_journal`))
			require.Equal(t, f.Through(), f.Visible(), "all of it is in what reports are made of")
			w.exec(`DELETE FROM usage_journal`)
		}
	})
}

// A page that cannot be read stands in nobody's way, and is kept for a program
// that can.
func TestAPageThatCannotBeReadIsSetAside(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		f := w.newFlusher(w.counter, nil)
		page := func(body []byte) (id uuid.UUID) {
			id = uuid.New()
			w.exec(`INSERT INTO usage_journal (id, node_id, part, taken_at, body) VALUES ($1, $2, 3, $3, $4)`, id, f.o.Node, noon, body)
			return id
		}
		var good writer
		good.row(&counted{at: noon, Call: Call{Organization: w.org, Code: "VALID"}, calls: 3})
		bad := page(append(slices.Clone(good.body), 99))
		page(good.body)
		for range 2 {
			require.NoError(t, f.Recover(ctx))
			require.EqualValues(t, 3, w.number(`SELECT SUM(calls) FROM usage_minutes`), "nothing of it is counted")
			require.EqualValues(t, 1, w.number(`SELECT COUNT(*) FROM usage_journal WHERE id = $1`, bad))
		}
		require.NoError(t, f.Fold(ctx))
		require.EqualValues(t, 0, f.open.Load(), "and it is not waited for")
		w.exec(`UPDATE usage_journal SET body = $1`, good.body) // a newer program reads it
		require.NoError(t, f.Recover(ctx))
		require.EqualValues(t, 6, w.number(`SELECT SUM(calls) FROM usage_minutes`))
	})
}

// Pages whose commit was not heard of are not stored twice, also when they were
// folded before they are sent again.
func TestAPageIsStoredOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		addAll(w, w.counter, randomCalls(w.org, many))
		f := w.newFlusher(w.counter, nil)
		f.inTx = func(ctx context.Context, work func(*database.Tx) error) error {
			require.NoError(t, w.db.InTx(ctx, work))
			return io.ErrUnexpectedEOF
		}
		require.ErrorIs(t, f.Flush(ctx), io.ErrUnexpectedEOF)
		require.NoError(t, w.newFlusher(NewCounter(), nil).Recover(ctx))
		f.inTx = w.db.InTx
		require.NoError(t, f.Flush(ctx))
		require.NoError(t, f.Fold(ctx))
		require.EqualValues(t, 2*many, w.number(`SELECT SUM(calls) FROM usage_minutes`))
	})
}

// A busy node and the folding of what it stored do not disturb each other.
func TestFlushesAndFoldsMayMeet(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		calls := randomCalls(w.org, many)
		const nodes, rounds = 3, 5
		var all sync.WaitGroup
		for range nodes {
			c := NewCounter()
			f := w.newFlusher(c, nil)
			all.Go(func() {
				for range rounds {
					addAll(w, c, calls)
					if err := f.Flush(ctx); err != nil {
						t.Error(err)
					}
				}
			})
			all.Go(func() {
				for range rounds {
					if err := f.Fold(ctx); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		require.NoError(t, w.newFlusher(NewCounter(), nil).Recover(ctx))
		require.EqualValues(t, nodes*rounds*2*many, w.number(`SELECT SUM(calls) FROM usage_minutes`))
		require.EqualValues(t, many, w.number(`SELECT COUNT(*) FROM usage_minutes`))
	})
}
