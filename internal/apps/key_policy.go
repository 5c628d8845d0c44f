package apps

import (
	"context"
	"time"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/ent/db/predicate"
	"portico/internal/domain"
	"portico/internal/viewer"
)

// keyPolicy is what an organization asks of the lives of its credentials. Those that are
// there already it does not bind: a credential outside of it is found and shown, and
// stays valid.
type keyPolicy struct {
	Longest, Rotate keyDays
}

// keyDays is a domain.KeyLife as part of a filter: statements are kept by the JSON of
// their filter only where no tag can leave a field out.
type keyDays struct{ Development, Staging, Production *int }

func (k keyDays) in(e access.Environment) *int { return domain.KeyLife(k).In(e) }

func policyOf(v viewer.Viewer) keyPolicy {
	return keyPolicy{Longest: keyDays(v.Policy.LongestKeyLife), Rotate: keyDays(v.Policy.RotateKeysEvery)}
}

const day = 24 * time.Hour

// RotationDueAt returns when a credential is due for rotation, nil for never: so are those
// that nobody can use any more, and those that are being rotated.
func (svc *Service) RotationDueAt(ctx context.Context, c *db.Credential) *time.Time {
	return policyOf(viewer.Current(ctx)).rotationDueAt(c)
}

// OutOfPolicy reports whether the organization's policy asks for another credential in
// place of one.
func (svc *Service) OutOfPolicy(ctx context.Context, c *db.Credential) bool {
	return policyOf(viewer.Current(ctx)).isBroken(c, svc.clock.Now())
}

func usable(c *db.Credential) bool {
	return c.Status == access.CredentialActive || c.Status == access.CredentialDisabled
}

func (p keyPolicy) rotationDueAt(c *db.Credential) *time.Time {
	days := p.Rotate.in(c.Environment)
	if days == nil || !usable(c) || c.RotatedAt != nil {
		return nil
	}
	return new(c.CreatedAt.Add(time.Duration(*days) * day))
}

func (p keyPolicy) isBroken(c *db.Credential, now time.Time) bool {
	if !usable(c) {
		return false
	}
	if due := p.rotationDueAt(c); due != nil && !due.After(now) {
		return true
	}
	days := p.Longest.in(c.Environment)
	return days != nil && (c.ExpiresAt == nil || c.ExpiresAt.After(now.Add(time.Duration(*days)*day)))
}

// broken matches the credentials for which isBroken is true at a time.
func (p keyPolicy) broken(now time.Time) predicate.Credential {
	none := inStatus(nil, now)
	any := []predicate.Credential{none}
	for _, e := range []access.Environment{access.Development, access.Staging, access.Production} {
		here := credential.EnvironmentEQ(e)
		if days := p.Rotate.in(e); days != nil {
			any = append(any, credential.And(here, credential.RotatedAtIsNil(), credential.CreatedAtLTE(now.Add(-time.Duration(*days)*day))))
		}
		if days := p.Longest.in(e); days != nil {
			latest := now.Add(time.Duration(*days) * day)
			any = append(any, credential.And(here, credential.Or(credential.ExpiresAtIsNil(), credential.ExpiresAtGT(latest))))
		}
	}
	return credential.And(inStatus([]access.CredentialStatus{access.CredentialActive, access.CredentialDisabled}, now), credential.Or(any...))
}
