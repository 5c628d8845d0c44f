package main

import (
	"context"

	"github.com/google/uuid"

	"portico/internal/auth"
	"portico/internal/keyring"
	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/portal"
)

// The adapters give package portal what it needs in the words it uses, so that
// it need not know the packages that have it.

type secrets struct{ ring *keyring.Ring }

func (s secrets) Pepper() portal.Pepper {
	k := s.ring.Current(keyring.Pepper)
	return portal.Pepper{ID: k.ID, Secret: k.Secret}
}

func (s secrets) CursorKey() paging.Key { return cursorKey(s.ring.Current(keyring.Cursor)) }

func (s secrets) CursorKeyByID(id string) (paging.Key, bool) {
	k, ok := s.ring.Lookup(keyring.Cursor, id)
	return cursorKey(k), ok
}

func cursorKey(k keyring.Key) paging.Key { return paging.Key{ID: k.ID, Secret: k.Secret} }

type passwords struct{ *auth.Passwords }

func (passwords) Check(field, password, email string) error {
	return auth.CheckPassword(field, password, email)
}

type limiter struct{ *auth.Limiter }

func (l limiter) Reserve(ctx context.Context, email, client string) (portal.Attempt, error) {
	a, err := l.Limiter.Reserve(ctx, email, client)
	if err != nil {
		return nil, err // not a, which would be an Attempt that is not nil
	}
	return a, nil
}

type addresses struct{}

func (addresses) Fold(address string) (string, error) { return auth.FoldEmail(address) }

// accountID reads the opaque id in auth.AccountHeader.
func accountID(id string) (uuid.UUID, bool) { return nodeid.Decode(nodeid.Account, id) }
