package maintenance

import (
	"context"
	"errors"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db/credential"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
	"portico/internal/viewer"
)

// RecordNotices records an event for each credential and each service token that soon
// expires, once for each notice that comes due, and for each credential that is still used
// when its overlap with its successor soon ends, in every organization, and returns how
// many it recorded. It may run on several nodes at once: each notice is recorded once.
func (svc *Service) RecordNotices(ctx context.Context) (n int, err error) {
	keys, err := svc.recordKeyNotices(ctx)
	tokens, tokensErr := svc.recordTokenNotices(ctx)
	used, usedErr := svc.recordStillUsed(ctx)
	return keys + tokens + used, errors.Join(err, tokensErr, usedErr)
}

// recordKeyNotices is RecordNotices for credentials.
func (svc *Service) recordKeyNotices(ctx context.Context) (int, error) {
	all, err := svc.client.Credential.Query().Where(noticeDue(svc.clock.Now())).Unique(true).
		Select(credential.FieldOrganizationID).Strings(viewer.AsSystem(ctx, uuid.Nil))
	if err != nil {
		return 0, change.PublicError(err)
	}
	return inOrganizations(ctx, all, svc.recordNoticeBatch)
}

// recordNoticeBatch records the notices of up to batchSize credentials of one
// organization.
func (svc *Service) recordNoticeBatch(ctx context.Context) (int, error) {
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (int, error) {
		now := svc.clock.Now()
		keys, err := change.LockForUpdate(tx, tx.Credential.Query().Where(noticeDue(now)).Limit(batchSize)).All(ctx)
		if err != nil {
			return 0, err
		}
		n := 0
		for _, k := range keys {
			notice := lifecycle.ExpiryNotice(now, k.ExpiresAt)
			if notice == nil {
				continue // the clock was moved back meanwhile
			}
			tx.Record(apps.CredentialEvent(eventlog.CredentialExpiring, k, []domain.Change{{Field: "expiresAt", After: domain.Text(k.ExpiresAt)}}))
			if err := tx.Credential.UpdateOne(k).SetExpiryNotice(*notice).Exec(ctx); err != nil {
				return 0, err
			}
			n++
		}
		return n, nil
	})
}

// noticeDue matches active credentials of which a notice is due that was not recorded.
func noticeDue(now time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.And(
			withinNotice(s, now, credential.FieldExpiresAt, credential.FieldExpiryNotice),
			sql.IsNull(s.C(credential.FieldExpiryRecordedAt)),
			sql.EQ(s.C(credential.FieldStatus), string(access.CredentialActive)),
		))
	}
}

// withinNotice matches rows within a notice's days of their expiry whose last notice was
// an earlier one. It is written so that an index of expiries serves it.
func withinNotice(s *sql.Selector, now time.Time, expiry, notice string) *sql.Predicate {
	var due []*sql.Predicate
	for _, days := range lifecycle.ExpiryNotices() {
		due = append(due, sql.And(
			sql.LTE(s.C(expiry), now.Add(time.Duration(days)*24*time.Hour)),
			sql.Or(sql.IsNull(s.C(notice)), sql.GT(s.C(notice), days)),
		))
	}
	return sql.And(
		sql.GT(s.C(expiry), now),
		sql.LTE(s.C(expiry), now.Add(time.Duration(lifecycle.ExpiryNotices()[0])*24*time.Hour)),
		sql.Or(due...),
	)
}
