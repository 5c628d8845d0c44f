package keyring

// Pepper returns the pepper for new credentials, and its id.
func (r *Ring) Pepper() (id string, secret []byte) { return r.Current(Pepper).split() }

// PepperByID returns a pepper that existing credentials may use.
func (r *Ring) PepperByID(id string) (secret []byte, ok bool) { return r.secret(Pepper, id) }

// PepperIDs returns the ids of all peppers, the newest first.
func (r *Ring) PepperIDs() []string {
	list := r.list(Pepper)
	ids := make([]string, len(list))
	for i, k := range list {
		ids[len(ids)-1-i] = k.ID
	}
	return ids
}

// CursorKey returns the key that seals new cursors, and its id.
func (r *Ring) CursorKey() (id string, secret []byte) { return r.Current(Cursor).split() }

// CursorKeyByID returns a key whose cursors are still valid.
func (r *Ring) CursorKeyByID(id string) (secret []byte, ok bool) { return r.secret(Cursor, id) }

func (k Key) split() (id string, secret []byte) { return k.ID, k.Secret }

func (r *Ring) secret(use Use, id string) ([]byte, bool) {
	k, ok := r.Lookup(use, id)
	return k.Secret, ok
}
