package apps

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/plan"
	"portico/ent/db/subscription"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// RegisterInput is the input of Register.
type RegisterInput struct {
	AppID     string
	ProductID string
	PlanID    *string
	// EndpointIDs are the product's endpoints to narrow it to; nil for all.
	EndpointIDs []string `json:",omitempty"` // omitted if empty, so that older inputs keep their hash
	// Answers are those to the product's form.
	Answers []domain.AnswerInput `json:",omitempty"`
	// AcceptedTermsVersion is that of the product's terms that the person accepts.
	AcceptedTermsVersion *string `json:",omitempty"`
	// Approve approves it at once, whatever it would wait for; for whoever may approve any.
	Approve        *bool `json:",omitempty"`
	IdempotencyKey *string
}

// CreatedSubscription is a new subscription.
type CreatedSubscription struct {
	Subscription *db.Subscription
	Replayed     bool
}

// Register subscribes an app to a product. The subscription waits, or is
// approved at once if the approval of the plan, or else of the product, is AUTO
// and the account has no suspended subscription for the product, or if an administrator
// approves it with the same step. A live subscription for the same product is
// ALREADY_REGISTERED; an older one becomes history.
func (svc *Service) Register(ctx context.Context, in RegisterInput) (CreatedSubscription, error) {
	if err := checkEndpoints(in.EndpointIDs, in.EndpointIDs != nil); err != nil {
		return CreatedSubscription{}, err
	}
	key := in.IdempotencyKey
	in.IdempotencyKey = nil
	o, err := newRequest(ctx, "register", key, in)
	if err != nil {
		return CreatedSubscription{}, err
	}
	return change.Once(ctx, svc.changes, o, func(ctx context.Context, tx *change.Tx) (CreatedSubscription, change.Created, error) {
		s, err := register(ctx, tx, in)
		if err != nil {
			return CreatedSubscription{}, change.Created{}, err
		}
		return CreatedSubscription{Subscription: s}, change.Created{First: s.ID}, nil
	}, svc.replaySubscription)
}

// replaySubscription returns what an earlier request created.
func (svc *Service) replaySubscription(ctx context.Context, m change.Created) (CreatedSubscription, error) {
	found, err := svc.entities.SubscriptionsByID(ctx, []uuid.UUID{m.First}, nil)
	if err == nil && found[m.First] == nil {
		err = fault.NotFound() // deleted meanwhile
	}
	return CreatedSubscription{Subscription: found[m.First], Replayed: true}, err
}

func register(ctx context.Context, tx *change.Tx, in RegisterInput) (*db.Subscription, error) {
	a, err := LockAppAndAccount(ctx, tx, in.AppID)
	if err != nil {
		return nil, err
	}
	prod, chosen, err := LockProductAndPlan(ctx, tx, in.ProductID, in.PlanID)
	if err != nil {
		return nil, err
	}
	r, err := NewRegistration(ctx, tx, a, prod, chosen, in)
	if err != nil {
		return nil, err
	}
	if input.OrZero(in.Approve) {
		if err := authorizeApproval(tx, a); err != nil {
			return nil, err
		}
		r.Waits = false
	}
	return r.Save(ctx, tx, lifecycle.Initial(!r.Waits), nil)
}

// authorizeRegister asks whether the viewer may register an app with a locked product: in its
// state, and if it is private, with a grant.
func authorizeRegister(ctx context.Context, tx *change.Tx, a *db.App, prod *db.Product) error {
	open := prod.Visibility == domain.Public
	if !open {
		granted, err := catalog.GrantedTo(ctx, tx.ProductGrant, a.AccountID, prod.ID)
		if err != nil {
			return err
		}
		open = len(granted) > 0
	}
	status := catalog.StatusAt(prod, tx.Now)
	d := policy.Decide(tx.Viewer, policy.Register(a.OrganizationID, a.AccountID, status, open))
	if d.Is(policy.Status) || d.Is(policy.ForbiddenByRule) {
		return fault.Input(fault.NotAvailable, "productId", *d.Message, fault.Param{Name: "status", Value: string(status)})
	}
	return change.Refusal(d)
}

// FillSubscription sets what each new subscription has, to the product of the
// plan. An approved one is decided at the same time.
func FillSubscription(c *db.SubscriptionCreate, a *db.App, chosen *db.Plan, status access.SubscriptionStatus, at time.Time) *db.SubscriptionCreate {
	if status == access.SubscriptionApproved {
		c.SetDecidedAt(at)
	}
	return c.SetOrganizationID(a.OrganizationID).SetAccountID(a.AccountID).SetAppID(a.ID).SetProductID(chosen.ProductID).SetPlanID(chosen.ID).
		SetStatus(status).SetCreatedAt(at).SetUpdatedAt(at)
}

// SubscriptionRegistered returns the event of a new subscription.
func SubscriptionRegistered(s *db.Subscription, prod *db.Product, chosen *db.Plan) eventlog.Entry {
	return subscriptionEvent(eventlog.SubscriptionRegistered, s, prod.Title,
		change.Attributes("status", s.Status, "product", prod.Name, "plan", chosen.Name, "endpoints", endpointIDs(s.EndpointIds), "answerCount", answered(s), "acceptedTerms", s.AcceptedTermsVersion))
}

func errAlreadyRegistered() error {
	return fault.Input(fault.AlreadyRegistered, "productId", "The app is registered with this product already.")
}

// LockProductAndPlan finds the product and the plan and locks them against
// changes. The plan may be omitted if the product has only one.
func LockProductAndPlan(ctx context.Context, tx *change.Tx, productID string, planID *string) (*db.Product, *db.Plan, error) {
	id, ok := nodeid.Decode(nodeid.Product, productID)
	if !ok {
		return nil, nil, fault.Input(fault.UnknownReference, "productId", "There is no such product.")
	}
	prod, err := change.LockRowForShare(ctx, tx, tx.Product, id)
	if db.IsNotFound(err) {
		return nil, nil, fault.Input(fault.UnknownReference, "productId", "There is no such product.")
	}
	if err != nil {
		return nil, nil, err
	}
	q := tx.Plan.Query().Where(plan.ProductID(prod.ID))
	if planID != nil {
		chosen, _ := nodeid.Decode(nodeid.Plan, *planID)
		q.Where(plan.ID(chosen))
	}
	plans, err := change.LockForShare(tx, q.Limit(2)).All(ctx)
	switch {
	case err != nil:
		return nil, nil, err
	case len(plans) == 0 && planID == nil:
		return nil, nil, fault.Input(fault.NotAvailable, "productId", "The product has no plan yet.")
	case len(plans) == 0:
		return nil, nil, fault.Input(fault.UnknownReference, "planId", "The product has no such plan.")
	case len(plans) > 1:
		return nil, nil, fault.Input(fault.Required, "planId", "The product has several plans: choose one.")
	}
	return prod, plans[0], nil
}

// supersedePrevious marks an ended subscription as no longer the newest, so
// that the new one can be.
func supersedePrevious(ctx context.Context, tx *change.Tx, a *db.App, prod *db.Product) error {
	newest, err := tx.Subscription.Query().Where(subscription.AppID(a.ID), subscription.ProductID(prod.ID), subscription.Newest(true)).Only(ctx)
	if db.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if newest.Status.Live() {
		return errAlreadyRegistered()
	}
	return tx.Subscription.UpdateOne(newest).SetNewest(false).Exec(ctx)
}

func subscriptionEvent(t eventlog.Type, s *db.Subscription, name string, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.ProductSubscription, SubjectID: s.ID, SubjectName: name, AccountID: &s.AccountID, AppID: &s.AppID, Changes: changes}
}
