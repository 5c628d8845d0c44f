package keycache

import (
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/google/uuid"

	"portico/internal/verdict"
)

// app is an app's place, which its keys point to.
type app struct {
	cell atomic.Pointer[cell] // nil: it is gone, or was never told of
	gone atomic.Bool          // which of them, while cell is nil
	keys int32                // how many slots point here
	// first is the room of the first state: with a million apps each pointer
	// less is a page of memory less that a Case has to reach for.
	first  cell
	filled bool // it is in use, and never changed again
}

// cell is one state of an app, with the list of one that a Case is given.
type cell struct {
	app  verdict.App
	self [1]*verdict.App
	one  [1]verdict.Subscription // the room of its only subscription
}

// newCell returns room for a state.
func (m *app) newCell() *cell {
	if m.filled {
		return new(cell)
	}
	m.filled = true
	return &m.first
}

// account is an account's place, which its keys and its apps' keys point to.
type account struct {
	state atomic.Pointer[verdict.Account] // nil: it is gone, or was never told of
	gone  atomic.Bool                     // which of them, while state is nil
	// apps are all its apps, for its own keys; nil while it has none of those
	// here, or not all apps are.
	apps   atomic.Pointer[[]*verdict.App]
	listed bool   // all its apps are in memory
	held   []*app // those that are
	keys   int32  // how many slots point here
	own    int32  // how many of them are keys of the account
	// first is the room of the first state, beside its place like an app's.
	first  verdict.Account
	filled bool // it is in use, and never changed again
}

// newState returns room for a state.
func (a *account) newState() *verdict.Account {
	if a.filled {
		return new(verdict.Account)
	}
	a.filled = true
	return &a.first
}

func (a *account) settle() {
	if a.state.Load() == nil {
		a.gone.Store(true)
	}
}

func (m *app) settle() {
	if m.cell.Load() == nil {
		m.gone.Store(true)
	}
}

// listAgain brings the lists up to what was put and dropped, each once.
func (s *Cache) listAgain() {
	for a := range s.relist {
		a.list()
	}
	clear(s.relist)
}

// list writes the list of apps anew, in the order of their ids.
func (a *account) list() {
	if a.own == 0 || !a.listed {
		if a.apps.Load() != nil {
			a.apps.Store(nil)
		}
		return
	}
	all := make([]*verdict.App, 0, len(a.held))
	for _, m := range a.held {
		if c := m.cell.Load(); c != nil {
			all = append(all, &c.app)
		}
	}
	slices.SortFunc(all, func(x, y *verdict.App) int { return slices.Compare(x.ID[:], y.ID[:]) })
	a.apps.Store(&all)
}

// accountAt returns an account's place, made if need be.
func (s *Cache) accountAt(id uuid.UUID) *account {
	a := s.accounts[id]
	if a == nil {
		a = &account{}
		s.accounts[id] = a
	}
	return a
}

// appAt returns an app's place, made if need be.
func (s *Cache) appAt(id, accountID uuid.UUID) *app {
	m := s.apps[id]
	if m == nil {
		m = &app{}
		s.apps[id] = m
		owner := s.accountAt(accountID)
		owner.held = append(owner.held, m)
	}
	return m
}

// lose notes that it is gone. In this order: nobody finds it unknown meanwhile.
func (a *account) lose() {
	a.gone.Store(true)
	a.state.Store(nil)
}

func (m *app) lose() {
	m.gone.Store(true)
	m.cell.Store(nil)
}

func (s *Cache) putAccount(a *Account) {
	place, made := s.accountAt(a.ID), verdict.Account{ID: a.ID, Suspended: a.suspended()}
	if now := place.state.Load(); now != nil && *now == made {
		return // a key's fill brings its account along, changed or not
	}
	room := place.newState()
	*room = made
	place.state.Store(room)
}

func (s *Cache) putApp(a *App) {
	m := s.appAt(a.ID, a.AccountID)
	c := m.newCell()
	s.fillCell(c, a)
	if now := m.cell.Load(); now != nil && reflect.DeepEqual(now.app, c.app) {
		return // a key's fill brings its app along, changed or not
	}
	m.cell.Store(c)
	s.relist[s.accountAt(a.AccountID)] = true
}

// wantsApp reports whether an app's state is to be kept.
func (s *Cache) wantsApp(a *App) bool {
	if s.budget.max == 0 || s.apps[a.ID] != nil {
		return true
	}
	owner := s.accounts[a.AccountID]
	return owner != nil && owner.own > 0
}

func (s *Cache) dropAccount(id uuid.UUID) {
	a := s.accounts[id]
	if a == nil {
		return
	}
	a.lose()
	s.sweepAccount(id, a)
}

func (s *Cache) dropApp(id uuid.UUID) {
	m := s.apps[id]
	if m == nil {
		return
	}
	c := m.cell.Load()
	m.lose()
	if c == nil {
		return
	}
	s.relist[s.accounts[c.app.AccountID]] = true
	if m.keys == 0 {
		s.forgetApp(id, m, c.app.AccountID)
	}
}

// sweepApp forgets an app for which nothing in memory asks any more.
func (s *Cache) sweepApp(id uuid.UUID, m *app, accountID uuid.UUID) {
	gone := m.cell.Load() == nil
	if m.keys == 0 && (gone || s.budget.max > 0 && s.accounts[accountID].own == 0) {
		s.forgetApp(id, m, accountID)
	}
}

func (s *Cache) forgetApp(id uuid.UUID, m *app, accountID uuid.UUID) {
	delete(s.apps, id)
	owner := s.accounts[accountID]
	if i := slices.Index(owner.held, m); i >= 0 {
		owner.held = slices.Delete(owner.held, i, i+1)
	}
	s.sweepAccount(accountID, owner)
}

// sweepAccount forgets an account for which nothing in memory asks any more.
func (s *Cache) sweepAccount(id uuid.UUID, a *account) {
	if a.keys == 0 && len(a.held) == 0 && (a.state.Load() == nil || s.budget.max > 0) {
		delete(s.accounts, id)
	}
}
