package seed

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/apps"
	"portico/internal/input"
	"portico/internal/keyimport"
	"portico/internal/lifecycle"
	"portico/internal/viewer"
)

// app creates an app of an account, its credentials and its subscriptions.
func (a *author) app(admin, owner context.Context, of *db.Account, x app) error {
	x.AccountID, x.ReferenceID, x.GenerateKey = new(of.GlobalID()), new(named("app", a.ids.n+1).String()), new(false)
	created, err := a.Apps.CreateApp(owner, x.CreateAppInput)
	if err != nil {
		return err
	}
	var credentials []usedCredential
	for i, c := range x.Credentials {
		if i > 0 { // the first comes with the app
			a.step()
		}
		one, err := a.credential(admin, owner, apps.GenerateKeyInput{AppID: new(created.App.GlobalID())}, c)
		if err != nil {
			return err
		}
		credentials = append(credentials, usedCredential{one, c.Only})
	}
	if err := a.importKeys(owner, created.App, x.Imported); err != nil {
		return err
	}
	var subscriptions []subscribed // the newest to each product
	for _, s := range x.Subscriptions {
		a.step()
		one, err := a.subscription(admin, owner, created.App, s)
		if err != nil {
			return err
		}
		subscriptions = append(slices.DeleteFunc(subscriptions, func(s subscribed) bool { return s.offer == one.offer }), one)
	}
	for _, r := range x.Requests {
		a.step()
		if err := a.keyRequest(admin, owner, created.App, r); err != nil {
			return err
		}
	}
	a.streams = append(a.streams, a.streamsOf(x.Calls, credentials, subscriptions)...)
	if x.Deleted == "" {
		return nil
	}
	a.step()
	_, err = a.Apps.DeleteApp(owner, created.App.GlobalID(), &x.Deleted)
	return err
}

// recent lets developers make further apps, when everything else is there: none of them
// changes another id. What becomes of them is too recent to be over, such as that a deleted
// one can be restored.
func (a *author) recent(ctx context.Context, accounts []account) error {
	a.clock.Advance(a.Clock.Now().Add(-sinceRecent).Sub(a.clock.Now()))
	for _, x := range accounts {
		if len(x.Recent) == 0 {
			continue
		}
		of := a.accounts[x.Name]
		u, err := a.tx.User.Query().Where(user.EmailFolded(address.ParseEmail(x.Developer.Email))).Only(viewer.AsSystem(ctx, a.org.ID))
		if err != nil {
			return err
		}
		for _, one := range x.Recent {
			a.step()
			if err := a.app(ctx, a.as(ctx, u, of), of, one); err != nil {
				return err
			}
		}
	}
	return nil
}

// importKeys brings in keys of an app that another portal made.
func (a *author) importKeys(ctx context.Context, of *db.App, all []importedKey) error {
	if len(all) == 0 {
		return nil
	}
	a.step()
	now := a.clock.Now()
	var file bytes.Buffer
	for _, k := range all {
		digest := sha256.Sum256([]byte(rand.Text()))
		line := map[string]any{"app": of.ReferenceID, "sha256": hex.EncodeToString(digest[:]), "name": k.Name, "environment": k.Environment, "createdAt": now.AddDate(0, 0, -k.DaysAgo)}
		if err := json.MarshalWrite(&file, line); err != nil {
			return err
		}
		file.WriteByte('\n')
	}
	refused := func(r keyimport.Refusal) error { return fmt.Errorf("seed: line %d: %s %s", r.Line, r.Field, r.Message) }
	_, err := a.Imports.Import(ctx, keyimport.Options{Organization: of.OrganizationID, Refused: refused}, keyimport.NewReader(&file, "", now))
	return err
}

// credential creates a credential of the app or account that the input names, and does
// what happens to it later. It returns the one that has taken its place, if one has.
func (a *author) credential(admin, owner context.Context, in apps.GenerateKeyInput, x credential) (*db.Credential, error) {
	in.Name, in.Environment, in.Labels = x.Name, x.Environment, x.Labels
	if x.Expired {
		in.ExpiresAt = new(a.clock.Now().Add(pace))
	} else if x.Days > 0 {
		in.ExpiresAt = new(a.clock.Now().Add(time.Duration(x.Days) * 24 * time.Hour))
	}
	var err error
	if in.AccessControlList, err = findIDs(a.offers, "product", x.Only); err != nil {
		return nil, err
	}
	created, err := a.Apps.GenerateKey(owner, in)
	row := created.Credential
	for _, action := range x.Actions {
		if err != nil {
			break
		}
		a.step()
		row, err = a.actOnCredential(admin, owner, row.GlobalID(), action, x)
	}
	if err == nil && x.Rotated {
		a.step()
		var rotated apps.RotatedCredential
		rotated, err = a.Apps.RotateKey(owner, apps.RotateKeyInput{CredentialID: row.GlobalID(), OverlapMinutes: new(int(lifecycle.MaxOverlap / time.Minute)), Reason: x.Note})
		row = rotated.Credential
	}
	if err == nil && x.Expired {
		a.step()
		_, err = a.Maintenance.RecordExpiries(owner)
	}
	return row, err
}

// actOnCredential applies an action to a credential.
func (a *author) actOnCredential(admin, owner context.Context, id string, action lifecycle.CredentialAction, x credential) (*db.Credential, error) {
	switch action {
	case lifecycle.Update:
		return a.Apps.UpdateKey(owner, apps.UpdateKeyInput{CredentialID: id,
			AllowedAddresses: input.SetTo(x.AllowedAddresses), RateLimit: input.Patch[access.RateLimit]{Set: true, Value: x.RateLimit}})
	case lifecycle.Disable:
		if x.Paused {
			return a.Apps.DisableKey(owner, id, x.Note)
		}
		return a.Apps.DisableKey(admin, id, x.Note)
	case lifecycle.Revoke:
		return a.Apps.RevokeKey(owner, id, x.Reason, x.Note)
	}
	return nil, fmt.Errorf("seed: nobody does %s", action)
}

// subscription registers an app with a product, and does with the subscription
// what happens to it later.
func (a *author) subscription(admin, owner context.Context, app *db.App, x subscription) (out subscribed, err error) {
	if out.offer, err = find(a.offers, "product", x.Product); err != nil {
		return out, err
	}
	if out.plan, err = find(out.offer.plans, "plan", x.Plan); err != nil {
		return out, err
	}
	endpoints, err := findIDs(out.offer.endpoints, "endpoint", x.Endpoints)
	if err != nil {
		return out, err
	}
	created, err := a.Apps.Register(owner, apps.RegisterInput{
		AppID: app.GlobalID(), ProductID: out.offer.GlobalID(), PlanID: new(out.plan.GlobalID()), EndpointIDs: endpoints, Answers: x.Answers,
		AcceptedTermsVersion: out.offer.accepted(owner)})
	out.Subscription = created.Subscription
	for _, action := range x.Actions {
		if err != nil {
			break
		}
		a.step()
		if action == lifecycle.ChangePlan {
			out.Subscription, err = a.changePlan(owner, out, x)
			continue
		}
		out.Subscription, err = a.actOnSubscription(admin, owner, out.GlobalID(), action, x.Reason)
	}
	return out, err
}

// changePlan asks for another plan, which the subscription does not get yet.
func (a *author) changePlan(owner context.Context, s subscribed, x subscription) (*db.Subscription, error) {
	to, err := find(s.offer.plans, "plan", x.To)
	if err != nil {
		return nil, err
	}
	return a.Apps.ChangePlan(owner, apps.ChangePlanInput{SubscriptionID: s.GlobalID(), PlanID: to.GlobalID(), When: x.When, Reason: x.Reason})
}

// actOnSubscription applies an action to a subscription. The reason is only for what is
// refused, suspended or ended.
func (a *author) actOnSubscription(admin, owner context.Context, id string, action lifecycle.SubscriptionAction, reason *string) (*db.Subscription, error) {
	switch action {
	case lifecycle.Approve:
		return a.Apps.Approve(admin, id, nil)
	case lifecycle.Reject:
		return a.Apps.Reject(admin, id, input.OrZero(reason))
	case lifecycle.Withdraw:
		return a.Apps.Withdraw(owner, id, reason)
	case lifecycle.Suspend:
		return a.Apps.Suspend(admin, id, reason)
	case lifecycle.Resume:
		return a.Apps.Resume(admin, id, nil)
	case lifecycle.Unregister:
		return a.Apps.Unregister(admin, id, reason)
	}
	return nil, fmt.Errorf("seed: nobody does %s", action)
}
