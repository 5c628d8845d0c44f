package seed

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// app creates an app, its credentials and its subscriptions.
func (p *player) app(ctx context.Context, own owner, a app) error {
	id := p.ids.next()
	create := p.App.Create().SetID(id).SetOrganizationID(p.org.ID).SetAccountID(own.ID).SetReferenceID(named("app", p.ids.n)).
		SetName(a.name).SetNameFolded(domain.Fold(a.name)).SetDescription(a.description).SetCreatedAt(p.now).SetUpdatedAt(p.now)
	if a.labels != nil {
		create.SetLabels(a.labels)
	}
	made, err := create.Save(ctx)
	if err != nil {
		return err
	}
	p.sum.Apps++
	p.tell(own.by, appCreated(made))
	c := caller{account: own.ID, app: made.ID, busy: a.calls}
	for i, k := range a.keys {
		if i > 0 { // the first comes with the app
			p.pass()
		}
		one, err := p.key(ctx, own, made, k)
		if err != nil {
			return err
		}
		c.keys = append(c.keys, calledWith{one, k.listed})
	}
	for _, r := range a.registrations {
		p.pass()
		one, err := p.registration(ctx, own, made, r)
		if err != nil {
			return err
		}
		c.registrations = append(slices.DeleteFunc(c.registrations, func(s *db.Subscription) bool { return s.ProductID == one.ProductID }), one)
	}
	p.callers = append(p.callers, c)
	return nil
}

func appCreated(a *db.App) eventlog.Entry {
	return eventlog.Entry{Type: eventlog.AppCreated, Subject: nodeid.App, SubjectID: a.ID, SubjectName: a.Name,
		AccountID: &a.AccountID, AppID: &a.ID, Changes: change.Attributes("name", a.Name, "referenceId", a.ReferenceID)}
}

// registration creates a subscription of an app to a product, and applies what
// happened to it. An earlier subscription to the same product becomes history.
func (p *player) registration(ctx context.Context, own owner, a *db.App, r registration) (*db.Subscription, error) {
	x, ok := p.products[r.product]
	chosen := x.plans[r.plan]
	if !ok || chosen == nil {
		return nil, fmt.Errorf("seed: there is no plan %q of a product %q", r.plan, r.product)
	}
	narrowed, err := x.narrowed(r)
	if err != nil {
		return nil, err
	}
	err = p.Subscription.Update().Where(subscription.AppID(a.ID), subscription.ProductID(x.ID)).SetNewest(false).Exec(ctx)
	if err != nil {
		return nil, err
	}
	status := lifecycle.Initial(automatic(x.Product, chosen))
	create := p.Subscription.Create().SetID(p.ids.next()).SetOrganizationID(p.org.ID).SetAccountID(own.ID).SetAppID(a.ID).
		SetProductID(x.ID).SetPlanID(chosen.ID).SetStatus(status).SetNillableRequestedBy(by(own.by)).
		SetCreatedAt(p.now).SetUpdatedAt(p.now)
	if narrowed != nil {
		create.SetEndpointIds(narrowed)
	}
	if status == lifecycle.Approved {
		create.SetDecidedAt(p.now)
	}
	made, err := create.Save(ctx)
	if err != nil {
		return nil, err
	}
	p.sum.Subscriptions++
	p.tell(own.by, registered(made, x.Product, chosen))
	for _, action := range r.then {
		p.pass()
		if made, err = p.transit(ctx, own, made, x.Title, action, r.reason); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// narrowed returns the ids of the endpoints that a subscription is narrowed to;
// nil means all of the product.
func (o offer) narrowed(r registration) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	for _, name := range r.endpoints {
		e, ok := o.endpoints[name]
		if !ok {
			return nil, fmt.Errorf("seed: there is no endpoint %q of the product %q", name, r.product)
		}
		ids = append(ids, e.ID)
	}
	return ids, nil
}

// automatic reports whether a subscription needs no approval.
func automatic(x *db.Product, chosen *db.Plan) bool {
	if chosen.Approval != nil {
		return *chosen.Approval == domain.Auto
	}
	return x.Approval == domain.Auto
}

func registered(s *db.Subscription, x *db.Product, chosen *db.Plan) eventlog.Entry {
	return subscriptionEvent(eventlog.SubscriptionRegistered, s, x.Title,
		change.Attributes("status", s.Status, "product", x.Name, "plan", chosen.Name, "endpoints", opaque(s.EndpointIds)))
}

// opaque returns the opaque ids of endpoints; nil for none.
func opaque(endpoints []uuid.UUID) []string {
	var out []string
	for _, id := range endpoints {
		out = append(out, nodeid.Encode(nodeid.Endpoint, id))
	}
	return out
}

// transit applies one transition to a subscription.
func (p *player) transit(ctx context.Context, own owner, s *db.Subscription, title string, a lifecycle.SubscriptionAction, reason string) (*db.Subscription, error) {
	to, ok := lifecycle.Next(s.Status, a)
	if !ok {
		return nil, fmt.Errorf("seed: %s cannot follow %s", a, s.Status)
	}
	who, t := p.doer(own, a)
	if a == lifecycle.Approve || a == lifecycle.Resume {
		reason = "" // it is only for what is refused or suspended
	}
	e := subscriptionEvent(t, s, title, became("status", s.Status, to))
	e.Reason = reason
	p.tell(who, e)
	return p.Subscription.UpdateOne(s).SetStatus(to).SetReason(reason).SetDecidedAt(p.now).SetNillableDecidedBy(by(who)).
		SetUpdatedAt(p.now).AddVersion(1).Save(ctx)
}

// doer returns who performs an action, and the type of its event.
func (p *player) doer(own owner, a lifecycle.SubscriptionAction) (viewer.Viewer, eventlog.Type) {
	switch a {
	case lifecycle.Approve:
		return p.admin, eventlog.SubscriptionApproved
	case lifecycle.Reject:
		return p.admin, eventlog.SubscriptionRejected
	case lifecycle.Withdraw:
		return own.by, eventlog.SubscriptionWithdrawn
	case lifecycle.Suspend:
		return p.admin, eventlog.SubscriptionSuspended
	case lifecycle.Resume:
		return p.admin, eventlog.SubscriptionResumed
	default:
		return p.admin, eventlog.SubscriptionUnregistered
	}
}

func subscriptionEvent(t eventlog.Type, s *db.Subscription, title string, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.ProductSubscription, SubjectID: s.ID, SubjectName: title, AccountID: &s.AccountID, AppID: &s.AppID, Changes: changes}
}
