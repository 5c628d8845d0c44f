package gateway

import (
	"context"

	"github.com/google/uuid"
)

// Follows reports whether an organization's copy may be asked.
func (v *Verifier) Follows(organization uuid.UUID) bool {
	t := v.lookUpFollower(organization)
	if t == nil {
		return false
	}
	select {
	case <-t.ready:
		return t.failed == nil
	default:
		return false
	}
}

// LoadNew loads what is not loaded yet.
func (v *Verifier) LoadNew(ctx context.Context) error { return v.loadNew(ctx) }

// Forget ends an organization's copy, as when its log cannot be followed on.
func (v *Verifier) Forget(organization uuid.UUID) {
	if t := v.lookUpFollower(organization); t != nil {
		v.dropFollower(t)
	}
}
