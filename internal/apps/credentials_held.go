package apps

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/internal/apikey"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/viewer"
)

// RevokeHeldKeyInput is the input of RevokeHeldKey.
type RevokeHeldKeyInput struct {
	Key apikey.Held
	// Reason is KEY_COMPROMISE if it is nil.
	Reason *domain.RevocationReason
	Note   *string
}

// RevokeHeldKey revokes a credential for whoever holds its whole API key, whatever the
// policies of the organization and the state of the account are: a key that strangers know
// is of no use to anybody. A revoked one is left unchanged, without another event. A key
// that is unknown and one with another secret are the same error, of
// fault.CodeUnauthenticated; what cannot be one is fault.CodeBadUserInput.
func (svc *Service) RevokeHeldKey(ctx context.Context, in RevokeHeldKeyInput) error {
	why := input.Or(in.Reason, domain.KeyCompromise)
	if err := fault.Collect(input.CheckReason("note", in.Note), checkRevocation(why)); err != nil {
		return err
	}
	if in.Key.Foreign != nil {
		if accepted, err := svc.acceptsImported(ctx); err != nil || !accepted {
			return cmp.Or(err, ErrNoKey())
		}
	}
	c, err := svc.heldCredential(ctx, in.Key)
	if err != nil {
		return err
	}
	if c == nil {
		svc.leaks.count(FromHolder, LeakUnknown)
		return errUnknownKey()
	}
	if c.Status == access.CredentialRevoked {
		svc.leaks.count(FromHolder, LeakRevokedBefore)
		return svc.changes.Sync(ctx, c.OrganizationID)
	}
	holder := strangerOf(c, domain.KeyHolder, viewer.Current(ctx))
	note := in.Key.Conceal(input.OrZero(in.Note))
	err = change.Exec(viewer.NewContext(ctx, holder), svc.changes, func(ctx context.Context, tx *change.Tx) error {
		c, err := lockHeld(ctx, tx, c)
		if db.IsNotFound(err) {
			return errUnknownKey() // it was purged meanwhile
		}
		if err != nil {
			return err
		}
		return revokeAll(viewer.AsSystem(ctx, c.OrganizationID), tx, []*db.Credential{c}, why, note)
	})
	if err == nil {
		svc.leaks.count(FromHolder, LeakRevoked)
	}
	return err
}

// strangerOf returns who changes a credential without being anybody of its organization:
// a name that says what is known, at an address.
func strangerOf(c *db.Credential, name string, v viewer.Viewer) viewer.Viewer {
	return viewer.Viewer{OrganizationID: c.OrganizationID, Name: name, Address: v.Address, RequestID: v.RequestID}
}

// lockHeld locks a credential, whoever makes the change, and reads it again in its present
// status.
func lockHeld(ctx context.Context, tx *change.Tx, c *db.Credential) (*db.Credential, error) {
	return lockOneToRevoke(viewer.AsSystem(ctx, c.OrganizationID), tx, c.ID)
}

func errUnknownKey() error {
	return fault.New(fault.CodeUnauthenticated, fault.ReasonWrongCredentials, "There is no such key, or its secret is another.")
}

// heldCredential is credentialOf for keys that were made elsewhere, too. Each pepper is
// tried, whether or not the key is found before the last.
func (svc *Service) heldCredential(ctx context.Context, key apikey.Held) (found *db.Credential, err error) {
	if key.Foreign == nil {
		return svc.credentialOf(ctx, key.Secret)
	}
	for _, id := range svc.peppers.PepperIDs() {
		pepper, _ := svc.peppers.PepperByID(id)
		username, password := key.Foreign.Pair(pepper)
		c, err := svc.credentialOf(ctx, apikey.Secret{Username: username, Password: password})
		if err != nil {
			return nil, err
		}
		if c != nil {
			found = c
		}
	}
	return found, nil
}

// acceptsImported reports whether any organization accepts keys that were made elsewhere.
// While none does, what has not the form of Portico's own keys cannot be one.
func (svc *Service) acceptsImported(ctx context.Context) (bool, error) {
	any, err := svc.client.Organization.Query().Where(organization.ImportedKeys(true)).Exist(viewer.AsSystem(ctx, uuid.Nil))
	return any, database.Fault(err)
}

// ErrNoKey is the error for what cannot be an API key.
func ErrNoKey() error {
	return fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue,
		"Send one key, and the whole of it: as Authorization: Bearer, as X-API-Key, or its user name and password as Basic.")
}
