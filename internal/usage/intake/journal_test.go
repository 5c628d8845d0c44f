package intake

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
	"portico/internal/usage"
	"portico/internal/usage/counts"
	"portico/internal/usage/usagetest"
)

// many is the number of rows of a flush that goes to the journal.
const many = 3 * maxDirect

// countTwice counts each call twice.
func countTwice(c *Counter, calls []usage.Call) {
	for i := range calls {
		c.Add(&calls[i], noon, 2)
	}
}

func TestPagesAreDecodedAsEncoded(t *testing.T) {
	c := NewCounter()
	for _, call := range usagetest.RandomCalls(uuid.New(), many) {
		c.Add(&call, noon, 7)
	}
	rows := c.drain(nil)
	setIDs(rows)
	u := limits.Used{Organization: uuid.New(), AppCounter: uuid.New(), PeriodStart: noon, PeriodEnd: noon.Add(time.Hour), N: 5}
	later := u
	later.PeriodStart = u.PeriodEnd
	pages := pagesOf(rows, []limits.Used{u, u, later}, func() []byte { return nil })
	found := newPageSums()
	for _, p := range pages {
		require.NoError(t, found.add(p.body))
	}
	require.ElementsMatch(t, rows, found.counts())
	for _, r := range rows {
		require.Equal(t, partOf(&r.Call), pageWith(t, pages, r))
	}
	u.N = 10
	require.ElementsMatch(t, []limits.Used{u, later}, found.quotas())
}

// pageWith returns the part of the page that contains a row; -1 if there is none.
func pageWith(t *testing.T, pages []page, r counts.Row) int {
	for _, p := range pages {
		one := newPageSums()
		require.NoError(t, one.add(p.body))
		if _, in := one.rows[minuteCall{r.Call, minuteOf(r.At)}]; in {
			return p.part
		}
	}
	return -1
}

// If the period of a plan changes at its start, the same row is used on, and its end is
// that of the newest page.
func TestEndOfAPeriodIsThatOfTheNewestPage(t *testing.T) {
	u := limits.Used{Organization: uuid.New(), AppCounter: uuid.New(), PeriodStart: noon, PeriodEnd: noon.Add(time.Hour), N: 5}
	month := u
	month.PeriodEnd = noon.AddDate(0, 1, 0)
	var first, second pageWriter
	first.addUsed(&u)
	second.addUsed(&month)
	found := newPageSums()
	require.NoError(t, found.add(first.body))
	require.NoError(t, found.add(second.body))
	month.N = 10
	require.Equal(t, []limits.Used{month}, found.quotas())
}

// Pages of the first version, whose entries omit nothing, are decoded.
func TestPagesOfTheFirstVersionAreDecoded(t *testing.T) {
	r := counts.Row{At: noon.Truncate(time.Minute), Call: usagetest.RandomCalls(uuid.New(), 1)[0], Calls: 3}
	u := limits.Used{Organization: uuid.New(), AppCounter: uuid.New(), PeriodStart: noon, PeriodEnd: noon.Add(time.Hour), N: 5}
	var body []byte
	for range 2 {
		var w pageWriter // has no entry before
		w.addRow(&r)
		w.addUsed(&u)
		body = append(body, w.body...)
	}
	found := newPageSums()
	require.NoError(t, found.add(body))
	require.Equal(t, map[minuteCall]int64{{r.Call, minuteOf(r.At)}: 6}, found.rows)
	u.N = 10
	require.Equal(t, []limits.Used{u}, found.quotas())
}

func FuzzPage(f *testing.F) {
	r := counts.Row{At: noon.Truncate(time.Minute), Call: usage.Call{Organization: uuid.New(), Code: "VALID"}, Calls: 3}
	u := limits.Used{AppCounter: uuid.New(), PeriodStart: noon, PeriodEnd: noon, N: 1}
	var w pageWriter
	for range 2 {
		w.addRow(&r)
		w.addUsed(&u)
	}
	u.AccountCounter = uuid.New()
	w.addUsed(&u)
	w.addUsed(&u)
	for n := range len(w.body) + 1 {
		f.Add(w.body[:n])
	}
	f.Add([]byte{9})
	f.Fuzz(func(_ *testing.T, body []byte) {
		_ = newPageSums().add(body) // must neither panic nor loop
	})
}

// Pages of the journal are counted once, whichever nodes fold them and however often.
func TestJournalIsFoldedOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		calls := usagetest.RandomCalls(w.Organization, many)
		q := &fakeQuotas{totals: map[uuid.UUID]int64{}}
		busy := w.newFlusher(w.counter, q)
		sub := uuid.New()
		for range 3 {
			countTwice(w.counter, calls)
			q.pending = append(q.pending, limits.Used{Organization: w.Organization, AppCounter: sub, PeriodStart: noon, PeriodEnd: noon.Add(time.Hour), N: 2})
			w.Clock.Advance(time.Second)
			require.NoError(t, busy.Flush(ctx))
		}
		require.EqualValues(t, 0, w.Number(`SELECT COUNT(*) FROM usage_minutes`), "it is in the journal")
		require.EqualValues(t, 6, q.settled)
		require.Equal(t, w.Clock.Now(), busy.Through(), "and is stored")
		require.True(t, busy.Visible().Before(busy.Through()))

		// The node seems to have ended; others start concurrently.
		var starting sync.WaitGroup
		for range 4 {
			starting.Go(func() {
				if err := w.newFlusher(NewCounter(), nil).Recover(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		starting.Wait()
		require.EqualValues(t, 3*2*many, w.Number(`SELECT SUM(calls) FROM usage_minutes`))
		require.EqualValues(t, 6, w.Number(`SELECT used FROM quota_counts WHERE subscription_id = $1`, sub))
		require.EqualValues(t, 0, w.Number(`SELECT COUNT(*) FROM usage_journal`))
		// It had not ended: there is nothing left to fold, and nothing is lost.
		require.Zero(t, q.folded)
		require.NoError(t, busy.Fold(ctx))
		require.Equal(t, busy.Through(), busy.Visible())
		require.EqualValues(t, 3, q.folded)
		require.EqualValues(t, 3*2*many, w.Number(`SELECT SUM(calls) FROM usage_minutes`))
	})
}

// A part with more pages than one transaction folds is folded completely, also if some of
// them cannot be decoded.
func TestPartOfManyPagesIsFoldedCompletely(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		f := w.newFlusher(w.counter, nil)
		for _, n := range []int{foldPages, foldPages + 1, 2*foldPages + 3} {
			w.Exec(`DELETE FROM usage_minutes`)
			var good pageWriter
			good.addRow(&counts.Row{At: noon, Call: usage.Call{Organization: w.Organization, Code: "VALID"}, Calls: 3})
			for i := range n {
				body := good.body
				if i < 2 { // the oldest, which are read first
					body = append(slices.Clone(body), 99)
				}
				w.Exec(`INSERT INTO usage_journal (id, node_id, part, taken_at, body) VALUES ($1, $2, 3, $3, $4)`,
					uuid.New(), f.o.Node, noon.Add(time.Duration(i)*time.Microsecond), body)
			}
			f.unfolded.Store(int64(n))
			w.Clock.Advance(time.Minute)
			require.NoError(t, f.Flush(ctx))
			require.NoError(t, f.Fold(ctx))
			require.EqualValues(t, 3*(n-2), w.Number(`SELECT SUM(calls) FROM usage_minutes`))
			require.EqualValues(t, 0, w.Number(`SELECT COUNT(*) FROM usage_journal WHERE part >= 0`))
			require.EqualValues(t, 2, w.Number(`SELECT COUNT(*) FROM usage_journal`))
			require.Equal(t, f.Through(), f.Visible(), "all calls are part of reports")
			w.Exec(`DELETE FROM usage_journal`)
		}
	})
}

// A page that cannot be decoded does not block others, and is kept for a version that can.
func TestPageThatCannotBeDecodedIsSetAside(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		f := w.newFlusher(w.counter, nil)
		page := func(body []byte) (id uuid.UUID) {
			id = uuid.New()
			w.Exec(`INSERT INTO usage_journal (id, node_id, part, taken_at, body) VALUES ($1, $2, 3, $3, $4)`, id, f.o.Node, noon, body)
			return id
		}
		var good pageWriter
		good.addRow(&counts.Row{At: noon, Call: usage.Call{Organization: w.Organization, Code: "VALID"}, Calls: 3})
		bad := page(append(slices.Clone(good.body), 99))
		page(good.body)
		for range 2 {
			require.NoError(t, f.Recover(ctx))
			require.EqualValues(t, 3, w.Number(`SELECT SUM(calls) FROM usage_minutes`), "no part of it is counted")
			require.EqualValues(t, 1, w.Number(`SELECT COUNT(*) FROM usage_journal WHERE id = $1`, bad))
		}
		require.NoError(t, f.Fold(ctx))
		require.EqualValues(t, 0, f.unfolded.Load(), "it is not waited for")
		w.Exec(`UPDATE usage_journal SET body = $1`, good.body) // a newer version decodes it
		require.NoError(t, f.Recover(ctx))
		require.EqualValues(t, 6, w.Number(`SELECT SUM(calls) FROM usage_minutes`))
	})
}

// Pages whose commit succeeded while the response was lost are not stored twice, also if
// they are folded before they are sent again.
func TestPageIsStoredOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		countTwice(w.counter, usagetest.RandomCalls(w.Organization, many))
		f := w.newFlusher(w.counter, nil)
		f.inTx = func(ctx context.Context, work func(*database.Tx) error) error {
			require.NoError(t, w.DB.InTx(ctx, work))
			return io.ErrUnexpectedEOF
		}
		require.ErrorIs(t, f.Flush(ctx), io.ErrUnexpectedEOF)
		require.NoError(t, w.newFlusher(NewCounter(), nil).Recover(ctx))
		f.inTx = w.DB.InTx
		require.NoError(t, f.Flush(ctx))
		require.NoError(t, f.Fold(ctx))
		require.EqualValues(t, 2*many, w.Number(`SELECT SUM(calls) FROM usage_minutes`))
	})
}

// Flushes and folds may run concurrently.
func TestConcurrentFlushesAndFolds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		w := newWorld(t, url, "UTC", noon)
		calls := usagetest.RandomCalls(w.Organization, many)
		const nodes, rounds = 3, 5
		var all sync.WaitGroup
		for range nodes {
			c := NewCounter()
			f := w.newFlusher(c, nil)
			all.Go(func() {
				for range rounds {
					countTwice(c, calls)
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
		require.EqualValues(t, nodes*rounds*2*many, w.Number(`SELECT SUM(calls) FROM usage_minutes`))
		require.EqualValues(t, many, w.Number(`SELECT COUNT(*) FROM usage_minutes`))
	})
}
