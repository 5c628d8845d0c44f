package requests

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/keyrequest"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
)

// collectable reports whether the key of a request, nil for none, waits to be collected at a
// time.
func collectable(k *db.KeyRequest, key *db.Credential, now time.Time) bool {
	return k.Status == domain.KeyRequestApproved && k.CollectUntil != nil && k.CollectedAt == nil && now.Before(*k.CollectUntil) &&
		key != nil && key.Status == access.CredentialUncollected
}

// Collected is the key of a request, and its secret, which is returned only this once.
type Collected struct {
	Request    *db.KeyRequest
	Credential *db.Credential
	Secret     *apikey.Secret
}

// Collect makes the secret of a request's key, once: of concurrent calls one gets it.
func (svc *Service) Collect(ctx context.Context, id string) (Collected, error) {
	return change.Write(ctx, svc.o.Changes, func(ctx context.Context, tx *change.Tx) (Collected, error) {
		k, a, err := lockWithApp(ctx, tx, id, lifecycle.CollectKey, nil)
		if err != nil {
			return Collected{}, err
		}
		if err := authorize(ctx, tx, k, lifecycle.CollectKey); err != nil {
			return Collected{}, err
		}
		if err := checkApp(k, a); err != nil {
			return Collected{}, err
		}
		c, err := change.LockRowForUpdate(ctx, tx, tx.Credential, *k.CredentialID)
		if err != nil {
			return Collected{}, err
		}
		key, secret, err := svc.o.Apps.CollectSecret(ctx, tx, c)
		if err != nil {
			return Collected{}, err
		}
		after, err := tx.KeyRequest.UpdateOne(k).SetCollectedAt(tx.Now).SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
		return Collected{Request: after, Credential: key, Secret: secret}, err
	})
}

// Uncollected matches requests whose key nobody has collected by a time. It is written so
// that their index serves it.
func Uncollected(now time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.And(
			sql.LTE(s.C(keyrequest.FieldCollectUntil), now),
			sql.EQ(s.C(keyrequest.FieldStatus), string(domain.KeyRequestApproved)),
			sql.IsNull(s.C(keyrequest.FieldCollectedAt)),
		))
	}
}

// ExpireUncollected revokes up to n keys of an organization that nobody has collected in
// time, ends their requests, and returns how many.
func ExpireUncollected(ctx context.Context, tx *change.Tx, now time.Time, n int) (int, error) {
	due, err := change.LockForUpdate(tx, tx.KeyRequest.Query().Where(Uncollected(now)).Order(keyrequest.ByID()).Limit(n)).All(ctx)
	if err != nil {
		return 0, err
	}
	for _, k := range due {
		reason, err := revokeUncollected(ctx, tx, k)
		if err != nil {
			return 0, err
		}
		if _, err := apps.EndKeyRequest(ctx, tx, k, domain.KeyRequestExpired, eventlog.KeyRequestExpired, reason, nil); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// revokeUncollected revokes the key of a request, if it is not revoked yet, and returns why
// the request ends.
func revokeUncollected(ctx context.Context, tx *change.Tx, k *db.KeyRequest) (reason string, err error) {
	const gone = "The key was revoked before anybody collected it."
	if k.CredentialID == nil {
		return gone, nil
	}
	c, err := change.LockRowForUpdate(ctx, tx, tx.Credential, *k.CredentialID)
	if db.IsNotFound(err) {
		return gone, nil
	}
	if err != nil || c.Status != access.CredentialUncollected {
		return gone, err
	}
	reason = "Nobody collected the key in time."
	return reason, apps.RevokeUncollected(ctx, tx, c, reason)
}
