package apps

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/internal/database"
	"portico/internal/lifecycle"
)

// RotationEvidence is what is known of the callers of a credential that was rotated.
type RotationEvidence struct {
	RotatedAt, EndsAt                          time.Time
	PredecessorCalls, SuccessorCalls           int64
	PredecessorLastUsedAt, SuccessorLastUsedAt *time.Time
	ReadyToRetire                              bool
	// SuccessorID is the credential that SuccessorCalls are of.
	SuccessorID uuid.UUID
}

// Rotations returns what is known of those of the credentials that were rotated, but for
// the counts of calls.
func (svc *Service) Rotations(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*RotationEvidence, error) {
	rotated, err := svc.client.Credential.Query().Where(database.AnyOf(credential.FieldID, ids), credential.SuccessorIDNotNil()).
		Select(credential.FieldRotatedAt, credential.FieldExpiresAt, credential.FieldLastUsedAt, credential.FieldSuccessorID).
		WithSuccessor(func(q *db.CredentialQuery) {
			q.Select(credential.FieldStatus, credential.FieldExpiresAt, credential.FieldLastUsedAt)
		}).All(ctx)
	if err != nil {
		return nil, database.Fault(err)
	}
	out, now := make(map[uuid.UUID]*RotationEvidence, len(rotated)), svc.clock.Now()
	for _, c := range rotated {
		if c.Edges.Successor != nil {
			out[c.ID] = rotationOf(c, c.Edges.Successor, now)
		}
	}
	return out, nil
}

func rotationOf(old, successor *db.Credential, now time.Time) *RotationEvidence {
	moved := successor.Status.At(now, successor.ExpiresAt) == access.CredentialActive && successor.LastUsedAt != nil
	quiet := old.LastUsedAt == nil || now.Sub(*old.LastUsedAt) >= lifecycle.QuietFor(*old.RotatedAt, *old.ExpiresAt)
	return &RotationEvidence{
		RotatedAt: *old.RotatedAt, EndsAt: *old.ExpiresAt,
		PredecessorLastUsedAt: old.LastUsedAt, SuccessorLastUsedAt: successor.LastUsedAt,
		ReadyToRetire: moved && quiet, SuccessorID: successor.ID,
	}
}
