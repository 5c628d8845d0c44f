// Package adapters gives package portal what it needs in the words it uses, so
// that portal need not know the packages that have it. The program and the
// tests' fixture put portal together with them.
package adapters

import (
	"context"

	"portico/internal/address"
	"portico/internal/apps"
	"portico/internal/auth"
	"portico/internal/identity"
	"portico/internal/keyring"
	"portico/internal/paging"
)

// Secrets shows a key ring to the portal.
type Secrets struct{ Ring *keyring.Ring }

// Pepper is the one to hash new keys under.
func (s Secrets) Pepper() apps.Pepper {
	k := s.Ring.Current(keyring.Pepper)
	return apps.Pepper{ID: k.ID, Secret: k.Secret}
}

// PepperByID finds one that keys may still be hashed under.
func (s Secrets) PepperByID(id string) (apps.Pepper, bool) {
	k, ok := s.Ring.Lookup(keyring.Pepper, id)
	return apps.Pepper{ID: k.ID, Secret: k.Secret}, ok
}

// CursorKey is the one to seal new cursors with.
func (s Secrets) CursorKey() paging.Key { return cursorKey(s.Ring.Current(keyring.Cursor)) }

// CursorKeyByID finds one that is still believed.
func (s Secrets) CursorKeyByID(id string) (paging.Key, bool) {
	k, ok := s.Ring.Lookup(keyring.Cursor, id)
	return cursorKey(k), ok
}

func cursorKey(k keyring.Key) paging.Key { return paging.Key{ID: k.ID, Secret: k.Secret} }

// Peppers finds the secrets that keys are hashed under.
type Peppers struct{ Ring *keyring.Ring }

// Pepper finds one by its id.
func (p Peppers) Pepper(id string) (secret []byte, ok bool) {
	k, ok := p.Ring.Lookup(keyring.Pepper, id)
	return k.Secret, ok
}

// Passwords adds the rules for strength to the hashing.
type Passwords struct{ *auth.Passwords }

// Check refuses weak passwords.
func (Passwords) Check(field, password string, email address.Email) error {
	return auth.CheckPassword(field, password, email)
}

// Limiter returns its attempts as the portal knows them.
type Limiter struct{ *auth.Limiter }

// Reserve counts a guess before it is made.
func (l Limiter) Reserve(ctx context.Context, g identity.Guess) (identity.Attempt, error) {
	a, err := l.Limiter.Reserve(ctx, auth.Guess(g))
	if err != nil {
		return nil, err // not a, which would be an Attempt that is not nil
	}
	return a, nil
}
