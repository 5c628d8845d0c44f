package keycache

import (
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/google/uuid"

	"portico/clients/go/gate/verdict"
)

// app is an app's place, which its credentials' slots point to.
type app struct {
	cell atomic.Pointer[cell] // nil if it is gone or was never put
	gone atomic.Bool          // tells these apart, while cell is nil
	keys int32                // how many slots point here
	// owner is the account whose member it is. A credential's slot may have another one
	// for a moment: what was read of the two need not be of one moment.
	owner *account
	// first is the storage of the first state: with a million apps, each pointer less
	// is a page of memory less that Facts has to touch.
	first  cell
	filled bool // first is in use, and never changed again
}

// cell is one state of an app, with the list of one that Facts returns.
type cell struct {
	app  verdict.App
	self [1]*verdict.App
	one  [1]verdict.Subscription // storage for an only subscription
}

// newCell returns an unused cell.
func (m *app) newCell() *cell {
	if m.filled {
		return new(cell)
	}
	m.filled = true
	return &m.first
}

// account is an account's place, which its credentials' slots and its apps' point
// to.
type account struct {
	id    uuid.UUID
	state atomic.Pointer[verdict.Account] // nil if it is gone or was never put
	gone  atomic.Bool                     // tells these apart, while state is nil
	// apps are all its apps, for its own credentials; nil if it has none of those
	// here, or not all its apps are here.
	apps    atomic.Pointer[[]*verdict.App]
	listed  bool   // all its apps are in memory
	members []*app // apps in memory
	keys    int32  // how many slots point here
	ownKeys int32  // how many of them are credentials of the account
	// first is the storage of the first state, beside its place like an app's.
	first  verdict.Account
	filled bool // first is in use, and never changed again
}

// newState returns an unused state.
func (a *account) newState() *verdict.Account {
	if a.filled {
		return new(verdict.Account)
	}
	a.filled = true
	return &a.first
}

func (a *account) markGoneIfUnknown() {
	if a.state.Load() == nil {
		a.gone.Store(true)
	}
}

func (m *app) markGoneIfUnknown() {
	if m.cell.Load() == nil {
		m.gone.Store(true)
	}
}

// rebuildLists brings the lists of apps up to what was put and dropped, each once.
func (s *Cache) rebuildLists() {
	for a := range s.staleLists {
		a.rebuildApps()
	}
	clear(s.staleLists)
}

// rebuildApps rebuilds the list of apps, in the order of their ids.
func (a *account) rebuildApps() {
	if a.ownKeys == 0 || !a.listed {
		if a.apps.Load() != nil {
			a.apps.Store(nil)
		}
		return
	}
	all := make([]*verdict.App, 0, len(a.members))
	for _, m := range a.members {
		if c := m.cell.Load(); c != nil {
			all = append(all, &c.app)
		}
	}
	slices.SortFunc(all, func(x, y *verdict.App) int { return slices.Compare(x.ID[:], y.ID[:]) })
	a.apps.Store(&all)
}

// accountAt returns an account's place, creating it if need be.
func (s *Cache) accountAt(id uuid.UUID) *account {
	a := s.accounts[id]
	if a == nil {
		a = &account{id: id}
		s.accounts[id] = a
	}
	return a
}

// appAt returns an app's place, creating it if need be.
func (s *Cache) appAt(id, accountID uuid.UUID) *app {
	m := s.apps[id]
	if m == nil {
		m = &app{owner: s.accountAt(accountID)}
		s.apps[id] = m
		m.owner.members = append(m.owner.members, m)
	}
	return m
}

// markGone marks the account as gone. The order matters: no reader finds it
// unknown in between.
func (a *account) markGone() {
	a.gone.Store(true)
	a.state.Store(nil)
}

func (m *app) markGone() {
	m.gone.Store(true)
	m.cell.Store(nil)
}

func (s *Cache) putAccount(a *Account) {
	place, next := s.accountAt(a.ID), verdict.Account{ID: a.ID, Suspended: a.suspended()}
	if now := place.state.Load(); now != nil && *now == next {
		return // a credential's fill brings its account along, changed or not
	}
	room := place.newState()
	*room = next
	place.state.Store(room)
}

func (s *Cache) putApp(a *App) {
	m := s.appAt(a.ID, a.AccountID)
	s.moveApp(m, s.accountAt(a.AccountID))
	c := m.newCell()
	s.fillCell(c, a)
	if now := m.cell.Load(); now != nil && reflect.DeepEqual(now.app, c.app) {
		return // a credential's fill brings its app along, changed or not
	}
	m.cell.Store(c)
	s.staleLists[s.accountAt(a.AccountID)] = true
}

// keepsApp reports whether an app's state is to be kept.
func (s *Cache) keepsApp(a *App) bool {
	if s.budget.max == 0 || s.apps[a.ID] != nil {
		return true
	}
	owner := s.accounts[a.AccountID]
	return owner != nil && owner.ownKeys > 0
}

func (s *Cache) dropAccount(id uuid.UUID) {
	a := s.accounts[id]
	if a == nil {
		return
	}
	a.markGone()
	s.sweepAccount(a)
}

func (s *Cache) dropApp(id uuid.UUID) {
	m := s.apps[id]
	if m == nil {
		return
	}
	m.markGone()
	s.staleLists[m.owner] = true
	s.sweepApp(id, m)
}

// sweepApp removes an app that nothing in memory needs any more.
func (s *Cache) sweepApp(id uuid.UUID, m *app) {
	gone := m.cell.Load() == nil
	if m.keys == 0 && (gone || s.budget.max > 0 && m.owner.ownKeys == 0) {
		delete(s.apps, id)
		m.leave()
		s.sweepAccount(m.owner)
	}
}

// leave takes an app from its owner's members.
func (m *app) leave() {
	if i := slices.Index(m.owner.members, m); i >= 0 {
		m.owner.members = slices.Delete(m.owner.members, i, i+1)
	}
}

// sweepAccount removes an account that nothing in memory needs any more.
func (s *Cache) sweepAccount(a *account) {
	if a.keys == 0 && len(a.members) == 0 && (a.state.Load() == nil || s.budget.max > 0) {
		delete(s.accounts, a.id)
	}
}
