package intake

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/internal/testdb"
	"portico/internal/usage"
)

// requestsOfApps returns the request of each of some apps of one account, whose plan has
// a quota of ten a month for the account.
func (w *world) requestsOfApps(apps int) []*limits.Ask {
	account, product := uuid.New(), uuid.New()
	quota := limits.Quota{Limit: 10, Per: access.PerMonth}
	var out []*limits.Ask
	for range apps {
		out = append(out, &limits.Ask{
			Organization: w.Organization, AppCounter: limits.ByApp(uuid.New(), product), Quota: quota,
			AccountCounter: limits.ByAccount(account, product, quota.Per), PerAccount: true,
		})
	}
	return out
}

// quotaNode is a node that takes from quotas.
type quotaNode struct {
	*world
	*limits.Memory
	*Flusher
}

func (w *world) newQuotaNode() *quotaNode {
	m := limits.NewMemory(w.Clock, nil, 0)
	return &quotaNode{w, m, w.newFlusher(NewCounter(), m)}
}

// take takes cost calls as the gateway service does, and returns how many remain.
func (n *quotaNode) take(a *limits.Ask, cost int64) int64 {
	n.T.Helper()
	var out limits.Answer
	one := *a
	one.Cost = cost
	if n.Take(n.T.Context(), &one, &out); out.Outcome == limits.QuotaUnknown {
		n.Load(one.QuotaCounter(), n.start(a), n.used(one.QuotaCounter()))
		n.Take(n.T.Context(), &one, &out)
	}
	require.Equal(n.T, limits.Passed, out.Outcome)
	return out.Quota.Remaining
}

// remaining returns how many calls remain.
func (n *quotaNode) remaining(a *limits.Ask) int64 {
	var out limits.Answer
	n.Peek(n.T.Context(), a, &out)
	return out.Quota.Remaining
}

// used returns what is stored as used by a counter.
func (w *world) used(counter uuid.UUID) int64 {
	w.T.Helper()
	found, err := w.store.quotaUsed(w.T.Context(), []uuid.UUID{uuid.New(), counter}, w.Clock.Now())
	require.NoError(w.T, err)
	return found[counter].N
}

// What the apps of an account use is used by the account: on every node, after a restart,
// and through the journal.
func TestQuotaOfAnAccountCountsItsApps(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		one, two, a := w.newQuotaNode(), w.newQuotaNode(), w.requestsOfApps(4)
		require.EqualValues(t, 8, one.take(a[0], 2))
		require.NoError(t, one.Flush(t.Context()))
		require.EqualValues(t, 7, two.take(a[1], 1), "the first node's use is known")
		require.NoError(t, two.Flush(t.Context()))
		require.EqualValues(t, 7, one.take(a[0], 1), "the second node's is not yet")
		require.NoError(t, one.Flush(t.Context()))
		require.EqualValues(t, 6, one.remaining(a[0]), "its own flush reads it")
		require.EqualValues(t, 4, w.used(a[0].AccountCounter))
		require.EqualValues(t, 3, w.used(a[0].AppCounter))

		require.EqualValues(t, 4, one.take(a[2], 2))
		for range maxDirect + 1 { // so many rows go to the journal
			one.o.Counter.Add(&usage.Call{Organization: w.Organization, App: uuid.New(), Code: "VALID"}, noon, 1)
		}
		require.NoError(t, one.Flush(t.Context()))
		require.EqualValues(t, 4, w.used(a[0].AccountCounter), "the journal is not included")
		require.EqualValues(t, 4, one.remaining(a[3]), "but this node knows of it")
		require.EqualValues(t, 6, two.take(a[1], 1))
		require.NoError(t, two.Flush(t.Context()))
		require.NoError(t, one.Fold(t.Context()))
		require.EqualValues(t, 7, w.used(a[0].AccountCounter))
		require.EqualValues(t, 3, one.remaining(a[3]))
		require.EqualValues(t, 2, w.newQuotaNode().take(a[3], 1), "a new node")
	})
}

// A count of an older version has no account: the app's next call sets it.
func TestNextCallSetsTheAccountOfACount(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url, "UTC", noon)
		n, a := w.newQuotaNode(), w.requestsOfApps(1)[0]
		older := *a
		older.AccountCounter, older.PerAccount = uuid.Nil, false
		n.take(&older, 4)
		require.NoError(t, n.Flush(t.Context()))
		require.Zero(t, w.used(a.AccountCounter))
		a.PerAccount = false
		require.EqualValues(t, 5, n.take(a, 1))
		require.NoError(t, n.Flush(t.Context()))
		require.EqualValues(t, 5, w.used(a.AccountCounter))
		n.take(&older, 1)
		require.NoError(t, n.Flush(t.Context()))
		require.EqualValues(t, 6, w.used(a.AccountCounter), "and it remains set")
	})
}

// Pages of the journal contain the account, if there is one.
func TestPagesContainTheAccount(t *testing.T) {
	account, other, org := uuid.New(), uuid.New(), uuid.New()
	var used []limits.Used
	for i, of := range []uuid.UUID{uuid.Nil, account, account, uuid.Nil, account, other, other, uuid.Nil, uuid.Nil} {
		u := limits.Used{Organization: org, AppCounter: uuid.New(), AccountCounter: of, PeriodStart: noon, PeriodEnd: noon.AddDate(0, 0, 1), N: int64(i + 1)}
		u.AppCounter[15] = 0 // one page
		used = append(used, u)
	}
	for first := range used {
		pages := pagesOf(nil, used[first:], func() []byte { return nil })
		require.Len(t, pages, 1)
		found := newPageSums()
		require.NoError(t, found.add(pages[0].body))
		require.ElementsMatch(t, used[first:], found.quotas())
	}
}

func (n *quotaNode) start(a *limits.Ask) (start time.Time) {
	start, _ = a.Quota.Period(n.Clock.Now(), nil)
	return start
}
