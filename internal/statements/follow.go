package statements

import (
	"context"
	"reflect"
	"time"

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
	system := viewer.AsSystem(ctx, s.OrganizationID)
	line, err := tx.StatementLine.Query().Where(statementline.SubscriptionID(s.ID), statementline.EndedAtIsNil()).Only(system)
	if err != nil && !db.IsNotFound(err) {
		return err
	}
	terms, err := termsOf(system, tx, s)
	if err != nil || line == nil && terms == nil {
		return err
	}
	if line != nil && line.PeriodEnd.After(tx.Now) && terms.are(s, line) {
		return nil
	}
	in, err := zoneOf(system, tx.Organization, s.OrganizationID)
	if err != nil {
		return err
	}
	at := tx.Now
	// One that has ended did so when that was decided, perhaps not now: by a server of the
	// previous release. One that runs on, by a plan that costs nothing, was decided about before.
	if s.Status != access.SubscriptionApproved && s.DecidedAt != nil {
		at = earlier(at, *s.DecidedAt)
	}
	if line != nil {
		if line, err = cut(system, tx, line, at, in); err != nil || terms.are(s, line) {
			return err
		}
		if err := end(system, tx, line, later(at, line.StartedAt)); err != nil {
			return err
		}
		at = later(at, line.StartedAt)
	}
	if terms == nil {
		return nil
	}
	return terms.begin(system, tx, s, at, in)
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
	a, err := tx.App.Get(system, s.AppID)
	if err != nil {
		return err
	}
	p, err := tx.Product.Get(system, s.ProductID)
	if err != nil {
		return err
	}
	line := &db.StatementLine{
		OrganizationID: s.OrganizationID, AccountID: s.AccountID, SubscriptionID: s.ID, AppID: a.ID, AppName: a.Name,
		ProductID: p.ID, ProductName: p.Name, PlanID: t.id, PlanName: t.plan, Kind: t.kind, Price: t.price, Currency: t.price.Currency,
	}
	_, err = beginLine(system, tx, line, at, in)
	return err
}

// beginLine makes a line like another one, of the month of its beginning.
func beginLine(system context.Context, tx *change.Tx, like *db.StatementLine, at time.Time, in *time.Location) (*db.StatementLine, error) {
	from, to := monthOf(at, in)
	counted := minuteOf(at)
	return tx.StatementLine.Create().SetOrganizationID(like.OrganizationID).SetAccountID(like.AccountID).SetSubscriptionID(like.SubscriptionID).
		SetAppID(like.AppID).SetAppName(like.AppName).SetProductID(like.ProductID).SetProductName(like.ProductName).
		SetPlanID(like.PlanID).SetPlanName(like.PlanName).SetKind(like.Kind).SetPrice(like.Price).SetCurrency(like.Currency).
		SetCreatedAt(at).SetStartedAt(at).SetPeriodStart(from).SetPeriodEnd(to).
		SetCountedUntil(counted).SetCountDueAt(countedNext(counted, in).Add(Lag)).Save(system)
}

// cut ends a line at the end of its month, and goes on with it in the next one, until it is
// in the month of a time. It returns the line that runs.
func cut(system context.Context, tx *change.Tx, line *db.StatementLine, at time.Time, in *time.Location) (*db.StatementLine, error) {
	for !line.PeriodEnd.After(at) {
		if err := end(system, tx, line, line.PeriodEnd); err != nil {
			return nil, err
		}
		var err error
		if line, err = beginLine(system, tx, line, line.PeriodEnd, in); err != nil {
			return nil, err
		}
	}
	return line, nil
}

// end ends a line.
func end(system context.Context, tx *change.Tx, line *db.StatementLine, at time.Time) error {
	return tx.StatementLine.UpdateOne(line).SetEndedAt(at).SetCountDueAt(earlier(*line.CountDueAt, at.Add(Lag))).Exec(system)
}
