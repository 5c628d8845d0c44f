package portaltest

import (
	"context"

	"portico/internal/auth"
	"portico/internal/keyring"
	"portico/internal/paging"
	"portico/internal/portal"
)

// secrets shows a key ring to the portal.
type secrets struct{ ring *keyring.Ring }

func (s secrets) Pepper() portal.Pepper {
	k := s.ring.Current(keyring.Pepper)
	return portal.Pepper{ID: k.ID, Secret: k.Secret}
}

func (s secrets) CursorKey() paging.Key {
	k := s.ring.Current(keyring.Cursor)
	return paging.Key{ID: k.ID, Secret: k.Secret}
}

func (s secrets) CursorKeyByID(id string) (paging.Key, bool) {
	k, ok := s.ring.Lookup(keyring.Cursor, id)
	return paging.Key{ID: k.ID, Secret: k.Secret}, ok
}

// passwords adds the rules for strength to the hashing.
type passwords struct{ *auth.Passwords }

func (passwords) Check(field, password, email string) error {
	return auth.CheckPassword(field, password, email)
}

// limiter gives its attempts as the portal knows them.
type limiter struct{ *auth.Limiter }

func (l limiter) Reserve(ctx context.Context, email, client string) (portal.Attempt, error) {
	a, err := l.Limiter.Reserve(ctx, email, client)
	if err != nil {
		return nil, err // not a nil *auth.Attempt, which would not be nil
	}
	return a, nil
}

// addresses folds e-mail addresses.
type addresses struct{}

func (addresses) Fold(address string) (string, error) { return auth.FoldEmail(address) }
