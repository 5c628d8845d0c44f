package seed

import (
	"context"
	"fmt"
	"time"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/lifecycle"
)

const (
	// mostKeys and mostRegistrations bound the credentials and subscriptions of
	// an app of the large set.
	mostKeys          = 3
	mostRegistrations = 3
	// slots is how many ids are reserved for each app, its account's included.
	slots = 2 + mostKeys + mostRegistrations
)

// draft is what one transaction of the large set will insert.
type draft struct {
	*load
	at            time.Time
	accounts      []*db.Account
	apps          []*db.App
	keys          []*db.Credential
	subscriptions []*db.Subscription
	told          []eventlog.Entry
}

// app adds an app by its number, counted from 0, with everything that belongs to
// it. The apps before end are created a microsecond after one another, the last
// one at the time of the transaction.
func (d *draft) app(n, end int) error {
	at := d.at.Add(-time.Duration(end-1-n) * time.Microsecond)
	ids := &series{from: largeFrom, n: int64(n) * slots}
	own := ident(largeFrom, int64(n-n%perAccount)*slots)
	if n%perAccount == 0 {
		a := &db.Account{ID: own, OrganizationID: d.org.ID, Name: fmt.Sprintf("Load %04d", n/perAccount+1), CreatedAt: at}
		d.accounts = append(d.accounts, a)
		d.told = append(d.told, accountEvent(eventlog.AccountCreated, a, change.Attributes("name", a.Name)))
	}
	a := &db.App{ID: ids.next(), OrganizationID: d.org.ID, AccountID: own, ReferenceID: named("large app", int64(n)),
		Name: fmt.Sprintf("Load app %06d", n+1), CreatedAt: at}
	d.apps = append(d.apps, a)
	d.told = append(d.told, appCreated(a))
	for i := range 1 + n%mostKeys {
		if err := d.key(a, i, ids); err != nil {
			return err
		}
	}
	for i := range min(1+n/mostKeys%mostRegistrations, len(d.offers)) {
		d.subscription(a, d.offers[(n+i)%len(d.offers)], ids)
	}
	return nil
}

// key adds the i-th credential of an app. All are active.
func (d *draft) key(a *db.App, i int, ids *series) error {
	id := ids.next()
	k := &db.Credential{ID: id, OrganizationID: a.OrganizationID, AccountID: a.AccountID, AppID: &a.ID,
		Environment: []domain.Environment{domain.Development, domain.Staging, domain.Production}[i],
		Username:    named("large key", ids.n), PepperID: d.minter.pepperID, CreatedAt: a.CreatedAt}
	s, err := d.minter.secret(k.Username)
	if err != nil {
		return err
	}
	k.SecretHash, k.SecretHint, k.RawKeyHint, k.Access = &s.hash, s.hint, s.rawHint, domain.AccessAll
	d.keys = append(d.keys, k)
	d.told = append(d.told, keyCreated(k))
	return nil
}

// subscription adds a subscription that was approved at once.
func (d *draft) subscription(a *db.App, o automaticOffer, ids *series) {
	s := &db.Subscription{ID: ids.next(), OrganizationID: a.OrganizationID, AccountID: a.AccountID, AppID: a.ID,
		ProductID: o.product.ID, PlanID: o.plan.ID, Status: lifecycle.Initial(true), CreatedAt: a.CreatedAt}
	d.subscriptions = append(d.subscriptions, s)
	d.told = append(d.told, registered(s, o.product, o.plan))
}

// insert writes the rows with one statement for each table.
func (d *draft) insert(ctx context.Context, tx *db.Tx) error {
	err := tx.Account.MapCreateBulk(d.accounts, func(c *db.AccountCreate, i int) {
		a := d.accounts[i]
		c.SetID(a.ID).SetOrganizationID(a.OrganizationID).SetName(a.Name).SetNameFolded(domain.Fold(a.Name)).
			SetCreatedAt(a.CreatedAt).SetUpdatedAt(a.CreatedAt)
	}).Exec(ctx)
	if err != nil {
		return err
	}
	err = tx.App.MapCreateBulk(d.apps, func(c *db.AppCreate, i int) {
		a := d.apps[i]
		c.SetID(a.ID).SetOrganizationID(a.OrganizationID).SetAccountID(a.AccountID).SetReferenceID(a.ReferenceID).
			SetName(a.Name).SetNameFolded(domain.Fold(a.Name)).SetCreatedAt(a.CreatedAt).SetUpdatedAt(a.CreatedAt)
	}).Exec(ctx)
	if err != nil {
		return err
	}
	err = tx.Credential.MapCreateBulk(d.keys, func(c *db.CredentialCreate, i int) {
		k := d.keys[i]
		c.SetID(k.ID).SetOrganizationID(k.OrganizationID).SetAccountID(k.AccountID).SetNillableAppID(k.AppID).
			SetEnvironment(k.Environment).SetUsername(k.Username).SetPepperID(k.PepperID).SetSecretHash(*k.SecretHash).
			SetSecretHint(k.SecretHint).SetRawKeyHint(k.RawKeyHint).SetCreatedAt(k.CreatedAt).SetUpdatedAt(k.CreatedAt)
	}).Exec(ctx)
	if err != nil {
		return err
	}
	return tx.Subscription.MapCreateBulk(d.subscriptions, func(c *db.SubscriptionCreate, i int) {
		s := d.subscriptions[i]
		c.SetID(s.ID).SetOrganizationID(s.OrganizationID).SetAccountID(s.AccountID).SetAppID(s.AppID).
			SetProductID(s.ProductID).SetPlanID(s.PlanID).SetStatus(s.Status).SetDecidedAt(s.CreatedAt).
			SetCreatedAt(s.CreatedAt).SetUpdatedAt(s.CreatedAt)
	}).Exec(ctx)
}
