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
	d := policy.Decide(tx.Viewer, onCredential(c, a))
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
	return policy.OnCredential(a, c.OrganizationID, c.AccountID, c.Status)
}

// UpdateKeyInput is the input of UpdateKey.
type UpdateKeyInput struct {
	CredentialID      string
	Version           *int
	Name              input.Patch[string]
	ExpiresAt         input.Patch[time.Time]
	Access            input.Patch[access.ProductAccess]
	AccessControlList input.Patch[[]string]
	AllowedAddresses  input.Patch[[]string]
	RateLimit         input.Patch[access.RateLimit]
}

// UpdateKey changes a credential's name, expiry, access or limits. A revoked or
// expired one is KEY_REVOKED or KEY_EXPIRED.
func (svc *Service) UpdateKey(ctx context.Context, in UpdateKeyInput) (*db.Credential, error) {
	if err := fault.Collect(
		input.CheckLine("name", in.Name.Or(""), input.MaxShort),
		future("expiresAt", in.ExpiresAt.Value, svc.clock.Now()),
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
		u.SetName(in.Name.Or(""))
	}
	if in.ExpiresAt.Set {
		end, err := limitCredentialLife(tx, in.ExpiresAt.Value, c.Environment)
		if err != nil {
			return nil, err
		}
		d.Add("expiresAt", c.ExpiresAt, end)
		if u.SetNillableExpiresAt(end).ClearExpiryRecordedAt(); end == nil {
			u.ClearExpiresAt()
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
	if why == domain.AppDeleted || why == domain.AccountDeleted {
		return nil, fault.Input(fault.InvalidValue, "reason", "This reason is reserved for Portico itself.")
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Credential, error) {
		c, err := lockCredential(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if c.Status == access.CredentialRevoked {
			return c, change.Refusal(policy.Decide(tx.Viewer, onCredential(c, lifecycle.Revoke).WithoutConditions()))
		}
		if err := authorizeCredential(tx, c, lifecycle.Revoke); err != nil {
			return nil, err
		}
		if err := revokeAll(ctx, tx, []*db.Credential{c}, why, input.OrZero(note)); err != nil {
			return nil, err
		}
		return tx.Credential.Get(ctx, c.ID)
	})
}

// revokeAll revokes those credentials that are not revoked yet.
func revokeAll(ctx context.Context, tx *change.Tx, credentials []*db.Credential, why domain.RevocationReason, note string) error {
	var ids []uuid.UUID
	for _, c := range credentials {
		if c.Status == access.CredentialRevoked {
			continue
		}
		ids = append(ids, c.ID)
		e := CredentialEvent(eventlog.CredentialRevoked, c, []domain.Change{
			{Field: "status", Before: domain.Text(c.Status), After: domain.Text(access.CredentialRevoked)},
			{Field: "revokedReason", After: domain.Text(why)},
		})
		e.Reason = note
		tx.Record(e)
	}
	if ids == nil {
		return nil
	}
	u := tx.Credential.Update().Where(credential.IDIn(ids...), credential.StatusNEQ(access.CredentialRevoked)).
		SetStatus(access.CredentialRevoked).SetRevokedAt(tx.Now).SetRevokedReason(why).SetRevokedNote(note).
		SetUpdatedAt(tx.Now).AddVersion(1)
	if tx.Viewer.SignedIn() {
		u.SetRevokedBy(tx.Viewer.UserID)
	}
	n, err := u.Save(ctx)
	if err == nil && n != len(ids) {
		return fault.Conflict("Somebody else has changed a key meanwhile; try again.")
	}
	return err
}

// DisableKey disables a credential. A disabled one is returned unchanged.
func (svc *Service) DisableKey(ctx context.Context, id string, reason *string) (*db.Credential, error) {
	return svc.toggleCredential(ctx, id, reason, lifecycle.Disable, access.CredentialDisabled, eventlog.CredentialDisabled)
}

// EnableKey enables a disabled credential. An active one is returned unchanged;
// a revoked one is KEY_REVOKED, as revocation is permanent.
func (svc *Service) EnableKey(ctx context.Context, id string, reason *string) (*db.Credential, error) {
	return svc.toggleCredential(ctx, id, reason, lifecycle.Enable, access.CredentialActive, eventlog.CredentialEnabled)
}

func (svc *Service) toggleCredential(ctx context.Context, id string, reason *string, a lifecycle.CredentialAction, to access.CredentialStatus, t eventlog.Type) (*db.Credential, error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Credential, error) {
		c, err := lockCredential(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if c.Status == to {
			return c, change.Refusal(policy.Decide(tx.Viewer, onCredential(c, a).WithoutConditions()))
		}
		if err := authorizeCredential(tx, c, a); err != nil {
			return nil, err
		}
		e := CredentialEvent(t, c, []domain.Change{{Field: "status", Before: domain.Text(c.Status), After: domain.Text(to)}})
		e.Reason = input.OrZero(reason)
		tx.Record(e)
		return tx.Credential.UpdateOne(c).SetStatus(to).SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
	})
}
