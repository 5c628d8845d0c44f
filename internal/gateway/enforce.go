package gateway

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/internal/database"
)

// Enforcement is how far the last change of a credential has been applied.
type Enforcement struct {
	// Revision is the position of the last event about the credential, its app or its
	// account; 0 if the log does not reach back to one.
	Revision int64
	// AppliedBy and Pending are the names of the nodes that have applied the revision
	// and of those that have not. A node that does not follow the organization has
	// nothing of it in memory and counts as up to date. A node that is cut off refuses
	// everything after Silence, and is left out a minute (plus the grace) after it was
	// last seen.
	AppliedBy, Pending []string
	// Lag is the time since the revision if a node has yet to apply it; 0 if all have.
	Lag time.Duration
}

// Enforcements returns how far the last changes of credentials have been applied,
// in two statements whatever their number. Credentials of other organizations are
// left out.
func (v *Verifier) Enforcements(ctx context.Context, organization uuid.UUID, credentials []uuid.UUID) (map[uuid.UUID]Enforcement, error) {
	nodes, err := v.source.Nodes(ctx, organization, v.o.Clock.Now().Add(-nodeTimeout-v.o.Grace))
	if err != nil {
		return nil, database.Fault(err)
	}
	revisions, err := v.source.Revisions(ctx, organization, credentials)
	if err != nil {
		return nil, database.Fault(err)
	}
	out := make(map[uuid.UUID]Enforcement, len(revisions))
	for id, r := range revisions {
		e := Enforcement{Revision: r.Position, AppliedBy: []string{}, Pending: []string{}}
		for _, n := range nodes {
			if n.Position.Valid && n.Position.Int64 < r.Position {
				e.Pending = append(e.Pending, n.Name)
			} else {
				e.AppliedBy = append(e.AppliedBy, n.Name)
			}
		}
		if len(e.Pending) > 0 {
			e.Lag = max(0, v.o.Clock.Now().Sub(r.At))
		}
		out[id] = e
	}
	return out, nil
}
