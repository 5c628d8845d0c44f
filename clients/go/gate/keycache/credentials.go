package keycache

import (
	"reflect"

	"github.com/google/uuid"

	"portico/clients/go/gate/verdict"
)

// putCredential stores a credential's present state. Its app never changes, its account
// only with the app's. With settled, what has not been put of them by now does not exist.
func (s *Cache) putCredential(k *Credential, settled bool) {
	if place := s.find(k.Username); place != nil {
		place = s.moveCredential(place, k)
		next := new(verdict.Credential)
		s.fillCredential(next, k)
		if !reflect.DeepEqual(next, place.key.Load()) { // else what is there stays
			place.key.Store(next)
		}
		if settled {
			s.markOwnersGoneIfUnknown(place)
		}
		return
	}
	place := s.newSlot(k)
	if settled {
		s.markOwnersGoneIfUnknown(place)
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
	place.used.Store(justFilled)
	s.fillCredential(&place.first, k)
	place.key.Store(&place.first)
	place.account.keys++
	if k.AppID != nil {
		place.app = s.appAt(*k.AppID, k.AccountID)
		place.app.keys++
	} else {
		place.account.ownKeys++
		s.staleLists[place.account] = true
	}
	return place
}

// markOwnersGoneIfUnknown marks a credential's account and apps as gone if they
// have never been put.
func (s *Cache) markOwnersGoneIfUnknown(place *slot) {
	place.account.markGoneIfUnknown()
	if place.app != nil {
		place.app.markGoneIfUnknown()
	} else if !place.account.listed {
		place.account.listed = true
		s.staleLists[place.account] = true
	}
}

// removeCredential removes a credential, and its app and account if nothing else
// needs them.
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
		s.sweepApp(k.AppID, place.app)
	} else if place.account.ownKeys--; place.account.ownKeys == 0 {
		s.releaseApps(place.account)
	}
	s.sweepAccount(place.account)
}

// releaseApps discards an account's list of apps when its last credential of its
// own is removed.
func (s *Cache) releaseApps(a *account) {
	s.staleLists[a] = true
	for appID, m := range s.appsOf(a) {
		s.sweepApp(appID, m)
	}
}

func (s *Cache) appsOf(a *account) map[uuid.UUID]*app {
	out := make(map[uuid.UUID]*app, len(a.members))
	for _, m := range a.members {
		if c := m.cell.Load(); c != nil {
			out[c.app.ID] = m
		}
	}
	return out
}

// dropCredential removes a credential whose row is gone. That is rare, and only
// the row would have the username, so it searches all.
func (s *Cache) dropCredential(id uuid.UUID) {
	var found *slot
	for i := range s.keys {
		for _, place := range s.keys[i].slots { // only writers change it, and mu is locked
			if k := place.key.Load(); k.ID == id {
				found = place
			}
		}
	}
	if found != nil {
		s.removeCredential(found)
	}
}
