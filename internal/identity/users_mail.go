package identity

import (
	"context"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/policy"
)

// UpdateMailPreferences changes what letters to the viewer may say.
func (svc *Service) UpdateMailPreferences(ctx context.Context, keyNames input.Patch[bool]) (*db.User, error) {
	if err := keyNames.Required("keyNames"); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.User, error) {
		if err := tx.Authorize(policy.ChangeMailPreferences(tx.OrganizationID())); err != nil {
			return nil, err
		}
		u, err := change.LockRowForUpdate(ctx, tx, tx.User, tx.Viewer.UserID)
		if err != nil {
			return nil, err
		}
		save := tx.User.UpdateOne(u)
		var d change.Diff
		change.SetBool(&d, "keyNamesInMail", u.KeyNamesInMail, keyNames, func(v bool) { save.SetKeyNamesInMail(v) })
		if d.Changes == nil {
			return u, nil
		}
		tx.Record(userEvent(eventlog.UserMailPreferencesChanged, u, d.Changes))
		return save.AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
	})
}
