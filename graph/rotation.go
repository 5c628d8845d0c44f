package graph

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/nodeid"
	"portico/internal/usage"
	"portico/internal/viewer"
)

// rotation returns what is known of the callers of a credential that was rotated; nil for
// others. It reads for the whole page at once.
func (r *Resolver) rotation(ctx context.Context, c *db.Credential) (*apps.RotationEvidence, error) {
	if c.SuccessorID == nil {
		return nil, nil
	}
	return value(ctx, "rotation", nodeid.Credential, c.ID, r.rotations)
}

func (r *Resolver) rotations(ctx context.Context, credentials []uuid.UUID) (map[uuid.UUID]*apps.RotationEvidence, error) {
	all, err := r.Portal.Apps.Rotations(ctx, credentials)
	if err != nil {
		return nil, err
	}
	var since []usage.Since
	for id, one := range all {
		since = append(since, usage.Since{Credential: id, From: one.RotatedAt}, usage.Since{Credential: one.SuccessorID, From: one.RotatedAt})
	}
	zone, err := r.Portal.Activity.Zone(ctx)
	if err != nil {
		return nil, err
	}
	calls, err := r.Counts.CallsSince(ctx, viewer.Current(ctx).OrganizationID, zone, since)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(since); i += 2 {
		one := all[since[i].Credential]
		one.PredecessorCalls, one.SuccessorCalls = calls[i], calls[i+1]
	}
	return all, nil
}

// beingRotated reports whether a credential has a successor that is not revoked.
func (r *Resolver) beingRotated(ctx context.Context, c *db.Credential) (bool, error) {
	if c.SuccessorID == nil {
		return false, nil
	}
	successor, err := one(ctx, nodeid.Credential, *c.SuccessorID, r.Entities.CredentialsByID)
	return successor != nil && successor.Status != access.CredentialRevoked, err
}
