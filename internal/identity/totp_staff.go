package identity

import (
	"context"

	"portico/ent/db/session"
	"portico/ent/db/user"
	"portico/internal/change"
	"portico/internal/fault"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// setStaffTotp is called when the organization begins or ends to ask administrators for a
// second factor. Whoever begins it has one already, and the sessions of those who have
// none end: they set one up when they sign in.
func setStaffTotp(ctx context.Context, tx *change.Tx, asked bool) error {
	if err := tx.Authorize(policy.AskStaffForTotp(tx.OrganizationID())); err != nil || !asked {
		return err
	}
	self, err := tx.User.Get(ctx, tx.Viewer.UserID)
	if err != nil {
		return err
	}
	if self.TotpEnabledAt == nil {
		return fault.Input(fault.NotAllowed, "staffTotp", "Set up your own second factor first.")
	}
	system := viewer.AsSystem(ctx, tx.OrganizationID())
	// Locked in the order of their ids, as everywhere: a sign-in that is on its way begins
	// its session before, or finds the policy.
	without, err := change.LockForUpdate(tx, tx.User.Query().Where(user.OrganizationID(tx.OrganizationID()), user.RoleIn(staffRoles()...), user.TotpEnabledAtIsNil()).
		Order(user.ByID())).IDs(system)
	if err != nil {
		return err
	}
	return tx.Session.Update().Where(session.UserIDIn(without...), session.EndedAtIsNil(), session.ExpiresAtGT(tx.Now)).
		SetEndedAt(tx.Now).SetExpiresAt(tx.Now).Exec(system)
}
