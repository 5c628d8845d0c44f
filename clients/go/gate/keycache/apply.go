package keycache

import (
	"github.com/google/uuid"
)

// Apply applies a change. Changes must come in the order of their positions. When
// it returns, Facts returns no older state of what the change names, and no Fill
// that began before brings one back.
func (s *Cache) Apply(c *Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touch(c)
	if c.Catalogue != nil {
		s.putCatalogue(c.Catalogue)
	}
	s.moveAll(c)
	for i := range c.Accounts {
		if a := &c.Accounts[i]; s.budget.max == 0 || s.accounts[a.ID] != nil {
			s.putAccount(a)
		}
	}
	for i := range c.Apps {
		if a := &c.Apps[i]; s.keepsApp(a) {
			s.putApp(a)
			s.sweepApp(a.ID, s.apps[a.ID]) // nothing may need it where it has gone
		}
	}
	for i := range c.Credentials {
		k := &c.Credentials[i]
		if s.budget.max == 0 || s.find(k.Username) != nil {
			s.putCredential(k, s.complete)
		}
		s.absences.Remove(k.Username)
	}
	s.drop(c)
	s.rebuildLists()
	if c.Position > s.position.Load() {
		s.position.Store(c.Position)
	}
}

func (s *Cache) drop(c *Change) {
	for _, id := range c.GoneCredentials {
		s.dropCredential(id)
	}
	for _, id := range c.GoneApps {
		s.dropApp(id)
	}
	for _, id := range c.GoneAccounts {
		s.dropAccount(id)
	}
}

// touch records what a change names, for the fills under way.
func (s *Cache) touch(c *Change) {
	note := func(id uuid.UUID) { s.touched.note(id, c.Position) }
	for _, a := range c.Accounts {
		note(a.ID)
	}
	for _, a := range c.Apps {
		note(a.ID)
		s.lists.note(a.AccountID, c.Position)
	}
	for _, k := range c.Credentials {
		note(k.ID)
		note(k.Username)
	}
	for _, gone := range [][]uuid.UUID{c.GoneAccounts, c.GoneApps, c.GoneCredentials} {
		for _, id := range gone {
			note(id)
		}
	}
}
