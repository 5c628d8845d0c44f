package seed

import (
	"context"
	"fmt"
	"slices"

	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/input"
	"portico/internal/lifecycle"
)

// app creates an app of an account, its credentials and its subscriptions.
func (a *author) app(admin, owner context.Context, of *db.Account, x app) error {
	created, err := a.Apps.CreateApp(owner, apps.CreateAppInput{Name: x.name, Description: &x.description, Labels: x.labels,
		AccountID: new(of.GlobalID()), ReferenceID: new(named("app", a.ids.n+1).String()), GenerateKey: new(false)})
	if err != nil {
		return err
	}
	c := caller{account: of.ID, app: created.App.ID, calls: x.calls}
	for i, k := range x.credentials {
		if i > 0 { // the first comes with the app
			a.step()
		}
		one, err := a.credential(admin, owner, apps.GenerateKeyInput{AppID: new(created.App.GlobalID())}, k)
		if err != nil {
			return err
		}
		c.credentials = append(c.credentials, usedCredential{one, k.only})
	}
	for _, s := range x.subscriptions {
		a.step()
		one, err := a.subscription(admin, owner, created.App, s)
		if err != nil {
			return err
		}
		c.subscriptions = append(slices.DeleteFunc(c.subscriptions, func(s subscribed) bool { return s.ProductID == one.ProductID }), one)
	}
	a.callers = append(a.callers, c)
	return nil
}

// credential creates a credential of the app or account that the input names, and does
// what happens to it later.
func (a *author) credential(admin, owner context.Context, in apps.GenerateKeyInput, k credential) (*db.Credential, error) {
	in.Name, in.Environment = &k.name, given(k.environment)
	if k.expired {
		in.ExpiresAt = new(a.clock.Now().Add(pace))
	} else if k.life > 0 {
		in.ExpiresAt = new(a.clock.Now().Add(k.life))
	}
	for _, name := range k.only {
		o, err := a.offer(name)
		if err != nil {
			return nil, err
		}
		in.AccessControlList = append(in.AccessControlList, o.GlobalID())
	}
	created, err := a.Apps.GenerateKey(owner, in)
	if err != nil {
		return nil, err
	}
	return a.afterwards(admin, owner, created.Credential, k)
}

// afterwards does with a new credential what happens to it later.
func (a *author) afterwards(admin, owner context.Context, created *db.Credential, k credential) (_ *db.Credential, err error) {
	id := created.GlobalID()
	if k.addresses != nil {
		a.step()
		created, err = a.Apps.UpdateKey(owner, apps.UpdateKeyInput{CredentialID: id, AllowedAddresses: input.SetTo(k.addresses), RateLimit: input.SetTo(*k.rate)})
		if err != nil {
			return nil, err
		}
	}
	for _, action := range k.actions {
		a.step()
		switch action {
		case lifecycle.Disable:
			created, err = a.Apps.DisableKey(admin, id, given(k.note))
		case lifecycle.Revoke:
			created, err = a.Apps.RevokeKey(owner, id, &k.reason, given(k.note))
		default:
			err = fmt.Errorf("seed: nobody does %s", action)
		}
		if err != nil {
			return nil, err
		}
	}
	if k.expired {
		a.step()
		_, err = a.Maintenance.RecordExpiries(owner)
	}
	return created, err
}

// subscription registers an app with a product, and does with the subscription
// what happens to it later.
func (a *author) subscription(admin, owner context.Context, app *db.App, x subscription) (out subscribed, err error) {
	if out.offer, err = a.offer(x.product); err != nil {
		return out, err
	}
	if out.plan = out.offer.plan(x.plan); out.plan == nil {
		return out, fmt.Errorf("seed: there is no plan %q of the product %q", x.plan, x.product)
	}
	endpoints, err := out.offer.endpointIDs(x.endpoints)
	if err != nil {
		return out, err
	}
	created, err := a.Apps.Register(owner, apps.RegisterInput{
		AppID: app.GlobalID(), ProductID: out.offer.GlobalID(), PlanID: new(out.plan.GlobalID()), EndpointIDs: endpoints})
	out.Subscription = created.Subscription
	for _, action := range x.actions {
		if err != nil {
			break
		}
		a.step()
		out.Subscription, err = a.act(admin, owner, out.GlobalID(), action, x.reason)
	}
	return out, err
}

// act applies an action to a subscription. The reason is only for what is
// refused, suspended or ended.
func (a *author) act(admin, owner context.Context, id string, action lifecycle.SubscriptionAction, reason string) (*db.Subscription, error) {
	switch action {
	case lifecycle.Approve:
		return a.Apps.Approve(admin, id, nil)
	case lifecycle.Reject:
		return a.Apps.Reject(admin, id, reason)
	case lifecycle.Withdraw:
		return a.Apps.Withdraw(owner, id, given(reason))
	case lifecycle.Suspend:
		return a.Apps.Suspend(admin, id, given(reason))
	case lifecycle.Resume:
		return a.Apps.Resume(admin, id, nil)
	case lifecycle.Unregister:
		return a.Apps.Unregister(admin, id, given(reason))
	}
	return nil, fmt.Errorf("seed: nobody does %s", action)
}
