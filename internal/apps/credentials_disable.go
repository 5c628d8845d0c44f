package apps

import (
	"context"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/policy"
)

// DisableKey disables a credential. A disabled one is returned unchanged, unless its
// owner has disabled it and the viewer is staff: it is disabled by staff from then on, so
// that its owner can no longer enable it.
func (svc *Service) DisableKey(ctx context.Context, id string, reason *string) (*db.Credential, error) {
	return svc.toggleCredential(ctx, id, reason, lifecycle.Disable)
}

// EnableKey enables a disabled credential. An active one is returned unchanged;
// a revoked one is KEY_REVOKED, as revocation is permanent, and one that staff have
// disabled is WRONG_STATUS to everybody else.
func (svc *Service) EnableKey(ctx context.Context, id string, reason *string) (*db.Credential, error) {
	return svc.toggleCredential(ctx, id, reason, lifecycle.Enable)
}

func (svc *Service) toggleCredential(ctx context.Context, id string, reason *string, a lifecycle.CredentialAction) (*db.Credential, error) {
	if err := input.CheckReason("reason", reason); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Credential, error) {
		c, err := lockCredential(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		to := toggled(tx, a)
		if c.Status == to.status && !(c.DisabledByOwner && tx.Viewer.ActsForOrganization()) {
			return c, change.Refusal(policy.Decide(tx.Viewer, onCredential(c, a).WithoutConditions()))
		}
		if err := authorizeCredential(tx, c, a); err != nil {
			return nil, err
		}
		before := c.DisabledBy()
		u := tx.Credential.UpdateOne(c).SetStatus(to.status).SetDisabledByOwner(to.byOwner).SetUpdatedAt(tx.Now).AddVersion(1)
		var d change.Diff
		d.Add("status", c.Status, to.status)
		d.Add("disabledBy", before, to.by)
		e := CredentialEvent(to.event, c, d.Changes)
		e.Reason = input.OrZero(reason)
		tx.Record(e)
		return u.Save(ctx)
	})
}

// toggle is what enabling or disabling makes of a credential.
type toggle struct {
	status  access.CredentialStatus
	by      *domain.DisabledBy
	byOwner bool
	event   eventlog.Type
}

func toggled(tx *change.Tx, a lifecycle.CredentialAction) toggle {
	switch {
	case a == lifecycle.Enable:
		return toggle{status: access.CredentialActive, event: eventlog.CredentialEnabled}
	case tx.Viewer.ActsForOrganization():
		return toggle{status: access.CredentialDisabled, by: new(domain.DisabledByStaff), event: eventlog.CredentialDisabled}
	}
	return toggle{status: access.CredentialDisabled, by: new(domain.DisabledByOwner), byOwner: true, event: eventlog.CredentialDisabled}
}
