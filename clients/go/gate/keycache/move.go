package keycache

import "slices"

// moveAll brings the credentials of a change to the accounts that they belong to by now.
// It comes before everything else of the change: a key of an app that went to another
// account is judged by that account from one look-up to the next, and never by what has
// happened to the former one since.
func (s *Cache) moveAll(c *Change) {
	for i := range c.Credentials {
		k := &c.Credentials[i]
		place := s.find(k.Username)
		if place == nil || place.key.Load().AccountID == k.AccountID {
			continue
		}
		to := s.accountAt(k.AccountID)
		if at := slices.IndexFunc(c.Accounts, func(a Account) bool { return a.ID == k.AccountID }); at >= 0 && to.state.Load() == nil {
			s.putAccount(&c.Accounts[at])
		}
		s.moveCredential(place, k)
	}
}

// moveApp makes an app a member of another account.
func (s *Cache) moveApp(m *app, to *account) {
	former := m.owner
	if former == to {
		return
	}
	m.leave()
	m.owner, to.members = to, append(to.members, m)
	s.staleLists[former], s.staleLists[to] = true, true
	if c := m.cell.Load(); c != nil {
		next := &cell{app: c.app} // with the subscriptions as they were: the app's state is put next
		next.app.AccountID = to.id
		next.self[0] = &next.app
		m.cell.Store(next)
	}
	s.sweepAccount(former)
}

// moveCredential replaces the place of a credential by one of the account that it belongs
// to by now, and returns it; the same place if that is the same account. Readers find
// either the one or the other whole.
func (s *Cache) moveCredential(place *slot, k *Credential) *slot {
	before := place.key.Load()
	if before.AccountID == k.AccountID || place.app == nil {
		return place
	}
	next := &slot{account: s.accountAt(k.AccountID), app: place.app}
	next.account.keys++
	next.used.Store(place.used.Load())
	s.fillCredential(&next.first, k)
	next.key.Store(&next.first)
	s.moveApp(place.app, next.account)
	sh := s.shard(k.Username)
	sh.mu.Lock()
	sh.slots[k.Username] = next
	sh.mu.Unlock()
	if s.budget.max > 0 {
		s.clock.add(next)
	}
	place.key.Store(nil) // for the clock hand, and for a reader who has just found it
	place.account.keys--
	s.sweepAccount(place.account)
	return next
}
