package keycache

import "github.com/google/uuid"

// Fill stores what was read for one username: the credential with its app, or all
// apps of its account, and its account; or, if c has no credential, that there is
// none. since is the Position before reading began. Fill returns false if
// something of it has changed meanwhile: it must be read again.
func (s *Cache) Fill(username uuid.UUID, c *Change, since int64) bool {
	if !s.fill(username, c, since) {
		return false
	}
	s.budget.makeRoom(s.find(username))
	return true
}

func (s *Cache) fill(username uuid.UUID, c *Change, since int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return true
	}
	if s.touched.after(username, since) || s.outdated(c, since) {
		return false
	}
	if len(c.Credentials) == 0 {
		s.absences.Add(username, struct{}{})
		return true
	}
	s.putAll(c, true, func(uuid.UUID) bool { return true })
	return true
}

// FillPage stores a page of a full load, except what has changed since, which is
// newer in the Cache already. It returns false if too much has changed to know:
// the page must be read again.
func (s *Cache) FillPage(c *Change, since int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return true
	}
	if since < s.touched.forgotten {
		return false
	}
	s.putAll(c, false, func(id uuid.UUID) bool { return !s.touched.after(id, since) })
	return true
}

// putAll puts what may returns true for. With settled, c has all that its
// credentials depend on: what is not there by then does not exist.
func (s *Cache) putAll(c *Change, settled bool, may func(uuid.UUID) bool) {
	for i := range c.Accounts {
		if a := &c.Accounts[i]; may(a.ID) {
			s.putAccount(a)
		}
	}
	for i := range c.Apps {
		if a := &c.Apps[i]; may(a.ID) {
			s.putApp(a)
		}
	}
	for i := range c.Credentials { // last: a credential is visible as soon as it is put
		if k := &c.Credentials[i]; may(k.ID) {
			s.putCredential(k, settled)
		}
	}
	s.rebuildLists()
}

// outdated reports whether something that was read may have changed since.
func (s *Cache) outdated(c *Change, since int64) bool {
	for _, a := range c.Accounts {
		if s.touched.after(a.ID, since) {
			return true
		}
	}
	for _, a := range c.Apps {
		if s.touched.after(a.ID, since) {
			return true
		}
	}
	for _, k := range c.Credentials {
		if s.touched.after(k.ID, since) || s.touched.after(k.AccountID, since) {
			return true
		}
		if k.AppID != nil && s.touched.after(*k.AppID, since) || k.AppID == nil && s.lists.after(k.AccountID, since) {
			return true
		}
	}
	return false
}
