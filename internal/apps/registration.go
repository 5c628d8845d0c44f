package apps

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
)

// Registration is the subscription of an app to a product by a plan, checked and not made
// yet.
type Registration struct {
	App     *db.App
	Product *db.Product
	Plan    *db.Plan
	// Revision is the one whose terms are agreed to; nil: the plan as it is.
	Revision *db.PlanRevision
	// Waits reports whether it waits for approval, if nobody approves it with the same step.
	Waits bool

	endpoints []uuid.UUID
	answers   *domain.Answers
	terms     *string
	approved  bool
}

// NewRegistration checks the registration of an app, which the caller has locked with its
// account, with a product that LockProductAndPlan has locked. It does not ask whether the app
// is registered with it already.
func NewRegistration(ctx context.Context, tx *change.Tx, a *db.App, prod *db.Product, chosen *db.Plan, in RegisterInput) (*Registration, error) {
	if err := authorizeRegister(ctx, tx, a, prod); err != nil {
		return nil, err
	}
	r := &Registration{App: a, Product: prod, Plan: chosen, approved: input.OrZero(in.Approve)}
	var err, wrong, unread error
	r.endpoints, err = findEndpoints(ctx, tx, prod.ID, in.EndpointIDs)
	r.answers, wrong = CheckAnswers(tx.Viewer, prod, in.Answers)
	r.terms, unread = CheckProductTerms(tx.Viewer, prod, in.AcceptedTermsVersion)
	if err := fault.Collect(err, wrong, unread); err != nil {
		return nil, err
	}
	if r.Revision, err = catalog.NewestRevision(ctx, tx, chosen); err != nil {
		return nil, err
	}
	r.Waits, err = NeedsApproval(ctx, tx.Subscription, a.AccountID, prod, chosen)
	return r, err
}

// Save makes the subscription, of a request for a key or of none. A live one for the same
// product is ALREADY_REGISTERED; an older one becomes history.
func (r *Registration) Save(ctx context.Context, tx *change.Tx, status access.SubscriptionStatus, keyRequest *uuid.UUID) (*db.Subscription, error) {
	if err := supersedePrevious(ctx, tx, r.App, r.Product); err != nil {
		return nil, err
	}
	create := FillSubscription(tx.Subscription.Create(), r.App, r.Plan, status, tx.Now).SetNillableKeyRequestID(keyRequest)
	if r.Revision != nil {
		create.SetPlanRevisionID(r.Revision.ID)
	}
	if tx.Viewer.SignedIn() {
		create.SetRequestedBy(tx.Viewer.UserID)
	}
	if r.approved && tx.Viewer.SignedIn() {
		create.SetDecidedBy(tx.Viewer.UserID)
	}
	if r.endpoints != nil {
		create.SetEndpointIds(r.endpoints)
	}
	if r.answers != nil {
		create.SetAnswers(r.answers)
	}
	setAcceptedTerms(create.Mutation(), tx, r.terms)
	created, err := create.Save(ctx)
	if err != nil {
		if _, yes := database.IsUnique(err); yes {
			return nil, errAlreadyRegistered()
		}
		return nil, err
	}
	tx.Record(r.event(created))
	return created, nil
}

// event returns the event of the new subscription. It says if somebody approved it with the
// same step; else its status follows from the product, the plan and the account.
func (r *Registration) event(created *db.Subscription) eventlog.Entry {
	e := SubscriptionRegistered(created, r.Product, r.Plan)
	if r.Revision != nil {
		e.Changes = append(e.Changes, change.Attributes("planRevision", r.Revision.Number)...)
	}
	if r.approved {
		e.Changes = append(e.Changes, change.Attributes("approve", true)...)
	}
	return e
}
