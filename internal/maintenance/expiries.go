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

// RecordExpiries records the event of each credential that has expired, in
// every organization, and returns how many it recorded. It may run on several
// nodes at once: each expiry is recorded once.
func (svc *Service) RecordExpiries(ctx context.Context) (n int, err error) {
	all, err := svc.client.Credential.Query().Where(expiryDue(svc.clock.Now())).Unique(true).
		Select(credential.FieldOrganizationID).Strings(viewer.AsSystem(ctx, uuid.Nil))
	if err != nil {
		return 0, change.PublicError(err)
	}
	return inOrganizations(ctx, all, svc.recordExpiryBatch)
}

// recordExpiryBatch records the expiry of up to batchSize credentials of one
// organization.
func (svc *Service) recordExpiryBatch(ctx context.Context) (int, error) {
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (int, error) {
		keys, err := change.LockForUpdate(tx, tx.Credential.Query().Where(expiryDue(svc.clock.Now())).Limit(batchSize)).All(ctx)
		if err != nil {
			return 0, err
		}
		ids := make([]uuid.UUID, len(keys))
		for i, k := range keys {
			ids[i] = k.ID
			expired := domain.Change{Field: "status", Before: domain.Text(k.Status), After: domain.Text(access.CredentialExpired)}
			tx.Record(apps.CredentialEvent(eventlog.CredentialExpired, k, append([]domain.Change{expired}, apps.SuccessorOf(k.SuccessorID)...)))
		}
		return len(keys), tx.Credential.Update().Where(database.AnyOf(credential.FieldID, ids)).SetExpiryRecordedAt(tx.Now).ClearStillUsedFrom().Exec(ctx)
	})
}

// expiryDue matches credentials that have expired without an event. It is
// written like the predicate of the index.
func expiryDue(now time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.And(
			sql.LTE(s.C(credential.FieldExpiresAt), now),
			sql.IsNull(s.C(credential.FieldExpiryRecordedAt)),
			sql.NEQ(s.C(credential.FieldStatus), string(access.CredentialRevoked)),
		))
	}
}
