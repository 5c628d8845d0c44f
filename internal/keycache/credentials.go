package keycache

import (
	"reflect"

	"github.com/google/uuid"

	"portico/internal/verdict"
)

// putCredential keeps a key's present state. Its app and its account never change.
// With settled, what was not put of them by now is gone.
func (s *Cache) putCredential(k *Credential, settled bool) {
	if place := s.find(k.Username); place != nil {
		made := new(verdict.Credential)
		s.fillCredential(made, k)
		if !reflect.DeepEqual(made, place.key.Load()) { // else what is there stays
			place.key.Store(made)
		}
		if settled {
			s.settle(place)
		}
		return
	}
	place := s.newSlot(k)
	if settled {
		s.settle(place)
	}
	sh := s.shard(k.Username)
	sh.mu.Lock()
	sh.slots[k.Username] = place
	sh.mu.Unlock()
	s.count(1)
	if s.budget.max > 0 {
		s.clock.add(place)
	}
}

func (s *Cache) newSlot(k *Credential) *slot {
	place := &slot{account: s.accountAt(k.AccountID)}
	place.used.Store(unasked)
	s.fillCredential(&place.first, k)
	place.key.Store(&place.first)
	place.account.keys++
	if k.AppID != nil {
		place.app = s.appAt(*k.AppID, k.AccountID)
		place.app.keys++
	} else {
		place.account.own++
		s.relist[place.account] = true
	}
	return place
}

// settle takes what was never told of a key's account and apps as gone.
func (s *Cache) settle(place *slot) {
	place.account.settle()
	if place.app != nil {
		place.app.settle()
	} else if !place.account.listed {
		place.account.listed = true
		s.relist[place.account] = true
	}
}

// removeCredential forgets a key, and its app and account if nothing else asks for them.
func (s *Cache) removeCredential(place *slot) {
	k := place.key.Load()
	place.key.Store(nil)
	sh := s.shard(k.Username)
	sh.mu.Lock()
	delete(sh.slots, k.Username)
	sh.mu.Unlock()
	s.count(-1)
	place.account.keys--
	if place.app != nil {
		place.app.keys--
		s.sweepApp(k.AppID, place.app, k.AccountID)
	} else if place.account.own--; place.account.own == 0 {
		s.disband(place.account, k.AccountID)
	}
	s.sweepAccount(k.AccountID, place.account)
}

// disband ends an account's list of apps when its last own key is forgotten.
func (s *Cache) disband(a *account, id uuid.UUID) {
	s.relist[a] = true
	for appID, m := range s.appsOf(a) {
		s.sweepApp(appID, m, id)
	}
}

func (s *Cache) appsOf(a *account) map[uuid.UUID]*app {
	out := make(map[uuid.UUID]*app, len(a.held))
	for _, m := range a.held {
		if c := m.cell.Load(); c != nil {
			out[c.app.ID] = m
		}
	}
	return out
}

// dropCredential forgets a key whose row is gone. That is rare, and only the row
// could have told the username: look at all.
func (s *Cache) dropCredential(id uuid.UUID) {
	var found *slot
	for i := range s.keys {
		for _, place := range s.keys[i].slots { // writers alone change it, and mu is held
			if k := place.key.Load(); k.ID == id {
				found = place
			}
		}
	}
	if found != nil {
		s.removeCredential(found)
	}
}
