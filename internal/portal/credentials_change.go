package portal

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// lockCredential reads a credential in its present status and locks it.
func (c *change) lockCredential(ctx context.Context, id string) (*db.Credential, error) {
	keyID, err := decode(nodeid.Credential, id)
	if err != nil {
		return nil, err
	}
	k, err := lockForUpdate(c, c.Credential.Query().Where(credential.ID(keyID))).Only(ctx)
	if err != nil {
		return nil, err
	}
	k.Status = k.Status.At(c.now, k.ExpiresAt)
	return k, nil
}

// authorizeCredential asks the policy about an action on a credential. A
// refusal because of its status is a problem of the input.
func (c *change) authorizeCredential(k *db.Credential, a lifecycle.CredentialAction) error {
	d := policy.Decide(c.viewer, policy.CredentialAction(a), credentialObject(k, a))
	if !d.Is(policy.Status) {
		return decisionError(d)
	}
	code := fault.WrongStatus
	switch k.Status {
	case lifecycle.CredentialRevoked:
		code = fault.KeyRevoked
	case lifecycle.CredentialExpired:
		code = fault.KeyExpired
	}
	return fault.Input(code, "credentialId", *d.Message, fault.Param{Name: "status", Value: string(k.Status)})
}

func credentialObject(k *db.Credential, a lifecycle.CredentialAction) policy.Object {
	return policy.Object{OrganizationID: k.OrganizationID, AccountID: k.AccountID, Credential: k.Status, CredentialAction: a}
}

// UpdateKeyInput is the input of UpdateKey.
type UpdateKeyInput struct {
	CredentialID      string
	Version           *int
	Name              Patch[string]
	ExpiresAt         Patch[time.Time]
	Access            Patch[domain.Access]
	AccessControlList Patch[[]string]
	AllowedAddresses  Patch[[]string]
	RateLimit         Patch[domain.RateLimit]
}

// UpdateKey changes a credential's name, expiry, access or limits. A revoked or
// expired one is KEY_REVOKED or KEY_EXPIRED.
func (p *Portal) UpdateKey(ctx context.Context, in UpdateKeyInput) (out *db.Credential, err error) {
	if err := fault.Collect(
		checkLine("name", in.Name.or(""), maxShort),
		future("expiresAt", in.ExpiresAt.Value, p.clock.Now()),
		in.Access.required("access"),
		checkAccessList(in.AccessControlList.or(nil)),
		checkAddresses("allowedAddresses", in.AllowedAddresses.or(nil)),
		checkRateLimit(in.RateLimit.Value),
	); err != nil {
		return nil, err
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		k, err := c.lockCredential(ctx, in.CredentialID)
		if err != nil {
			return err
		}
		if err := c.authorizeCredential(k, lifecycle.Update); err != nil {
			return err
		}
		if err := checkVersion(in.Version, k.Version); err != nil {
			return err
		}
		out, err = c.patchCredential(ctx, k, in)
		return err
	})
	return out, err
}

func (c *change) patchCredential(ctx context.Context, k *db.Credential, in UpdateKeyInput) (*db.Credential, error) {
	u := c.Credential.UpdateOne(k)
	var d diff
	if in.Name.Set {
		d.add("name", k.Name, in.Name.or(""))
		u.SetName(in.Name.or(""))
	}
	if in.ExpiresAt.Set {
		end, err := c.limitCredentialLife(in.ExpiresAt.Value, k.Environment)
		if err != nil {
			return nil, err
		}
		d.add("expiresAt", k.ExpiresAt, end)
		if u.SetNillableExpiresAt(end).ClearExpiryRecordedAt(); end == nil {
			u.ClearExpiresAt()
		}
	}
	if err := c.patchAccess(ctx, u, k, in, &d); err != nil {
		return nil, err
	}
	credentialLimit(u, k, in, &d)
	if d.changes == nil {
		return k, nil
	}
	c.record(credentialEvent(eventlog.CredentialUpdated, k, d.changes))
	return u.AddVersion(1).SetUpdatedAt(c.now).Save(ctx)
}

func productIDs(ids []uuid.UUID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = nodeid.Encode(nodeid.Product, id)
	}
	return out
}

// RevokeKey revokes a credential permanently. A revoked one is returned
// unchanged, without another event.
func (p *Portal) RevokeKey(ctx context.Context, id string, reason *domain.RevocationReason, note *string) (out *db.Credential, err error) {
	if err := checkReason("note", note); err != nil {
		return nil, err
	}
	why := valueOr(reason, domain.Unspecified)
	if why == domain.AppDeleted || why == domain.AccountDeleted {
		return nil, fault.Input(fault.InvalidValue, "reason", "Only Portico gives this reason.")
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		k, err := c.lockCredential(ctx, id)
		if err != nil {
			return err
		}
		if k.Status == lifecycle.CredentialRevoked {
			out = k
			return decisionError(policy.Decide(c.viewer, policy.CredentialAction(lifecycle.Revoke), credentialObject(k, "")))
		}
		if err := c.authorizeCredential(k, lifecycle.Revoke); err != nil {
			return err
		}
		if err := c.revokeAll(ctx, []*db.Credential{k}, why, deref(note)); err != nil {
			return err
		}
		out, err = c.Credential.Get(ctx, k.ID)
		return err
	})
	return out, err
}

// revokeAll revokes those credentials that are not revoked yet.
func (c *change) revokeAll(ctx context.Context, keys []*db.Credential, why domain.RevocationReason, note string) error {
	var ids []uuid.UUID
	for _, k := range keys {
		if k.Status == lifecycle.CredentialRevoked {
			continue
		}
		ids = append(ids, k.ID)
		e := credentialEvent(eventlog.CredentialRevoked, k, []domain.Change{
			{Field: "status", Before: text(k.Status), After: text(lifecycle.CredentialRevoked)},
			{Field: "revokedReason", After: text(why)},
		})
		e.Reason = note
		c.record(e)
	}
	if ids == nil {
		return nil
	}
	u := c.Credential.Update().Where(credential.IDIn(ids...), credential.StatusNEQ(lifecycle.CredentialRevoked)).
		SetStatus(lifecycle.CredentialRevoked).SetRevokedAt(c.now).SetRevokedReason(why).SetRevokedNote(note).
		SetUpdatedAt(c.now).AddVersion(1)
	if c.viewer.SignedIn() {
		u.SetRevokedBy(c.viewer.UserID)
	}
	n, err := u.Save(ctx)
	if err == nil && n != len(ids) {
		return fault.Conflict("Somebody else has changed a key meanwhile; try again.")
	}
	return err
}

// DisableKey disables a credential. A disabled one is returned unchanged.
func (p *Portal) DisableKey(ctx context.Context, id string, reason *string) (*db.Credential, error) {
	return p.toggleCredential(ctx, id, reason, lifecycle.Disable, lifecycle.CredentialDisabled, eventlog.CredentialDisabled)
}

// EnableKey enables a disabled credential. An active one is returned unchanged;
// a revoked one is KEY_REVOKED, as revocation is permanent.
func (p *Portal) EnableKey(ctx context.Context, id string, reason *string) (*db.Credential, error) {
	return p.toggleCredential(ctx, id, reason, lifecycle.Enable, lifecycle.CredentialActive, eventlog.CredentialEnabled)
}

func (p *Portal) toggleCredential(ctx context.Context, id string, reason *string, a lifecycle.CredentialAction, to lifecycle.CredentialStatus, t eventlog.Type) (out *db.Credential, err error) {
	if err := checkReason("reason", reason); err != nil {
		return nil, err
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		k, err := c.lockCredential(ctx, id)
		if err != nil {
			return err
		}
		if k.Status == to {
			out = k
			return decisionError(policy.Decide(c.viewer, policy.CredentialAction(a), credentialObject(k, "")))
		}
		if err := c.authorizeCredential(k, a); err != nil {
			return err
		}
		e := credentialEvent(t, k, []domain.Change{{Field: "status", Before: text(k.Status), After: text(to)}})
		e.Reason = deref(reason)
		c.record(e)
		out, err = c.Credential.UpdateOne(k).SetStatus(to).SetUpdatedAt(c.now).AddVersion(1).Save(ctx)
		return err
	})
	return out, err
}
