package apps_test

import (
	"time"

	"pgregory.net/rapid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/nodeid"
)

// stepApp makes, deletes or restores an app, or makes a key for it.
func (w *life) stepApp(r *rapid.T, by person, a *lifeApp) {
	switch rapid.SampledFrom([]string{"create", "delete", "restore", "generate", "generate"}).Draw(r, "command") {
	case "create":
		if !by.staff && len(w.apps) < 4 {
			w.createApp(by)
		}
	case "delete":
		w.deleteApp(by, a)
	case "restore":
		w.restoreApp(by, a)
	case "generate":
		w.generateKey(by, a, rapid.Bool().Draw(r, "production"))
	}
}

func (w *life) deleteApp(by person, a *lifeApp) {
	_, err := w.Portal.Apps.DeleteApp(by.ctx, a.id, nil)
	if !w.expect(by, "delete an app", err, either(missing(by, a, !a.deleted)), 1) {
		return
	}
	a.deleted = true
	w.endOffer(a.offer)
	for _, k := range a.keys {
		w.revoked(k)
	}
	for _, s := range a.newest {
		if s != nil && (s.status == access.SubscriptionWaiting || s.status == access.SubscriptionApproved) {
			s.status, s.pending = access.SubscriptionEnded, nil
			w.events++
		}
	}
}

func (w *life) restoreApp(by person, a *lifeApp) {
	made, err := w.Portal.Apps.RestoreApp(by.ctx, a.id, nil)
	if w.expect(by, "restore an app", err, either(when(!by.staff, "FORBIDDEN"), when(!a.deleted, "NOT_FOUND")), 2) {
		a.deleted = false
		w.addKey(a, made.Credential, false)
	}
}

func (w *life) generateKey(by person, a *lifeApp, production bool) {
	in := apps.GenerateKeyInput{AppID: &a.id}
	if production {
		in.Environment = new(access.Production)
	}
	made, err := w.Portal.Apps.GenerateKey(by.ctx, in)
	if w.expect(by, "generate a key", err, either(missing(by, a, !a.deleted), forbidden(by, production)), 1) {
		w.addKey(a, made.Credential, production)
	}
}

// forbidden returns the outcome for who may not make or enable keys for production.
func forbidden(by person, production bool) string {
	return when(production && !by.staff && !by.owner, "FORBIDDEN")
}

// revoked notes that a key that was not is revoked.
func (w *life) revoked(k *lifeKey) {
	if k.status != access.CredentialRevoked {
		k.status, k.byOwner = access.CredentialRevoked, false
		w.events++
	}
}

// stepKey rotates, revokes, disables or enables a key.
func (w *life) stepKey(r *rapid.T, by person, k *lifeKey) {
	switch rapid.SampledFrom([]string{"rotate", "revoke", "disable", "enable", "disable", "enable"}).Draw(r, "command") {
	case "rotate":
		w.rotateKey(by, k, rapid.IntRange(0, 60).Draw(r, "overlap"))
	case "revoke":
		_, err := w.Portal.Apps.RevokeKey(by.ctx, keyID(k), nil, nil)
		if w.expect(by, "revoke a key", err, either(missing(by, k.app, !k.app.deleted)), 0) {
			w.revoked(k)
		}
	case "disable":
		w.disableKey(by, k)
	case "enable":
		w.enableKey(by, k)
	}
}

func keyID(k *lifeKey) string { return nodeid.Encode(nodeid.Credential, k.id) }

// ended returns the outcome for a key that is over.
func (w *life) ended(k *lifeKey) string {
	switch k.at(w.Clock.Now()) {
	case access.CredentialRevoked:
		return "KEY_REVOKED"
	case access.CredentialExpired:
		return "KEY_EXPIRED"
	}
	return ""
}

func (w *life) rotateKey(by person, k *lifeKey, overlap int) {
	now := w.Clock.Now()
	end := now.Add(time.Duration(overlap) * time.Minute)
	made, err := w.Portal.Apps.RotateKey(by.ctx, apps.RotateKeyInput{CredentialID: keyID(k), OverlapMinutes: &overlap})
	want := either(missing(by, k.app, !k.app.deleted), w.ended(k), when(k.status == access.CredentialDisabled, "WRONG_STATUS"),
		when(k.successor != nil && k.successor.status != access.CredentialRevoked, "WRONG_STATUS"),
		forbidden(by, k.production), when(k.expires != nil && end.After(*k.expires), "TOO_FAR"))
	if w.expect(by, "rotate a key", err, want, 2) {
		k.successor, k.expires = w.addKey(k.app, made.Credential, k.production), &end
	}
}

// disableKey: what its owner has disabled, staff disable anew.
func (w *life) disableKey(by person, k *lifeKey) {
	_, err := w.Portal.Apps.DisableKey(by.ctx, keyID(k), nil)
	is := k.at(w.Clock.Now())
	changes := is == access.CredentialActive || is == access.CredentialDisabled && k.byOwner && by.staff
	events := 0
	if changes {
		events = 1
	}
	if w.expect(by, "disable a key", err, either(missing(by, k.app, !k.app.deleted), w.ended(k)), events) && changes {
		k.status, k.byOwner = access.CredentialDisabled, !by.staff
	}
}

// enableKey: what staff have disabled, its owner does not enable.
func (w *life) enableKey(by person, k *lifeKey) {
	_, err := w.Portal.Apps.EnableKey(by.ctx, keyID(k), nil)
	changes := k.at(w.Clock.Now()) == access.CredentialDisabled
	events := 0
	if changes {
		events = 1
	}
	want := either(missing(by, k.app, !k.app.deleted), w.ended(k), when(changes && !k.byOwner && !by.staff, "WRONG_STATUS"),
		when(changes, forbidden(by, k.production)))
	if w.expect(by, "enable a key", err, want, events) && changes {
		k.status, k.byOwner = access.CredentialActive, false
	}
}

// register: who is suspended for a product waits, also where approval is automatic.
func (w *life) register(by person, a *lifeApp, product int) {
	made, err := w.Portal.Apps.Register(by.ctx, apps.RegisterInput{AppID: a.id, ProductID: w.products[product].GlobalID(), PlanID: new(w.plans[product][0].GlobalID())})
	before := a.newest[product]
	if !w.expect(by, "register", err, either(missing(by, a, !a.deleted), when(before != nil && before.status.Live(), "ALREADY_REGISTERED")), 1) {
		return
	}
	s := &lifeSubscription{id: made.Subscription.ID, app: a, product: product, status: access.SubscriptionApproved, asked: w.Clock.Now()}
	if product == 0 || w.suspended(a.account, product) {
		s.status = access.SubscriptionWaiting
	}
	a.newest[product], w.all = s, append(w.all, s)
}

// suspended reports whether an account has a suspended subscription to a product, be
// its app deleted or not.
func (w *life) suspended(account, product int) bool {
	for _, s := range w.all {
		if s.app.account == account && s.product == product && s.status == access.SubscriptionSuspended {
			return true
		}
	}
	return false
}

// step is one of the decisions about a subscription: where it leads from each state, and
// who may take it.
type step struct {
	name   string
	from   map[access.SubscriptionStatus]access.SubscriptionStatus
	may    func(person) bool
	decide func(w *life, by person, id string) (*db.Subscription, error)
}

func steps() []step {
	staff := func(p person) bool { return p.staff }
	type leads = map[access.SubscriptionStatus]access.SubscriptionStatus
	const waiting, approved, suspended, ended = access.SubscriptionWaiting, access.SubscriptionApproved, access.SubscriptionSuspended, access.SubscriptionEnded
	return []step{
		{"approve", leads{waiting: approved}, staff, func(w *life, by person, id string) (*db.Subscription, error) {
			return w.Portal.Apps.Approve(by.ctx, id, nil)
		}},
		{"reject", leads{waiting: access.SubscriptionRejected}, staff, func(w *life, by person, id string) (*db.Subscription, error) {
			return w.Portal.Apps.Reject(by.ctx, id, "No.")
		}},
		{"withdraw", leads{waiting: ended}, func(p person) bool { return !p.staff }, func(w *life, by person, id string) (*db.Subscription, error) {
			return w.Portal.Apps.Withdraw(by.ctx, id, nil)
		}},
		{"suspend", leads{approved: suspended}, staff, func(w *life, by person, id string) (*db.Subscription, error) {
			return w.Portal.Apps.Suspend(by.ctx, id, nil)
		}},
		{"resume", leads{suspended: approved}, staff, func(w *life, by person, id string) (*db.Subscription, error) {
			return w.Portal.Apps.Resume(by.ctx, id, nil)
		}},
		{"unregister", leads{waiting: ended, approved: ended, suspended: ended}, func(person) bool { return true }, func(w *life, by person, id string) (*db.Subscription, error) {
			return w.Portal.Apps.Unregister(by.ctx, id, nil)
		}},
	}
}

// stepSubscription decides about a subscription. Of a deleted app only a suspended one is
// left, to staff; resuming it ends it, which are two changes.
func (w *life) stepSubscription(r *rapid.T, by person, s *lifeSubscription) {
	c := rapid.SampledFrom(steps()).Draw(r, "command")
	there := !s.app.deleted || by.staff && s.status == access.SubscriptionSuspended
	to, possible := c.from[s.status]
	refused := when(c.name == "unregister" && !by.staff && s.status == access.SubscriptionApproved, "FORBIDDEN")
	state := when(!possible || !by.staff && s.status == access.SubscriptionSuspended, "WRONG_STATUS")
	_, err := c.decide(w, by, nodeid.Encode(nodeid.ProductSubscription, s.id))
	if !w.expect(by, c.name, err, either(missing(by, s.app, there), when(!c.may(by), "FORBIDDEN"), state, refused), 1) {
		return
	}
	s.status, s.pending = to, nil
	if s.app.deleted && to.Live() {
		s.status = access.SubscriptionEnded
		w.events++
	}
}
