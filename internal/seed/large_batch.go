package seed

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/identity"
	"portico/internal/lifecycle"
)

const (
	// mostCredentials and mostSubscriptions bound the credentials and subscriptions of an
	// app of the large set.
	mostCredentials   = 3
	mostSubscriptions = 3
	// slots is how many ids are reserved for each app, its account's included: the
	// account's, the app's, the credentials', the subscriptions'.
	slots = 2 + mostCredentials + mostSubscriptions
	// keyPrefix is the prefix of raw keys: the default of organizations.
	keyPrefix = "ptk"
)

// slot returns the id in the nth slot of an app of the large set, which is given
// by its number, counted from 0.
func slot(app, n int) uuid.UUID { return ident(largeFrom, int64(app*slots+n)) }

// create creates the apps first to end in one transaction.
func (l *load) create(ctx context.Context, first, end int) error {
	b, err := change.Write(ctx, l.changes, func(ctx context.Context, tx *change.Tx) (*batch, error) {
		if err := l.lockOrganizations(ctx, tx.Tx); err != nil {
			return nil, err
		}
		if err := checkAlone(ctx, tx.Organization); err != nil {
			return nil, err
		}
		tx.Enter(l.org.ID)
		b := &batch{load: l, tx: tx}
		for n := first; n < end; n++ {
			// A microsecond after the one before, the last one at the time of the transaction.
			if err := b.add(n, tx.Now.Add(-time.Duration(end-1-n)*time.Microsecond)); err != nil {
				return nil, err
			}
		}
		return b, b.insert(ctx)
	})
	if err != nil {
		return err
	}
	for table, n := range map[string]int{
		"accounts": len(b.accounts), "apps": len(b.apps), "credentials": len(b.credentials), "subscriptions": len(b.subscriptions),
	} {
		l.sum.Created[table] += n
		l.sum.Created["events"] += n // each has one
	}
	return nil
}

// batch is what one transaction creates.
type batch struct {
	*load
	tx            *change.Tx
	accounts      []*db.AccountCreate
	apps          []*db.AppCreate
	credentials   []*db.CredentialCreate
	subscriptions []*db.SubscriptionCreate
}

// add adds the app with a number, which is created at a time: with its account if
// it is the first of it, with credentials, which are active, and with
// subscriptions, which are approved at once.
func (b *batch) add(n int, at time.Time) error {
	account := &db.Account{ID: slot(n-n%perAccount, 0), OrganizationID: b.org.ID}
	app := &db.App{ID: slot(n, 1), OrganizationID: b.org.ID, AccountID: account.ID}
	if n%perAccount == 0 {
		name := fmt.Sprintf("Load %04d", n/perAccount+1)
		b.accounts = append(b.accounts, identity.FillAccount(b.tx.Account.Create(), b.org.ID, name, at).SetID(account.ID))
	}
	b.apps = append(b.apps, apps.FillApp(b.tx.App.Create(), account, fmt.Sprintf("Load app %06d", n+1), at).
		SetID(app.ID).SetReferenceID(named("large app", int64(n))))
	credentials := 1 + n%mostCredentials
	for i := range credentials {
		secret, err := apikey.MintFor(keyPrefix, named("large key", int64(n*slots+2+i)))
		if err != nil {
			return err
		}
		environment := [mostCredentials]access.Environment{access.Development, access.Staging, access.Production}[i]
		b.credentials = append(b.credentials, apps.FillCredential(b.tx.Credential.Create(), apps.OwnedByApp(app), secret, b.Secrets, at).
			SetID(slot(n, 2+i)).SetEnvironment(environment))
	}
	for i := range min(1+n/mostCredentials%mostSubscriptions, len(b.offers)) {
		plan := b.offers[(n+i)%len(b.offers)].plan
		b.subscriptions = append(b.subscriptions, apps.FillSubscription(b.tx.Subscription.Create(), app, plan, lifecycle.Initial(true), at).
			SetID(slot(n, 2+credentials+i)))
	}
	return nil
}

// insert inserts the rows, with one statement for each table, and records their
// events.
func (b *batch) insert(ctx context.Context) error {
	if err := insert(ctx, b.tx, b.tx.Account.CreateBulk(b.accounts...), identity.AccountCreated); err != nil {
		return err
	}
	if err := insert(ctx, b.tx, b.tx.App.CreateBulk(b.apps...), apps.AppCreated); err != nil {
		return err
	}
	err := insert(ctx, b.tx, b.tx.Credential.CreateBulk(b.credentials...), func(c *db.Credential) eventlog.Entry { return apps.CredentialCreated(c, nil) })
	if err != nil {
		return err
	}
	offers := map[uuid.UUID]automaticOffer{}
	for _, o := range b.offers {
		offers[o.product.ID] = o
	}
	return insert(ctx, b.tx, b.tx.Subscription.CreateBulk(b.subscriptions...), func(s *db.Subscription) eventlog.Entry {
		return apps.SubscriptionRegistered(s, offers[s.ProductID].product, offers[s.ProductID].plan)
	})
}

// insert inserts rows and records an event for each.
func insert[T any](ctx context.Context, tx *change.Tx, rows interface {
	Save(context.Context) ([]T, error)
}, event func(T) eventlog.Entry) error {
	created, err := rows.Save(ctx)
	for _, row := range created {
		tx.Record(event(row))
	}
	return err
}
