package usage

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/limits"
	"portico/internal/domain"
	"portico/internal/testdb"
)

// asks are the questions of apps of one account, whose plan has a quota per
// account of ten a month.
func (w *world) asks(apps int) []*limits.Ask {
	account, product := uuid.New(), uuid.New()
	quota := limits.Quota{Limit: 10, Per: domain.PerMonth}
	var out []*limits.Ask
	for range apps {
		out = append(out, &limits.Ask{
			Organization: w.org, Subscription: limits.ByApp(uuid.New(), product), Quota: quota,
			Account: limits.ByAccount(account, product, quota.Per), PerAccount: true,
		})
	}
	return out
}

// taker is a process that takes from quotas.
type taker struct {
	*world
	*limits.Memory
	*Flusher
}

func (w *world) taker() *taker {
	m := limits.NewMemory(w.clock, nil, 0)
	return &taker{w, m, w.newFlusher(NewCounter(), m)}
}

// takes takes n calls as the gate does, and gives what is left.
func (n *taker) takes(a *limits.Ask, cost int64) int64 {
	n.t.Helper()
	var out limits.Answer
	one := *a
	one.Cost = cost
	if n.Take(n.t.Context(), &one, &out); out.Outcome == limits.QuotaUnknown {
		n.Load(one.QuotaCounter(), n.start(a), n.uses(one.QuotaCounter()))
		n.Take(n.t.Context(), &one, &out)
	}
	require.Equal(n.t, limits.Passed, out.Outcome)
	return out.Quota.Remaining
}

func (n *taker) left(a *limits.Ask) int64 {
	var out limits.Answer
	n.Peek(n.t.Context(), a, &out)
	return out.Quota.Remaining
}

func (w *world) uses(counter uuid.UUID) int64 {
	w.t.Helper()
	found, err := w.store.quotaUsed(w.t.Context(), []uuid.UUID{uuid.New(), counter}, w.clock.Now())
	require.NoError(w.t, err)
	return found[counter].N
}

// An account used what its apps used: for every node, after a restart, and
// through the journal.
func TestAnAccountUsesWhatItsAppsUse(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		one, two, a := w.taker(), w.taker(), w.asks(4)
		require.EqualValues(t, 8, one.takes(a[0], 2))
		require.NoError(t, one.Flush(t.Context()))
		require.EqualValues(t, 7, two.takes(a[1], 1), "the first is known")
		require.NoError(t, two.Flush(t.Context()))
		require.EqualValues(t, 7, one.takes(a[0], 1), "the second is not yet")
		require.NoError(t, one.Flush(t.Context()))
		require.EqualValues(t, 6, one.left(a[0]), "its own flush tells")
		require.EqualValues(t, 4, w.uses(a[0].Account))
		require.EqualValues(t, 3, w.uses(a[0].Subscription))

		require.EqualValues(t, 4, one.takes(a[2], 2))
		for range mostDirect + 1 { // so many rows go into the journal
			one.o.Counter.Add(&Call{Organization: w.org, App: uuid.New(), Code: "VALID"}, noon, 1)
		}
		require.NoError(t, one.Flush(t.Context()))
		require.EqualValues(t, 4, w.uses(a[0].Account), "the journal is not told")
		require.EqualValues(t, 4, one.left(a[3]), "and not forgotten here")
		require.EqualValues(t, 6, two.takes(a[1], 1))
		require.NoError(t, two.Flush(t.Context()))
		require.NoError(t, one.Fold(t.Context()))
		require.EqualValues(t, 7, w.uses(a[0].Account))
		require.EqualValues(t, 3, one.left(a[3]))
		require.EqualValues(t, 2, w.taker().takes(a[3], 1), "a started node")
	})
}

// A count of an older program names no account: the app's next call does.
func TestACountBecomesTheAccountsWithTheNextCall(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		n, a := w.taker(), w.asks(1)[0]
		older := *a
		older.Account, older.PerAccount = uuid.Nil, false
		n.takes(&older, 4)
		require.NoError(t, n.Flush(t.Context()))
		require.Zero(t, w.uses(a.Account))
		a.PerAccount = false
		require.EqualValues(t, 5, n.takes(a, 1))
		require.NoError(t, n.Flush(t.Context()))
		require.EqualValues(t, 5, w.uses(a.Account))
		n.takes(&older, 1)
		require.NoError(t, n.Flush(t.Context()))
		require.EqualValues(t, 6, w.uses(a.Account), "and stays so")
	})
}

// Pages of the journal keep whose account it was, and none where there is none.
func TestPagesKeepTheAccount(t *testing.T) {
	account, other, org := uuid.New(), uuid.New(), uuid.New()
	var used []limits.Used
	for i, of := range []uuid.UUID{uuid.Nil, account, account, uuid.Nil, account, other, other, uuid.Nil, uuid.Nil} {
		u := limits.Used{Organization: org, Subscription: uuid.New(), Account: of, PeriodStart: noon, PeriodEnd: noon.AddDate(0, 0, 1), N: int64(i + 1)}
		u.Subscription[15] = 0 // one page
		used = append(used, u)
	}
	for first := range used {
		pages := pagesOf(nil, used[first:], func() []byte { return nil })
		require.Len(t, pages, 1)
		found := newSums()
		require.NoError(t, found.add(pages[0].body))
		require.ElementsMatch(t, used[first:], found.quotas())
	}
}

func (n *taker) start(a *limits.Ask) (start time.Time) {
	start, _ = a.Quota.Period(n.clock.Now(), nil)
	return start
}
