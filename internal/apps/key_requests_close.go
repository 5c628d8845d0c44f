package apps

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/ent/db/keyrequest"
	"portico/ent/db/predicate"
	"portico/ent/db/product"
	"portico/ent/db/subscription"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// Requests for keys are made and decided about by package requests. What ends their app, or
// a product that they ask for, closes them here.
//
// Rows are locked in this order: account, app, product, request, subscription, credential;
// those of one kind in the order of their ids, subscriptions in that of their apps before.

// EndKeyRequest sets what has become of a locked request, and records it with what else it
// is to tell.
func EndKeyRequest(ctx context.Context, tx *change.Tx, k *db.KeyRequest, to domain.KeyRequestStatus, of eventlog.Type, reason string, set func(*db.KeyRequestUpdateOne), also ...domain.Change) (*db.KeyRequest, error) {
	u := tx.KeyRequest.UpdateOne(k).SetStatus(to).SetReason(reason).SetUpdatedAt(tx.Now).AddVersion(1)
	if k.Status == domain.KeyRequestPending {
		u.SetDecidedAt(tx.Now).SetNillableDecidedBy(tx.Decider())
	}
	if set != nil {
		set(u)
	}
	after, err := u.Save(ctx)
	if err != nil {
		return nil, err
	}
	e := KeyRequestEvent(of, k, append([]domain.Change{{Field: "status", Before: domain.Text(k.Status), After: domain.Text(to)}}, also...))
	e.Reason = reason
	tx.Record(e)
	return after, nil
}

// KeyRequestEvent returns an event of a request for a key.
func KeyRequestEvent(t eventlog.Type, k *db.KeyRequest, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.KeyRequest, SubjectID: k.ID, SubjectName: k.Name, AccountID: &k.AccountID, AppID: &k.AppID, Changes: changes}
}

// LockWaiting locks the subscriptions of requests for keys that wait. One that a server of the
// previous release has taken to another account with its app belongs to no request any more.
func LockWaiting(ctx context.Context, tx *change.Tx, requests ...uuid.UUID) ([]*db.Subscription, error) {
	if len(requests) == 0 {
		return nil, nil
	}
	return change.LockForUpdate(tx, tx.Subscription.Query().
		Where(subscription.KeyRequestIDIn(requests...), subscription.StatusEQ(access.SubscriptionWaiting), ofItsRequest).
		Order(subscription.ByAppID())).All(ctx)
}

// ofItsRequest matches subscriptions of the account that has their request.
func ofItsRequest(s *sql.Selector) {
	t := sql.Dialect(s.Dialect()).Table(keyrequest.Table)
	s.Where(sql.Exists(sql.Dialect(s.Dialect()).Select(t.C(keyrequest.FieldID)).From(t).Where(sql.And(
		sql.ColumnsEQ(t.C(keyrequest.FieldID), s.C(subscription.FieldKeyRequestID)), sql.ColumnsEQ(t.C(keyrequest.FieldAccountID), s.C(subscription.FieldAccountID))))))
}

// Transition applies an action to the status of locked subscriptions, and records it.
func Transition(ctx context.Context, tx *change.Tx, all []*db.Subscription, a lifecycle.SubscriptionAction, reason string, also ...domain.Change) error {
	for _, s := range all {
		if err := applyTransition(ctx, tx, s, a, reason, also...); err != nil {
			return err
		}
	}
	return nil
}

// closeKeyRequests ends the requests of an app for keys that are not decided about, and
// locks their subscriptions, which end by an action.
func closeKeyRequests(ctx context.Context, tx *change.Tx, a *db.App, action lifecycle.SubscriptionAction, reason string) error {
	system := viewer.AsSystem(ctx, tx.OrganizationID())
	open, err := lockPending(system, tx, keyrequest.AppID(a.ID))
	if err != nil {
		return err
	}
	for _, k := range open {
		if _, err := EndKeyRequest(system, tx, k, domain.KeyRequestWithdrawn, eventlog.KeyRequestWithdrawn, reason, nil); err != nil {
			return err
		}
	}
	waiting, err := LockWaiting(system, tx, idsOfRequests(open)...)
	if err != nil {
		return err
	}
	return Transition(system, tx, waiting, action, reason)
}

// lockPending locks requests that nobody has decided about.
func lockPending(ctx context.Context, tx *change.Tx, which predicate.KeyRequest) ([]*db.KeyRequest, error) {
	return change.LockForUpdate(tx, tx.KeyRequest.Query().Where(which, keyrequest.StatusEQ(domain.KeyRequestPending)).Order(keyrequest.ByID())).All(ctx)
}

func idsOfRequests(all []*db.KeyRequest) []uuid.UUID {
	out := make([]uuid.UUID, len(all))
	for i, k := range all {
		out[i] = k.ID
	}
	return out
}

// revokeUncollected revokes those keys of an app that nobody has collected: they were for
// the account that asked for them.
func revokeUncollected(ctx context.Context, tx *change.Tx, a *db.App, note string) error {
	system := viewer.AsSystem(ctx, tx.OrganizationID())
	left, err := lockCredentials(system, tx, credential.AppID(a.ID), credential.StatusEQ(access.CredentialUncollected))
	if err != nil {
		return err
	}
	return revokeAll(system, tx, left, domain.Unspecified, note)
}

// RevokeUncollected revokes a locked key that nobody has collected.
func RevokeUncollected(ctx context.Context, tx *change.Tx, c *db.Credential, note string) error {
	return revokeAll(ctx, tx, []*db.Credential{c}, domain.Unspecified, note)
}

// rejectRequestsFor rejects, as a whole, the requests for keys that ask for a product which
// is being retired. The caller has locked the product, so that no more come. It returns their
// waiting subscriptions to other products, locked with all that the retirement ends.
func rejectRequestsFor(ctx context.Context, tx *change.Tx, x *db.Product, reason string) ([]uuid.UUID, error) {
	open, err := lockPending(ctx, tx, func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(product.Table)
		s.Where(sql.Exists(sql.Dialect(s.Dialect()).Select(t.C(product.FieldID)).From(t).Where(sql.And(
			sql.EQ(t.C(product.FieldID), x.ID), catalog.IsListed(t.C(product.FieldID), s.C(keyrequest.FieldProductIds))))))
	})
	if err != nil {
		return nil, err
	}
	for _, k := range open {
		if _, err := EndKeyRequest(ctx, tx, k, domain.KeyRequestRejected, eventlog.KeyRequestRejected, reason, nil); err != nil {
			return nil, err
		}
	}
	return idsOfRequests(open), nil
}

// EndProduct ends the subscriptions to a product that is being retired, and the requests for
// keys that ask for it, with what else these ask for.
func EndProduct(ctx context.Context, tx *change.Tx, x *db.Product) error {
	const retired = "The product was retired."
	rejected, err := rejectRequestsFor(ctx, tx, x, "A product that it asks for was retired: "+x.Title+".")
	if err != nil {
		return err
	}
	which := subscription.And(subscription.ProductID(x.ID), subscription.StatusIn(lifecycle.From(lifecycle.Retire)...))
	if len(rejected) > 0 {
		which = subscription.Or(which, subscription.And(subscription.KeyRequestIDIn(rejected...), subscription.StatusEQ(access.SubscriptionWaiting)))
	}
	live, err := change.LockForUpdate(tx, tx.Subscription.Query().Where(which).
		Order(subscription.ByAppID())).All(ctx) // the order in which the deletion of an account locks them
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(slices.Clone(live), func(s *db.Subscription) bool { return s.ProductID == x.ID })
	live = slices.DeleteFunc(live, func(s *db.Subscription) bool { return s.ProductID != x.ID })
	if err := Transition(ctx, tx, others, lifecycle.Reject, "Another product of the same request was retired."); err != nil {
		return err
	}
	return endAll(ctx, tx, live, lifecycle.Retire, retired)
}
