package apps

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// lockCredential reads a credential in its present status and locks it.
func lockCredential(ctx context.Context, tx *change.Tx, id string) (*db.Credential, error) {
	keyID, err := input.DecodeID(nodeid.Credential, id)
	if err != nil {
		return nil, err
	}
	c, err := change.LockRowForUpdate(ctx, tx, tx.Credential, keyID)
	if err != nil {
		return nil, err
	}
	c.Status = c.Status.At(tx.Now, c.ExpiresAt)
	return c, nil
}

// authorizeCredential asks the policy about an action on a credential. A
// refusal because of its status is a problem of the input.
func authorizeCredential(tx *change.Tx, c *db.Credential, a lifecycle.CredentialAction) error {
	return credentialRefusal(c, policy.Decide(tx.Viewer, onCredential(c, a)))
}

// credentialRefusal returns the error for a decision about a credential; nil if it is
// allowed. A refusal because of its status is a problem of the input.
func credentialRefusal(c *db.Credential, d policy.Decision) error {
	if !d.Is(policy.Status) {
		return change.Refusal(d)
	}
	code := fault.WrongStatus
	switch c.Status {
	case access.CredentialRevoked:
		code = fault.KeyRevoked
	case access.CredentialExpired:
		code = fault.KeyExpired
	}
	return fault.Input(code, "credentialId", *d.Message, fault.Param{Name: "status", Value: string(c.Status)})
}

func onCredential(c *db.Credential, a lifecycle.CredentialAction) policy.Request {
	return policy.OnCredential(a, c.OrganizationID, c.AccountID, c.Environment, c.Status, c.DisabledByOwner)
}

// UpdateKeyInput is the input of UpdateKey.
type UpdateKeyInput struct {
	CredentialID      string
	Version           *int
	Name              input.Patch[string]
	Labels            input.Patch[[]domain.Label]
	ExpiresAt         input.Patch[time.Time]
	Access            input.Patch[access.ProductAccess]
	AccessControlList input.Patch[[]string]
	AllowedAddresses  input.Patch[[]string]
	RateLimit         input.Patch[access.RateLimit]
}

// UpdateKey changes a credential's name, labels, expiry, access or limits. A revoked or
// expired one is KEY_REVOKED or KEY_EXPIRED.
func (svc *Service) UpdateKey(ctx context.Context, in UpdateKeyInput) (*db.Credential, error) {
	if err := fault.Collect(
		input.CheckLine("name", in.Name.Or(""), input.MaxShort),
		input.CheckLabels("labels", in.Labels.Or(nil)),
		input.CheckFuture("expiresAt", in.ExpiresAt.Value, svc.clock.Now()),
		in.Access.Required("access"),
		checkAccessList(in.AccessControlList.Or(nil)),
		checkAddresses("allowedAddresses", in.AllowedAddresses.Or(nil)),
		input.CheckRateLimit(in.RateLimit.Value),
	); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Credential, error) {
		c, err := lockCredential(ctx, tx, in.CredentialID)
		if err != nil {
			return nil, err
		}
		if err := authorizeCredential(tx, c, lifecycle.Update); err != nil {
			return nil, err
		}
		if err := change.CheckVersion(in.Version, c.Version); err != nil {
			return nil, err
		}
		return patchCredential(ctx, tx, c, in)
	})
}

func patchCredential(ctx context.Context, tx *change.Tx, c *db.Credential, in UpdateKeyInput) (*db.Credential, error) {
	u := tx.Credential.UpdateOne(c)
	var d change.Diff
	if in.Name.Set {
		d.Add("name", c.Name, in.Name.Or(""))
		u.SetName(in.Name.Or("")).SetNameFolded(domain.Fold(in.Name.Or("")))
	}
	labelCredential(u, c, in.Labels, &d)
	if in.ExpiresAt.Set {
		if err := patchExpiry(ctx, tx, u, c, in.ExpiresAt.Value, &d); err != nil {
			return nil, err
		}
	}
	if err := patchAccess(ctx, tx, u, c, in, &d); err != nil {
		return nil, err
	}
	credentialLimit(u, c, in, &d)
	if d.Changes == nil {
		return c, nil
	}
	tx.Record(CredentialEvent(eventlog.CredentialUpdated, c, d.Changes))
	return u.AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
}

// RevokeKey revokes a credential permanently. A revoked one is returned
// unchanged, without another event.
func (svc *Service) RevokeKey(ctx context.Context, id string, reason *domain.RevocationReason, note *string) (*db.Credential, error) {
	if err := input.CheckReason("note", note); err != nil {
		return nil, err
	}
	why := input.Or(reason, domain.Unspecified)
	if err := checkRevocation(why); err != nil {
		return nil, err
	}
	keyID, err := input.DecodeID(nodeid.Credential, id)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Credential, error) {
		c, err := lockOneToRevoke(ctx, tx, keyID)
		if err != nil {
			return nil, err
		}
		if err := authorizeRevocation(tx, c); err != nil || c.Status == access.CredentialRevoked {
			return c, err
		}
		if err := revokeAll(ctx, tx, []*db.Credential{c}, why, input.OrZero(note)); err != nil {
			return nil, err
		}
		return tx.Credential.Get(ctx, c.ID)
	})
}

// checkRevocation returns an error for a reason that nobody can give.
func checkRevocation(why domain.RevocationReason) error {
	if why == domain.AppDeleted || why == domain.AccountDeleted {
		return fault.Input(fault.InvalidValue, "reason", "This reason is reserved for Portico itself.")
	}
	return nil
}

// revokeAll revokes those credentials that are not revoked yet.
func revokeAll(ctx context.Context, tx *change.Tx, credentials []*db.Credential, why domain.RevocationReason, note string) error {
	var ids []uuid.UUID
	for _, c := range credentials {
		if c.Status == access.CredentialRevoked {
			continue
		}
		ids = append(ids, c.ID)
		e := CredentialEvent(eventlog.CredentialRevoked, c, append([]domain.Change{
			{Field: "status", Before: domain.Text(c.Status), After: domain.Text(access.CredentialRevoked)},
			{Field: "revokedReason", After: domain.Text(why)},
		}, rotationsOf(c)...))
		e.Reason = note
		tx.Record(e)
	}
	if ids == nil {
		return nil
	}
	u := tx.Credential.Update().Where(credential.IDIn(ids...), credential.StatusNEQ(access.CredentialRevoked)).
		SetStatus(access.CredentialRevoked).SetDisabledByOwner(false).SetRevokedAt(tx.Now).SetRevokedReason(why).SetRevokedNote(note).
		SetUpdatedAt(tx.Now).AddVersion(1)
	if tx.Viewer.SignedIn() {
		u.SetRevokedBy(tx.Viewer.UserID)
	}
	n, err := u.Save(ctx)
	if err == nil && n != len(ids) {
		return change.Overtaken(fault.Conflict("Somebody else has changed a key meanwhile; try again."))
	}
	if err != nil {
		return err
	}
	return noticePredecessors(ctx, tx, credentials)
}

// noticePredecessors lets the notices of an expiry begin for those whose successor is
// revoked: nothing takes their place any more.
func noticePredecessors(ctx context.Context, tx *change.Tx, revoked []*db.Credential) error {
	var ids []uuid.UUID
	for _, c := range revoked {
		if c.PredecessorID != nil {
			ids = append(ids, *c.PredecessorID)
		}
	}
	if ids == nil {
		return nil
	}
	return tx.Credential.Update().Where(credential.IDIn(ids...), credential.StatusNEQ(access.CredentialRevoked), credential.RotatedAtNotNil()).
		ClearExpiryNotice().ClearStillUsedFrom().Exec(ctx)
}
