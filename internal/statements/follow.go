package statements

import (
	"context"
	"reflect"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/statementline"
	"portico/ent/db/subscription"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/viewer"
)

// Follow ends the line of a subscription whose status, plan, price or account has changed, and
// begins the one that takes its place, at the time of the change. The caller has locked the
// subscription. It changes nothing if the line that runs is the right one, and cuts it where
// a month has ended, so it may be called at any time.
func Follow(ctx context.Context, tx *change.Tx, s *db.Subscription) error {
	return FollowSince(ctx, tx, s, tx.Now)
}

// FollowSince is Follow for a change that was agreed on to apply since a time: what was late
// to make it costs nobody anything.
func FollowSince(ctx context.Context, tx *change.Tx, s *db.Subscription, at time.Time) error {
	system := viewer.AsSystem(ctx, s.OrganizationID)
	line, err := tx.StatementLine.Query().Where(statementline.SubscriptionID(s.ID), statementline.EndedAtIsNil()).Only(system)
	if err != nil && !db.IsNotFound(err) {
		return err
	}
	terms, err := termsOf(system, tx, s)
	if err != nil || line == nil && terms == nil {
		return err
	}
	goesOn := line != nil && terms.are(s, line)
	if goesOn && line.PeriodEnd.After(tx.Now) {
		return nil
	}
	in, err := zoneOf(system, tx.Organization, s.OrganizationID)
	if err != nil {
		return err
	}
	at = earlier(at, tx.Now)
	// One that has ended did so when that was decided, perhaps not now: by a server of the
	// previous release. One that runs on, by a plan that costs nothing, was decided about before.
	if s.Status != access.SubscriptionApproved && s.DecidedAt != nil {
		at = earlier(at, *s.DecidedAt)
	}
	switch {
	case goesOn:
		return cut(system, tx, line, at, in)
	case line != nil:
		at, err = stop(system, tx, line, at, in)
	default:
		// Months before may be closed, and have no further line then.
		from, _ := monthOf(tx.Now.Add(-Lag), in)
		at, err = notBeforeLast(system, tx, s, later(at, from))
	}
	if err != nil || terms == nil {
		return err
	}
	return terms.begin(system, tx, s, at, in)
}

// notBeforeLast returns a time, or when the subscription's last line ended if that is later: a
// transaction that began before another one may change what that one changed, after it.
func notBeforeLast(system context.Context, tx *change.Tx, s *db.Subscription, at time.Time) (time.Time, error) {
	last, err := tx.StatementLine.Query().Where(statementline.SubscriptionID(s.ID), statementline.EndedAtGT(at)).
		Order(statementline.ByEndedAt(sql.OrderDesc())).First(system)
	if db.IsNotFound(err) {
		return at, nil
	}
	if err != nil {
		return at, err
	}
	return *last.EndedAt, nil
}

// FollowApp follows all subscriptions of an app, which the caller has locked.
func FollowApp(ctx context.Context, tx *change.Tx, app uuid.UUID) error {
	system := viewer.AsSystem(ctx, tx.OrganizationID())
	all, err := tx.Subscription.Query().Where(subscription.AppID(app), subscription.StatusEQ(access.SubscriptionApproved)).Order(subscription.ByID()).All(system)
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := Follow(ctx, tx, s); err != nil {
			return err
		}
	}
	return nil
}

// terms are those by which a subscription runs.
type terms struct {
	id    uuid.UUID
	plan  string
	kind  domain.PlanKind
	price *domain.Price
}

// termsOf returns the terms of a subscription; nil if it does not run, or costs nothing.
func termsOf(system context.Context, tx *change.Tx, s *db.Subscription) (*terms, error) {
	if s.Status != access.SubscriptionApproved || s.DeletedAt != nil {
		return nil, nil
	}
	p, err := tx.Plan.Get(system, s.PlanID)
	if err != nil {
		return nil, err
	}
	var revision *db.PlanRevision
	if s.PlanRevisionID != nil {
		if revision, err = tx.PlanRevision.Get(system, *s.PlanRevisionID); err != nil {
			return nil, err
		}
	}
	by := catalog.TermsBy(p, revision)
	out := &terms{id: p.ID, plan: p.Name, kind: by.Kind, price: by.Price}
	if out.price == nil || out.kind == domain.PlanFree {
		return nil, nil
	}
	return out, nil
}

// are reports whether a line is by the terms, and for the subscription's account.
func (t *terms) are(s *db.Subscription, line *db.StatementLine) bool {
	return t != nil && line.AccountID == s.AccountID && line.PlanID == t.id && line.Kind == t.kind && reflect.DeepEqual(line.Price, t.price)
}

// begin begins a line.
func (t *terms) begin(system context.Context, tx *change.Tx, s *db.Subscription, at time.Time, in *time.Location) error {
	_, err := beginLine(system, tx, &db.StatementLine{
		OrganizationID: s.OrganizationID, AccountID: s.AccountID, SubscriptionID: s.ID, AppID: s.AppID, ProductID: s.ProductID,
		PlanID: t.id, PlanName: t.plan, Kind: t.kind, Price: t.price, Currency: t.price.Currency,
	}, at, in)
	return err
}
