package maintenance

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db/credential"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/viewer"
)

// recordStillUsed is RecordNotices for credentials that were rotated and are still used.
func (svc *Service) recordStillUsed(ctx context.Context) (int, error) {
	all, err := svc.client.Credential.Query().Where(stillUsed(svc.clock.Now())).Unique(true).
		Select(credential.FieldOrganizationID).Strings(viewer.AsSystem(ctx, uuid.Nil))
	if err != nil {
		return 0, change.PublicError(err)
	}
	return inOrganizations(ctx, all, svc.recordStillUsedBatch)
}

// recordStillUsedBatch records the use of up to batchSize credentials of one organization.
func (svc *Service) recordStillUsedBatch(ctx context.Context) (int, error) {
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (int, error) {
		keys, err := change.LockForUpdate(tx, tx.Credential.Query().Where(stillUsed(svc.clock.Now())).Limit(batchSize)).All(ctx)
		if err != nil || len(keys) == 0 {
			return 0, err
		}
		ids := make([]uuid.UUID, len(keys))
		for i, k := range keys {
			ids[i] = k.ID
			about := []domain.Change{{Field: "expiresAt", After: domain.Text(k.ExpiresAt)}, {Field: "lastUsedAt", After: domain.Text(k.LastUsedAt)}}
			tx.Record(apps.CredentialEvent(eventlog.CredentialStillUsed, k, append(about, apps.SuccessorOf(k.SuccessorID)...)))
		}
		return len(keys), tx.Credential.Update().Where(database.AnyOf(credential.FieldID, ids)).ClearStillUsedFrom().Exec(ctx)
	})
}

// stillUsed matches active credentials that were used in the last part of their overlap,
// which was not recorded. It is written so that the index of overlaps serves it.
func stillUsed(now time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.And(
			sql.GT(s.C(credential.FieldExpiresAt), now),
			sql.NotNull(s.C(credential.FieldStillUsedFrom)),
			sql.ColumnsGT(s.C(credential.FieldLastUsedAt), s.C(credential.FieldStillUsedFrom)),
			sql.EQ(s.C(credential.FieldStatus), string(access.CredentialActive)),
		))
	}
}
