package limits_test

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
)

// fakeStore is a database that counts the use of apps and, as sums, that of their
// accounts. Tests can make its writes fail: then the rows wait for the next.
type fakeStore struct {
	mu       sync.Mutex
	rows     map[row]limits.Used
	of       map[uuid.UUID]map[row]bool // rows by app and by account
	waiting  []limits.Used
	unfolded []limits.Used
}

// row identifies the count of an app in a period.
type row struct {
	app   uuid.UUID
	start time.Time
}

func newFakeStore() *fakeStore {
	return &fakeStore{rows: map[row]limits.Used{}, of: map[uuid.UUID]map[row]bool{}}
}

// used returns the count of an app or an account in the period that begins at start.
func (b *fakeStore) used(counter uuid.UUID, start time.Time) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sum(counter, start)
}

func (b *fakeStore) sum(counter uuid.UUID, start time.Time) (n int64) {
	for of := range b.of[counter] {
		if u := b.rows[of]; of.start.Equal(start) && (of.app == counter || u.AccountCounter == counter) {
			n += u.N
		}
	}
	return n
}

// periods returns the count of each period.
func (b *fakeStore) periods(counter uuid.UUID) map[time.Time]int64 {
	out := map[time.Time]int64{}
	for of := range b.of[counter] {
		if n := b.used(counter, of.start); n > 0 {
			out[of.start] = n
		}
	}
	return out
}

func (b *fakeStore) flush(m *limits.Memory, store bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = m.Drain(b.waiting)
	if !store {
		return
	}
	rows := b.waiting
	b.waiting = nil
	m.Settle(rows, b.add(rows))
	b.loadAccounts(m, rows)
}

// store flushes m and stores everything, the journal included.
func (b *fakeStore) store(m *limits.Memory) {
	b.flush(m, true)
	b.fold(m)
}

func (b *fakeStore) journal(m *limits.Memory) {
	b.mu.Lock()
	defer b.mu.Unlock()
	rows := m.Drain(b.waiting)
	b.waiting = nil
	m.Journal(rows)
	b.unfolded = append(b.unfolded, rows...)
}

func (b *fakeStore) fold(m *limits.Memory) {
	b.mu.Lock()
	defer b.mu.Unlock()
	rows, mark := b.unfolded, m.Mark()
	b.unfolded = nil
	for i, total := range b.add(rows) {
		m.Load(rows[i].AppCounter, rows[i].PeriodStart, total)
	}
	b.loadAccounts(m, rows)
	m.Folded(mark)
}

func (b *fakeStore) add(rows []limits.Used) (totals []int64) {
	for _, u := range rows {
		of := row{u.AppCounter, u.PeriodStart}
		u.N += b.rows[of].N
		b.rows[of] = u
		for _, counter := range []uuid.UUID{u.AppCounter, u.AccountCounter} {
			if b.of[counter] == nil {
				b.of[counter] = map[row]bool{}
			}
			b.of[counter][of] = true
		}
	}
	for _, u := range rows {
		totals = append(totals, b.sum(u.AppCounter, u.PeriodStart))
	}
	return totals
}

// loadAccounts passes the counts of the rows' accounts to m.
func (b *fakeStore) loadAccounts(m *limits.Memory, rows []limits.Used) {
	for _, u := range rows {
		if m.Holds(u.AccountCounter) {
			m.Load(u.AccountCounter, u.PeriodStart, b.sum(u.AccountCounter, u.PeriodStart))
		}
	}
}
