package apps

import (
	"context"
	"time"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/fault"
	"portico/internal/lifecycle"
)

// patchExpiry changes when a credential expires; nil for never, or the longest life. Of
// one that is being rotated it moves the end of the overlap. Of one whose successor was
// revoked it undoes the rotation.
func patchExpiry(ctx context.Context, tx *change.Tx, u *db.CredentialUpdateOne, c *db.Credential, to *time.Time, d *change.Diff) error {
	rotated, err := beingRotated(ctx, tx, c)
	if err != nil {
		return err
	}
	if rotated {
		if err := checkOverlapEnd(c, to); err != nil {
			return err
		}
	}
	end, err := limitCredentialLife(tx, to, c.Environment)
	if err != nil {
		return err
	}
	d.Add("expiresAt", c.ExpiresAt, end)
	if rotated {
		setOverlap(u, *c.RotatedAt, *end)
		return nil
	}
	d.Add("successor", credentialID(c.SuccessorID), nil)
	setExpiry(u, tx.Now, end)
	u.ClearSuccessorID().ClearRotatedAt().ClearExpiresUnrotatedAt().ClearStillUsedFrom()
	return nil
}

// checkOverlapEnd requires an end of the overlap that is neither too long after the
// rotation nor after the end that the credential would have had without one.
func checkOverlapEnd(c *db.Credential, to *time.Time) error {
	latest := c.RotatedAt.Add(lifecycle.MaxOverlap)
	if own := unrotatedEnd(c); own != nil && own.Before(latest) {
		latest = *own
	}
	if to == nil || to.After(latest) {
		at := latest.UTC().Format(time.RFC3339)
		return fault.Input(fault.TooFar, "expiresAt", "The key is being rotated and ends at "+at+" at the latest.", fault.Param{Name: "max", Value: at})
	}
	return nil
}

// setExpiry sets when a credential expires; nil for never. Notices of the new expiry
// begin with the next one that comes due.
func setExpiry(u *db.CredentialUpdateOne, now time.Time, end *time.Time) {
	if u.SetNillableExpiresAt(end).ClearExpiryRecordedAt(); end == nil {
		u.ClearExpiresAt()
	}
	if notice := lifecycle.ExpiryNotice(now, end); notice != nil {
		u.SetExpiryNotice(*notice)
	} else {
		u.ClearExpiryNotice()
	}
}
