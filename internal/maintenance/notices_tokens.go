package maintenance

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db/servicetoken"
	"portico/internal/change"
	"portico/internal/identity"
	"portico/internal/lifecycle"
	"portico/internal/viewer"
)

// recordTokenNotices is RecordNotices for service tokens.
func (svc *Service) recordTokenNotices(ctx context.Context) (int, error) {
	all, err := svc.client.ServiceToken.Query().Where(tokenNoticeDue(svc.clock.Now())).Unique(true).
		Select(servicetoken.FieldOrganizationID).Strings(viewer.AsSystem(ctx, uuid.Nil))
	if err != nil {
		return 0, change.PublicError(err)
	}
	return inOrganizations(ctx, all, svc.recordTokenNoticeBatch)
}

// recordTokenNoticeBatch records the notices of up to batchSize service tokens of one
// organization.
func (svc *Service) recordTokenNoticeBatch(ctx context.Context) (int, error) {
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (int, error) {
		now := svc.clock.Now()
		tokens, err := change.LockForUpdate(tx, tx.ServiceToken.Query().Where(tokenNoticeDue(now)).Limit(batchSize)).All(ctx)
		if err != nil {
			return 0, err
		}
		n := 0
		for _, t := range tokens {
			notice := lifecycle.ExpiryNotice(now, t.ExpiresAt)
			if notice == nil {
				continue // the clock was moved back meanwhile
			}
			tx.Record(identity.ServiceTokenExpiring(t))
			if err := tx.ServiceToken.UpdateOne(t).SetExpiryNotice(*notice).Exec(ctx); err != nil {
				return 0, err
			}
			n++
		}
		return n, nil
	})
}

// tokenNoticeDue matches the service tokens of which a notice is due that was not
// recorded.
func tokenNoticeDue(now time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.And(
			withinNotice(s, now, servicetoken.FieldExpiresAt, servicetoken.FieldExpiryNotice),
			sql.IsNull(s.C(servicetoken.FieldRevokedAt)),
		))
	}
}
