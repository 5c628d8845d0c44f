package gateway

import (
	"context"

	"github.com/google/uuid"
)

// Follows reports whether an organization's copy may be asked.
func (g *Verifier) Follows(organization uuid.UUID) bool {
	t := g.lookUpFollower(organization)
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
func (g *Verifier) LoadNew(ctx context.Context) error { return g.loadNew(ctx) }

// Forget ends an organization's copy, as when its log cannot be followed on.
func (g *Verifier) Forget(organization uuid.UUID) {
	if t := g.lookUpFollower(organization); t != nil {
		g.dropFollower(t)
	}
}
