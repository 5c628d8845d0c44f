package apps

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/accessentry"
	"portico/ent/db/credential"
	"portico/internal/apikey"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
)

// A request for a key that is approved makes a credential without a secret, or changes the
// access control list of one. These are the steps of package requests, which has asked the
// policy.

// CreateUncollected makes a credential of an app that reaches some products, and has no
// secret until CollectSecret makes it: gateways do not know it. Its life begins then, too.
func (svc *Service) CreateUncollected(ctx context.Context, tx *change.Tx, a *db.App, name string, e access.Environment, products []uuid.UUID) (*db.Credential, error) {
	named, err := svc.mint(tx.Viewer.Policy.KeyPrefix)
	if err != nil {
		return nil, err
	}
	created, err := tx.Credential.Create().SetOrganizationID(a.OrganizationID).SetAccountID(a.AccountID).SetAppID(a.ID).
		SetUsername(named.Username).SetStatus(access.CredentialUncollected).SetName(name).SetNameFolded(domain.Fold(name)).
		SetEnvironment(e).SetAccess(access.ListedProducts).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return nil, err
	}
	tx.Record(CredentialCreated(created, products))
	return created, createAccessList(ctx, tx, created, products)
}

// CollectSecret makes the secret of a locked credential that has none. It is in the result
// and is stored nowhere. The expiry is the latest that the organization allows.
func (svc *Service) CollectSecret(ctx context.Context, tx *change.Tx, c *db.Credential) (*db.Credential, *apikey.Secret, error) {
	if c.Status != access.CredentialUncollected {
		return nil, nil, change.WrongStatus("keyRequestId", "The key is "+string(c.Status)+".", string(c.Status))
	}
	secret, err := apikey.MintFor(tx.Viewer.Policy.KeyPrefix, c.Username)
	if err != nil {
		return nil, nil, err
	}
	id, pepper := svc.peppers.Pepper()
	end := latestEnd(tx, c.Environment)
	n, err := tx.Credential.Update().Where(credential.ID(c.ID), credential.StatusEQ(access.CredentialUncollected), credential.Version(c.Version)).
		SetStatus(access.CredentialActive).SetPepperID(id).SetSecretHash(apikey.Hash(pepper, secret.Username, secret.Password)).
		SetSecretHint(apikey.Hint(secret.Password)).SetRawKeyHint(apikey.RawHint(secret.RawKey)).
		SetNillableExpiresAt(end).SetNillableExpiryNotice(lifecycle.ExpiryNotice(tx.Now, end)).
		SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
	if err := change.ExpectOneRow(n, err); err != nil {
		return nil, nil, err
	}
	tx.Record(CredentialEvent(eventlog.CredentialCollected, c, append([]domain.Change{
		{Field: "status", Before: domain.Text(c.Status), After: domain.Text(access.CredentialActive)},
	}, change.Attributes("expiresAt", end)...)))
	after, err := tx.Credential.Get(ctx, c.ID)
	return after, &secret, err
}

// CheckAccess refuses to add products to the access control list of a credential of an app,
// and to take others from it, as long as the credential cannot be changed or its list would
// be too long. field names the credential in the input.
func CheckAccess(ctx context.Context, tx *change.Tx, c *db.Credential, field string, add, remove []uuid.UUID) error {
	if d := c.Status.At(tx.Now, c.ExpiresAt); d != access.CredentialActive && d != access.CredentialDisabled {
		code := fault.WrongStatus
		switch d {
		case access.CredentialRevoked:
			code = fault.KeyRevoked
		case access.CredentialExpired:
			code = fault.KeyExpired
		}
		return fault.Input(code, field, "The key cannot be changed any more.", fault.Param{Name: "status", Value: string(d)})
	}
	if c.Access == access.AllProducts {
		if len(remove) > 0 {
			return fault.Input(fault.InvalidValue, "removeProductIds", "A key of ALL access has no list of products to take some from.")
		}
		return nil
	}
	_, after, err := accessAfter(ctx, tx, c, add, remove)
	if err != nil {
		return err
	}
	return fault.Within(field, input.AtMost("", len(after), maxAccessList))
}

// ChangeAccess adds products to the access control list of a locked credential, and takes
// others from it. One of ALL access stays as it is.
func ChangeAccess(ctx context.Context, tx *change.Tx, c *db.Credential, add, remove []uuid.UUID) error {
	if c.Access == access.AllProducts {
		return nil
	}
	before, after, err := accessAfter(ctx, tx, c, add, remove)
	if err != nil || slices.Equal(before, after) {
		return err
	}
	if _, err := tx.AccessEntry.Delete().Where(accessentry.CredentialID(c.ID)).Exec(ctx); err != nil {
		return err
	}
	if err := createAccessList(ctx, tx, c, after); err != nil {
		return err
	}
	var d change.Diff
	d.Add("accessControlList", input.EncodeIDs(nodeid.Product, before), input.EncodeIDs(nodeid.Product, after))
	tx.Record(CredentialEvent(eventlog.CredentialUpdated, c, d.Changes))
	return tx.Credential.UpdateOne(c).AddVersion(1).SetUpdatedAt(tx.Now).Exec(ctx)
}

// accessAfter returns the products of an access control list, and those that it has after a
// change, both sorted.
func accessAfter(ctx context.Context, tx *change.Tx, c *db.Credential, add, remove []uuid.UUID) (before, after []uuid.UUID, err error) {
	if before, err = listedProducts(ctx, tx.AccessEntry, c.ID); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(before, nodeid.Compare)
	after = slices.DeleteFunc(slices.Concat(before, add), func(id uuid.UUID) bool { return slices.Contains(remove, id) })
	slices.SortFunc(after, nodeid.Compare)
	return before, slices.Compact(after), nil
}
